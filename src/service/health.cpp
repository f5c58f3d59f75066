// SPDX-License-Identifier: GPL-3.0-or-later
#include "service/health.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace octroi {
namespace {

std::string one_line(std::string text) {
    std::ranges::replace_if(text, [](char c) { return static_cast<unsigned char>(c) < 0x20; }, ' ');
    return text;
}

std::string stalled(std::string_view thread, Duration since) {
    constexpr std::int64_t second = 1'000'000'000;
    return fmt::format("{} has made no progress for {} s", thread, since.ns / second);
}

}  // namespace

std::string stalled_reason(const DaemonCounters& daemon, Duration uptime, Duration limit) {
    if (!daemon.has_begun || daemon.has_ended) return "";
    const Duration committing = uptime - daemon.last_progress;
    if (committing > limit) return stalled("the committing thread", committing);
    for (const MeterCounters& meter : daemon.meters) {
        // A meter stops reading when its next batch is large and the one before is not committed:
        // a full disk, which a restart does not help.
        if (meter.is_finished || !meter.failure.empty() || meter.waiting > 0) continue;
        const Duration since = uptime - meter.last_progress;
        if (since > limit) return stalled("meter " + meter.name.name, since);
    }
    return "";
}

Duration stalled_after(const LedgerConfig& config) {
    return Duration::minutes(1) + config.busy_timeout;
}

std::string ready_note(const DaemonCounters& daemon) {
    const std::string& problem = daemon.classes.problem;
    return problem.empty() ? "" : one_line("class table: " + problem);
}

std::string not_ready_reason(const DaemonCounters& daemon) {
    if (!daemon.has_begun) return "the meters are not open yet";
    if (daemon.has_ended) return "the daemon is stopping";
    if (!daemon.commit_error.empty())
        return one_line("the last commit failed: " + daemon.commit_error);
    for (const MeterCounters& meter : daemon.meters)
        if (!meter.failure.empty())
            return one_line(
                fmt::format("meter {} does not run: {}", meter.name.name, meter.failure));
    const bool has_committed = std::ranges::any_of(
        daemon.meters, [](const MeterCounters& meter) { return meter.commits > 0; });
    return has_committed ? "" : "no batch has been committed yet";
}

}  // namespace octroi
