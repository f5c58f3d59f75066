// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Counters of the daemon itself, beside those of its meters; and all of them as metrics.

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "host/http_server.hpp"
#include "host/process.hpp"
#include "meter/kind.hpp"
#include "record/counter.hpp"
#include "service/counter_board.hpp"
#include "view/openmetrics.hpp"

namespace octroi {

inline constexpr std::array<CounterInfo, 25> daemon_counters = {{
    {"meter_info", "1; its labels say what the meter is.", "meter, kind, role"},
    {"meter_up", "1 while the meter runs; 0 while it cannot be opened, or has failed."},
    {"meter_failures_total", "Times that the meter could not be opened, or failed."},
    {"meter_down_seconds_total", "Time in which the meter did not run because of that."},
    {"commits_total", "Batches committed to the ledger."},
    {"committed_rows_total", "Transfers in these batches."},
    {"committed_bytes_total",
     "Bytes that these batches observed, on the meter's layer. Without `excluded_bytes_total` it "
     "is "
     "the traffic that counts."},
    {"committed_packets_total", "Packets that these batches observed, as `committed_bytes_total`."},
    {"excluded_bytes_total", "The part that counts for nobody: duplicates, non-IP, malformed."},
    {"excluded_packets_total", "The same in packets."},
    {"losses_total", "Losses recorded in the ledger.", "meter, reason"},
    {"lost_packets_total",
     "Packets of these losses where their number is known; of exporters what their protocol "
     "numbers (records, messages, samples), or datagrams, or data sets.",
     "meter, reason"},
    {"last_commit_age_seconds", "Time since the last commit of this meter."},
    {"batches_waiting", "Batches that wait for their commit."},
    {"commit_failures_total", "Commits that failed and were or are tried again.", ""},
    {"reloads_total", "Reloads of the configuration that succeeded.", ""},
    {"reloads_refused_total",
     "Reloads that were refused because the configuration was wrong; the log has the reason.", ""},
    {"config_loaded_time_seconds",
     "When the configuration in force was read, at the start or by a reload, in seconds since 1970 "
     "(UTC).",
     ""},
    {"class_table_refreshes_total", "Looks for a new class table ([class_table]).", ""},
    {"class_table_loads_total", "Of these, that found a table and put it in force.", ""},
    {"class_table_failures_total",
     "Of these, that failed: the table could not be read, was empty, or had errors.", ""},
    {"class_table_held_back",
     "1 while a table is held back because it differs too much: `octroi class accept`.", ""},
    {"class_table_good_time_seconds",
     "When the source of the class table was last found to be good, in seconds since 1970 (UTC).",
     ""},
    {"ledger_bytes", "Size of the ledger's files.", ""},
    {"build_info", "1; its label is the version of the program.", "version"},
}};

inline constexpr std::array<CounterInfo, 3> log_counters = {{
    {"log_messages_total", "Messages written to the log.", "level"},
    {"log_limited_messages_total",
     "Messages that input from outside caused, written or not; docs/operating.md has the kinds.",
     "kind"},
    {"log_suppressed_messages_total", "Of these, not written: too many in a minute.", "kind"},
}};

inline constexpr std::array<CounterInfo, 3> listener_counters = {{
    {"metrics_connections_total", "Connections to the listener of [metrics].", ""},
    {"metrics_requests_total", "Requests answered there.", ""},
    {"metrics_overdue_total", "Connections closed there because a request took too long.", ""},
}};

// Names that Prometheus clients have in common.
inline constexpr std::array<CounterInfo, 4> process_counters = {{
    {"process_start_time_seconds", "When the process began, in seconds since 1970 (UTC).", ""},
    {"process_cpu_seconds_total", "Processor time of all threads, user and system.", ""},
    {"process_resident_memory_bytes", "Memory that is in use and not swapped out.", ""},
    {"process_open_fds", "Open file descriptors.", ""},
}};

// All chapters of docs/counters.md, in its order.
[[nodiscard]] std::vector<CounterChapter> counter_chapters(MeterKinds kinds);

// What the metrics of one moment are made from.
struct MetricsInput {
    DaemonCounters daemon;
    Duration uptime;  // of the same clock as the daemon's times
    std::string version;
    std::optional<std::uint64_t> ledger_octets;
    std::optional<HttpCounts> http;         // none: there is no listener
    std::optional<ProcessFigures> process;  // none: the system does not say
};

// In the order of docs/counters.md. Also reads the counters of the log.
[[nodiscard]] std::vector<MetricFamily> daemon_metrics(const MetricsInput& input, MeterKinds kinds);

}  // namespace octroi
