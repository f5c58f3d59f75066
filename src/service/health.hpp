// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Whether the daemon works: the answers of /healthz and /readyz.

#include <string>

#include "base/time.hpp"
#include "config/config.hpp"
#include "service/counter_board.hpp"

namespace octroi {

// A sentence without line ends; empty where nothing is wrong. uptime: of the clock of the board.

// A thread has made no progress for longer than `limit`, and does not wait for a commit that is
// being tried again: only a restart helps.
[[nodiscard]] std::string stalled_reason(const DaemonCounters& daemon, Duration uptime,
                                         Duration limit);
// The limit for a daemon with this configuration: longer than a commit waits for another writer.
[[nodiscard]] Duration stalled_after(const LedgerConfig& config);
// Beside a good answer: the class table could not be read again, or a new one is held back.
[[nodiscard]] std::string ready_note(const DaemonCounters& daemon);
// Not all meters run, the last commit failed, or the daemon stops.
[[nodiscard]] std::string not_ready_reason(const DaemonCounters& daemon);

}  // namespace octroi
