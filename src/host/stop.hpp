// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Signals that ask the process for something. Handlers set flags; the process asks for them.

namespace octroi {

// After the first call, SIGINT, SIGTERM and SIGHUP only set a flag; the process ends when it has
// read the flag and committed. SIGINT after a second one ends the process at once: nothing is lost,
// because a batch is committed as a whole or not at all. SIGPIPE is ignored: writing returns an
// error instead.
void catch_stop_signals();
[[nodiscard]] bool stop_requested() noexcept;

// After catch_stop_signals(): SIGHUP asks for a reload. Where the process was started on a terminal
// and that terminal is gone, SIGHUP goes on asking for a stop, or the process would run on unseen.
void catch_reload_signal();
// Whether a reload was asked for since the last call.
[[nodiscard]] bool reload_requested() noexcept;

}  // namespace octroi
