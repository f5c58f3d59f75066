// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Several meters into one ledger, as long as is wanted. Each meter has a thread, which reads and
// attributes (MeterWorker); the thread that calls run() commits, and opens meters that have failed
// again (MeterSupervisor). While a batch is committed its
// meter goes on reading, so that a slow or full disk delays commits and loses nothing.

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "host/clock.hpp"
#include "ledger/store.hpp"
#include "service/attribution.hpp"
#include "service/commit_queue.hpp"
#include "service/counter_board.hpp"
#include "service/local_networks.hpp"
#include "service/meter_supervisor.hpp"

namespace octroi {

// The functions are called on the thread of run(), and may be empty.
struct DaemonOptions {
    Duration commit_interval = Duration::seconds(60);
    std::optional<Duration> run_for;       // nullopt: until a stop is requested
    std::function<bool()> stop_requested;  // asked a few times a second
    std::function<void(const Batch&)> committed;
    // The networks of this machine, asked for again and again: an address may come late (DHCP) or
    // change (a provider's new prefix).
    std::function<HostNetworks()> networks;
    // Called between two commits, a few times a second: for requests and reloads.
    std::function<void()> between_commits;
};

class Daemon {
public:
    // Store, attribution, board and clock must outlive it. Counters are published at the board.
    Daemon(std::vector<DaemonMeter> meters, Store& store, AttributionSource& attribution,
           CounterBoard& board, const Clock& clock, DaemonOptions options);

    // Returns when the time is over or a stop was requested, when all meters have ended, when the
    // ledger fails for good, or a meter that is not opened again (DaemonMeter::open); readings
    // until then are committed if that is possible. Where no meter has run, the error of one is
    // returned. A full disk and a busy ledger do not end it: they are logged, and the commit is
    // tried again. Where a directory or class table cannot be read, the old one stays in force.
    // While no batch can be committed memory is bounded: at twice the rows of a large batch a meter
    // stops reading, and packets that its source drops then are recorded as a loss.
    [[nodiscard]] Status run();

    // ---- on the thread of run()

    // The tables of the attribution source are new: each meter makes a batch at once and uses
    // them after it.
    void post_tables() { queue_.post_tables(attribution_.tables()); }
    void set_commit_interval(Duration interval) { queue_.set_commit_interval(interval); }

private:
    [[nodiscard]] Status commit_until_finished();
    [[nodiscard]] bool time_is_up() const;
    [[nodiscard]] Status commit_next();
    [[nodiscard]] Status commit(const CommitQueue::Waiting& waiting);
    [[nodiscard]] Result<CommitOutcome> try_commit(const CommitQueue::Waiting& waiting);
    void post_new_sessions();
    void refresh();

    Store& store_;
    AttributionSource& attribution_;
    CounterBoard& board_;
    const Clock& clock_;
    DaemonOptions options_;
    CommitQueue queue_;
    // Of each worker the last batch from which the events were removed that the ledger has. Its
    // content must not change any more: a commit that has failed may be in the ledger.
    std::vector<std::optional<BatchId>> filtered_;
    MeterSupervisor supervisor_;
    Duration began_;  // times are uptimes
    Duration refreshed_;
    Duration retry_at_;
    std::string commit_problem_;   // why the last commit failed; empty: it did not
    std::string refresh_problem_;  // the same of the last refresh
    bool stopping_ = false;
};

}  // namespace octroi
