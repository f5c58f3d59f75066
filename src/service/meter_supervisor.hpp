// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// The meters of a daemon and their threads. A meter that cannot be opened, or that fails, is closed
// and opened again after a delay; the others go on (docs/decisions/0306-supervised-meters.md). It
// continues from the cursors that it has committed, as after a restart of the daemon, so that its
// kind records the loss of the time between.

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "host/clock.hpp"
#include "meter/meter.hpp"
#include "service/attribution.hpp"
#include "service/commit_queue.hpp"
#include "service/counter_board.hpp"
#include "service/meter_worker.hpp"

namespace octroi {

struct DaemonMeter {
    MeterName name;
    std::unique_ptr<Meter> meter;  // null: it could not be opened
    // Opens the meter from the cursors that it has committed, with the tables of this moment.
    // Called on the committing thread. Empty: a failure of the meter ends the run.
    std::function<Result<std::unique_ptr<Meter>>(const AttributionTables& tables)> open = {};
    std::optional<Error> error = {};  // why `meter` is null
};

// How long to wait before the next attempt: after a failure, and after each attempt that failed
// twice as long as before. A meter that has run for the longest delay begins with the first one.
inline constexpr Duration first_open_delay = Duration::seconds(1);
inline constexpr Duration longest_open_delay = Duration::seconds(60);

// All calls come from the committing thread.
class MeterSupervisor {
public:
    // Queue, board and clock must outlive it. The meters have their numbers by their place.
    MeterSupervisor(std::vector<DaemonMeter> meters, CommitQueue& queue, CounterBoard& board,
                    const Clock& clock);

    // Begins the board, and the threads of the meters that are open.
    void start(const AttributionTables& tables);
    // Closes meters that have failed when their last batch is committed, and opens those that are
    // due with these tables. To be called a few times a second. Opening may take some seconds
    // (kernel programs, commands).
    void step(const AttributionTables& tables);
    // The meters make their last batch and end; none is opened any more.
    void request_stop();
    // Every meter has ended, its last batch is committed, and none will be opened again.
    [[nodiscard]] bool is_over() const;
    // Why the run ends, or has failed: the error of a meter that is not opened again, or where no
    // meter has run at all the error of the first one.
    [[nodiscard]] std::optional<Error> error() const;
    // Joins the threads and destroys the meters. No call may follow.
    void end();

private:
    struct Slot {
        DaemonMeter meter;
        std::unique_ptr<MeterWorker> worker;  // null: the meter is closed
        std::jthread thread;
        std::string failure;  // the last one; empty: the meter runs
        Duration delay = first_open_delay;
        Duration since;  // uptime when it began to run, or failed
        Duration retry_at;
        bool has_run = false;
    };

    void run(std::size_t number, const AttributionTables& tables);
    void close(std::size_t number, const Error& why);
    void try_open(std::size_t number, const AttributionTables& tables);
    void note_failure(std::size_t number, const Error& why);
    // Whether the meter is opened again after a failure.
    [[nodiscard]] bool is_retried(const Slot& slot) const { return !stopping_ && slot.meter.open; }

    std::vector<Slot> slots_;
    CommitQueue& queue_;
    CounterBoard& board_;
    const Clock& clock_;
    bool stopping_ = false;
};

}  // namespace octroi
