// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Several meters into one ledger for as long as is wanted. Each meter has a thread, which reads and
// attributes; the caller's thread commits. While a batch is being committed its meter goes on
// reading: the next one is cut only when the queue is free, so that a slow or full disk delays
// booking and loses nothing.

#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "host/clock.hpp"
#include "ledger/store.hpp"
#include "meter/meter.hpp"
#include "service/attribution.hpp"
#include "service/control.hpp"
#include "service/counter_board.hpp"

namespace octroi {

struct DaemonMeter {
    MeterName name;
    std::unique_ptr<Meter> meter;
};

struct DaemonOptions {
    Duration commit_interval = Duration::seconds(60);
    std::optional<Duration> run_for;       // none: until a stop is requested
    std::function<bool()> stop_requested;  // asked a few times a second
    std::function<void(const Batch&)> committed;
    // The networks of this machine, asked for again and again: an address may come late (DHCP) or
    // change (a provider's new prefix). Empty: nobody is asked.
    std::function<std::vector<LocalNetwork>()> networks;
    // Its requests are answered between two commits, on the caller's thread. Null: there is none.
    ControlServer* control = nullptr;
    // Where counters are published. Null: nowhere.
    CounterBoard* board = nullptr;
};

// Returns when it is time, or when a meter or the ledger fails for good: what was read by then is
// committed if it can be. A full disk or a busy ledger is not for good: it is said, and tried
// again. So is a directory or class table that cannot be read: the old one holds.
// While nothing can be booked, memory is bounded: at twice the rows of a large batch reading stops,
// and what the rings cannot hold then is recorded as lost.
[[nodiscard]] Status run_daemon(std::vector<DaemonMeter> meters, Store& store,
                                AttributionSource& attribution, const Clock& clock,
                                const DaemonOptions& options);

}  // namespace octroi
