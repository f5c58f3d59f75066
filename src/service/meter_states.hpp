// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Which meters of the running daemon run, and why others do not: the request "meters" at the
// control socket, and its part of `octroi meters`.

#include <optional>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "base/time.hpp"
#include "host/clock.hpp"
#include "record/report.hpp"
#include "service/control.hpp"
#include "service/counter_board.hpp"

namespace octroi {

// A meter of the daemon at one moment.
struct RunningState {
    std::string meter;
    std::string kind;
    std::string role;     // "bill", "witness"
    std::string failure;  // why it does not run; empty: it runs
    std::uint64_t failures = 0;
    Duration down;  // how long it has not run because of failures, in all
};

// Board and clock must outlive the server.
void add_meters_request(ControlServer& control, const CounterBoard& board, const Clock& clock);

// The client's end. nullopt: no daemon runs on this ledger, or it does not answer.
[[nodiscard]] std::optional<std::vector<RunningState>> ask_meter_states(const std::string& ledger);

// Adds to a report of meters (view/ledger_view.hpp) the columns "state" ("running", "failed", of
// others nothing) and "failure" for machines, and for people a note for each meter that does not
// run. A meter that has committed nothing yet gets a row of its own.
void add_meter_states(const std::optional<std::vector<RunningState>>& states, Report& report);

}  // namespace octroi
