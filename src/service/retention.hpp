// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// How long the ledger keeps transfers, from the configuration; and the thread of the daemon that
// compacts older ones.

#include <condition_variable>
#include <functional>
#include <mutex>
#include <string>
#include <thread>

#include "config/config.hpp"
#include "host/clock.hpp"
#include "ledger/ledger.hpp"
#include "view/zone.hpp"

namespace octroi {

// The days of a zone, as LedgerOptions::day_of.
[[nodiscard]] std::function<Interval(UtcTime)> days_in(const Zone& zone);

// What the configuration lets a compaction replace at this moment. Whole days only.
[[nodiscard]] Retention retention_of(const LedgerConfig& config,
                                     const std::function<Interval(UtcTime)>& day_of, UtcTime now);

// Compacts a ledger now and then, on a thread and a connection of its own, as long as it lives. The
// destructor stops a compaction after its current slice.
class CompactionThread {
public:
    using Open = std::function<Result<std::unique_ptr<Ledger>>()>;
    // open: another connection to the ledger that the daemon writes to. retention: asked for before
    // each compaction. Both are called on the thread. The clock must outlive the object.
    CompactionThread(Open open, std::function<Retention(UtcTime now)> retention,
                     const Clock& clock);
    ~CompactionThread();
    CompactionThread(const CompactionThread&) = delete;
    CompactionThread& operator=(const CompactionThread&) = delete;
    CompactionThread(CompactionThread&&) = delete;
    CompactionThread& operator=(CompactionThread&&) = delete;

private:
    void run();
    void compact();
    // False: the object is being destroyed.
    [[nodiscard]] bool wait(Duration duration);

    Open open_;
    std::function<Retention(UtcTime now)> retention_;
    const Clock& clock_;
    std::mutex mutex_;
    std::condition_variable wakes_;
    bool ends_ = false;
    std::string problem_;  // of the last compaction; it is logged once
    std::thread thread_;   // the last member: it uses the others
};

}  // namespace octroi
