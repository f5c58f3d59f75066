// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// The counters of the meters of this folder. docs/counters.md is made from this table.

#include <array>
#include <vector>

#include "meter/log/followed_log.hpp"
#include "meter/log/line_decoder.hpp"
#include "meter/log/log_readings.hpp"
#include "record/counter.hpp"

namespace octroi::logs {

inline constexpr std::array<CounterInfo, 18> log_counters = {{
    {"log_lines_total", "Lines that were read."},
    {"log_read_bytes_total", "Octets of these lines, decompressed."},
    {"log_entries_total", "Lines that report traffic."},
    {"log_other_lines_total", "Lines that report something else."},
    {"log_bad_lines_total", "Lines that cannot be read: a loss."},
    {"log_long_lines_total", "Lines longer than the limit; they are bad lines too."},
    {"log_other_layer_total",
     "Entries of another layer than the meter (application data, IP packets): left out."},
    {"log_implausible_total",
     "Entries with more bytes than the limits of the meter: @excluded/implausible."},
    {"log_implausible_bytes_total", "The bytes of these entries."},
    {"log_refused_names_total",
     "Names that no identity can have, or beyond the limit for names that clients chose: the next "
     "name of the entry is used."},
    {"log_no_user_needed_total",
     "Entries without a user of clients that need none (no_user_needed)."},
    {"log_evicted_total", "Sessions and mails that a format dropped because there are too many."},
    {"log_followed", "Logs that are followed."},
    {"log_refused", "Logs beyond the limit of a meter: not followed."},
    {"log_unreadable", "Logs that could not be read at the last poll."},
    {"log_rotations_total", "Files that were renamed, or copied and truncated."},
    {"log_lost_files_total", "Files of which the rest was not found: a loss."},
    {"log_lag_bytes", "Octets of the logs that were not read yet."},
}};

struct LogState {
    std::uint64_t followed = 0;
    std::uint64_t refused = 0;
    std::uint64_t unreadable = 0;
    std::uint64_t lag = 0;
};

// In the order of the table. follow: the sum of all logs.
[[nodiscard]] std::vector<CounterValue> values_of(const LineCounts& lines,
                                                  const ReadingCounts& readings,
                                                  const FollowCounts& follow,
                                                  const LogState& state);

}  // namespace octroi::logs
