// SPDX-License-Identifier: GPL-3.0-or-later
#include "service/meter_worker.hpp"

#include <algorithm>

namespace octroi {
namespace {

constexpr Duration pull_wait = Duration::milliseconds(100);
constexpr Duration first_commit = Duration::seconds(1);

}  // namespace

MeterWorker::MeterWorker(std::size_t number, MeterName name, Meter& meter,
                         const AttributionTables& tables, const Clock& clock, CommitQueue& queue)
    : number_(number),
      queue_(queue),
      loop_(std::move(name), meter, tables, *this, clock, pull_wait) {}

void MeterWorker::run(const std::stop_token& stop) {
    stop_ = stop;
    const Status outcome = loop_.run();
    queue_.finish(number_, outcome ? std::nullopt : std::optional(outcome.error()));
}

// The first batch comes early: from then on the ledger knows that the meter runs, and the loss of a
// crash has a bound.
std::optional<Duration> MeterWorker::commit_interval() const {
    const Duration interval = queue_.commit_interval();
    return has_put_ ? interval : std::min(interval, first_commit);
}

Status MeterWorker::put(Batch batch) {
    has_put_ = true;
    // False where the daemon has given up: then the stop is requested already.
    static_cast<void>(queue_.put(number_, std::move(batch)));
    return {};
}

}  // namespace octroi
