// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// A meter of the daemon on its own thread: the metering loop, with the queue as its target. About
// once a second it publishes a copy of the meter's counters.

#include <stop_token>

#include "service/commit_queue.hpp"
#include "service/counter_board.hpp"
#include "service/metering_loop.hpp"

namespace octroi {

class MeterWorker final : private BatchTarget {
public:
    // number: of its place in the queue and on the board. Meter, clock, queue and board must
    // outlive it.
    MeterWorker(std::size_t number, MeterName name, Meter& meter, const AttributionTables& tables,
                const Clock& clock, CommitQueue& queue, CounterBoard& board);

    // Until a stop is requested, or the meter ends. The outcome goes to the queue.
    void run(const std::stop_token& stop);

private:
    bool go_on() override;
    [[nodiscard]] std::optional<Duration> commit_interval() const override;
    [[nodiscard]] bool is_ready() const override { return queue_.is_free(number_); }
    Status put(Batch batch) override;
    [[nodiscard]] bool has_new_tables() const override { return queue_.has_new_tables(number_); }
    std::optional<AttributionTables> new_tables() override { return queue_.new_tables(number_); }
    std::optional<SessionsPtr> new_sessions() override {
        return queue_.has_new_sessions(number_) ? queue_.new_sessions(number_) : std::nullopt;
    }

    std::size_t number_;
    CommitQueue& queue_;
    CounterBoard& board_;
    const Clock& clock_;
    std::stop_token stop_;
    Duration publish_at_;  // uptime
    bool has_put_ = false;
    MeteringLoop loop_;
};

}  // namespace octroi
