// SPDX-License-Identifier: GPL-3.0-or-later
#include "service/meter_worker.hpp"

#include <algorithm>

namespace octroi {
namespace {

// How long a stop may wait for a meter without traffic.
constexpr Duration pull_wait = Duration::milliseconds(100);
constexpr Duration first_commit = Duration::seconds(1);
constexpr Duration publish_interval = Duration::seconds(1);

}  // namespace

MeterWorker::MeterWorker(std::size_t number, MeterName name, Meter& meter,
                         const AttributionTables& tables, const Clock& clock, CommitQueue& queue,
                         CounterBoard& board)
    : number_(number),
      queue_(queue),
      board_(board),
      clock_(clock),
      loop_(std::move(name), meter, tables, *this, clock, pull_wait) {}

void MeterWorker::run(const std::stop_token& stop) {
    stop_ = stop;
    const Status outcome = loop_.run();
    board_.publish(number_, loop_.counters());
    board_.on_finished(number_);
    // Last: the daemon may end now, and its last counters must be there.
    queue_.finish(number_, outcome ? std::nullopt : std::optional(outcome.error()));
}

bool MeterWorker::go_on() {
    const Duration now = clock_.uptime();
    board_.on_meter_progress(number_, now);
    if (now >= publish_at_) {
        publish_at_ = now + publish_interval;
        board_.publish(number_, loop_.counters());
    }
    return !stop_.stop_requested();
}

// The first batch comes early: from then on the ledger knows that the meter runs, and the loss of a
// crash has a bound.
std::optional<Duration> MeterWorker::commit_interval() const {
    const Duration interval = queue_.commit_interval();
    return has_put_ ? interval : std::min(interval, first_commit);
}

Status MeterWorker::put(Batch batch) {
    has_put_ = true;
    board_.on_hand_over(number_);
    // False where the daemon has given up: then the stop is requested already.
    static_cast<void>(queue_.put(number_, std::move(batch)));
    return {};
}

}  // namespace octroi
