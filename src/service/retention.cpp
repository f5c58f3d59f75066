// SPDX-License-Identifier: GPL-3.0-or-later
#include "service/retention.hpp"

#include <fmt/format.h>

#include <chrono>

#include "host/log.hpp"

namespace octroi {
namespace {

constexpr Duration first_after = Duration::seconds(10);  // when the daemon has started
constexpr Duration interval = Duration::hours(1);

UtcTime day_before(UtcTime now, Duration keep, const std::function<Interval(UtcTime)>& day_of) {
    return keep.ns == 0 ? UtcTime::min() : day_of(now - keep).begin;
}

}  // namespace

std::function<Interval(UtcTime)> days_in(const Zone& zone) {
    return [zone](UtcTime t) {
        const auto midnight = [&](UtcTime moment) {
            LocalTime local = zone.at(moment);
            local.second_of_day = 0;
            return bucket_start(zone.resolve(local));
        };
        const UtcTime begin = midnight(t);
        // Noon of the next day, whatever the clocks do.
        return Interval{begin, midnight(begin + Duration::hours(36))};
    };
}

Retention retention_of(const LedgerConfig& config, const std::function<Interval(UtcTime)>& day_of,
                       UtcTime now) {
    return {.fine_before = day_before(now, config.keep_fine, day_of),
            .hours_before = day_before(now, config.keep_hours, day_of)};
}

CompactionThread::CompactionThread(Open open, std::function<Retention(UtcTime now)> retention,
                                   const Clock& clock)
    : open_(std::move(open)),
      retention_(std::move(retention)),
      clock_(clock),
      thread_([this] { run(); }) {}

CompactionThread::~CompactionThread() {
    {
        const std::lock_guard lock(mutex_);
        ends_ = true;
    }
    wakes_.notify_all();
    thread_.join();
}

bool CompactionThread::wait(Duration duration) {
    std::unique_lock lock(mutex_);
    return !wakes_.wait_for(lock, std::chrono::nanoseconds(duration.ns), [&] { return ends_; });
}

void CompactionThread::run() {
    for (Duration next = first_after; wait(next); next = interval) compact();
}

void CompactionThread::compact() {
    const UtcTime now = clock_.now();
    const Retention retention = retention_(now);
    if (retention == Retention{}) return;
    const auto ledger = open_();
    // The compactor itself rests between its slices; here it only asks whether to go on.
    const auto done = ledger
                          ? (*ledger)->compact(retention, now,
                                               [&](const CompactionProgress&) { return wait({}); })
                          : Result<CompactionProgress>(std::unexpected(ledger.error()));
    const std::string problem = done ? "" : done.error().text;
    if (!problem.empty() && problem != problem_)
        log_warning(
            fmt::format("old transfers are not compacted: {}. The next attempt is in an "
                        "hour",
                        problem));
    problem_ = problem;
    if (done && done->batches > 0)
        log_info(fmt::format("compacted {} old batches: {} rows became {}", done->batches,
                             done->removed, done->added));
}

}  // namespace octroi
