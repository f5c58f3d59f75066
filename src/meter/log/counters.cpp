// SPDX-License-Identifier: GPL-3.0-or-later
#include "meter/log/counters.hpp"

namespace octroi::logs {

std::vector<CounterValue> values_of(const LineCounts& lines, const ReadingCounts& readings,
                                    const FollowCounts& follow, const LogState& state) {
    const std::array<std::uint64_t, log_counters.size()> values = {
        lines.lines,
        follow.octets,
        readings.entries,
        lines.other,
        lines.bad_lines(),
        follow.cut_lines,
        readings.other_layer,
        readings.implausible,
        readings.implausible_bytes,
        readings.refused_names,
        readings.no_user_needed,
        lines.evicted,
        state.followed,
        state.refused,
        state.unreadable,
        follow.rotations,
        follow.losses,
        state.lag,
    };
    std::vector<CounterValue> out;
    for (std::size_t i = 0; i < values.size(); ++i)
        out.push_back({log_counters.at(i).name, values.at(i)});
    return out;
}

}  // namespace octroi::logs
