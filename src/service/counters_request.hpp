// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// `octroi meters --counters`: the counters of the running daemon, asked for through its control
// socket.

#include <string>
#include <vector>

#include "service/control.hpp"
#include "service/metrics_listener.hpp"
#include "view/openmetrics.hpp"

namespace octroi {

// Lets the daemon answer. The sources must outlive the server.
void add_counters_request(ControlServer& control, const MetricsSources& sources);

// Asks the daemon that writes this ledger. Errors: those of ask_daemon; corrupt (the answer is of
// another version).
[[nodiscard]] Result<std::vector<CounterRow>> ask_counters(const std::string& ledger);

}  // namespace octroi
