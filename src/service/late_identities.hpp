// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Late statements of who held an address: the traffic that batches had in their time is attributed
// again, by itself (docs/decisions/0610-identities-over-time.md). The daemon does this on a thread
// of its own, an import at its end.

#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include "config/config.hpp"
#include "host/clock.hpp"
#include "ledger/ledger.hpp"
#include "view/rebook_view.hpp"

namespace octroi {

// Whether there is a pair of a batch and an event that was not looked at yet. Fast. Where it is
// false there is nothing to do.
[[nodiscard]] Result<bool> has_new_pairs(Ledger& ledger);

// Looks at all such pairs, attributes again what they concern, and notes in the ledger how far it
// came. nullopt: no traffic was concerned. A run that was stopped, or killed, is repeated. ledger:
// opened with LedgerOptions::activity "rebook". Errors: those of rebook().
[[nodiscard]] Result<std::optional<RebookSummary>> rebook_late_identities(
    Ledger& ledger, const Config& config, UtcTime now,
    const std::function<bool()>& stop_requested = {});

// One line for the log: what moved, and what could not.
[[nodiscard]] std::string text_of_late_identities(const RebookSummary& summary);

// Does this every ten seconds, as long as it lives. The destructor stops a run after its current
// slice.
class LateIdentityThread {
public:
    // options: of another connection to the ledger, without owner. Called on the thread.
    using Open = std::function<Result<std::unique_ptr<Ledger>>(const LedgerOptions& options)>;
    // The clock must outlive the object.
    LateIdentityThread(Open open, Config config, const Clock& clock);
    ~LateIdentityThread();
    LateIdentityThread(const LateIdentityThread&) = delete;
    LateIdentityThread& operator=(const LateIdentityThread&) = delete;
    LateIdentityThread(LateIdentityThread&&) = delete;
    LateIdentityThread& operator=(LateIdentityThread&&) = delete;

    // The configuration of the next run. Any thread.
    void set_config(const Config& config);

private:
    void run();
    [[nodiscard]] Status step();
    // False: the object is being destroyed.
    [[nodiscard]] bool wait(Duration duration);

    Open open_;
    Config config_;
    const Clock& clock_;
    std::mutex mutex_;
    std::condition_variable wakes_;
    bool ends_ = false;
    std::string problem_;  // of the last run; it is logged once
    std::thread thread_;   // the last member: it uses the others
};

}  // namespace octroi
