// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Signals that ask the process for something. Handlers set flags; the process asks for them.

namespace octroi {

// After the call, SIGINT, SIGTERM and SIGHUP only set a flag; the process ends when it has read the
// flag and committed. A SIGINT after that ends the process at once: committed batches stay,
// because a batch is committed as a whole or not at all. A SIGHUP that was ignored before stays
// ignored (nohup(1)). SIGPIPE is ignored: writing returns an error instead. To be called once.
void catch_stop_signals();
[[nodiscard]] bool stop_requested() noexcept;
// After catch_stop_signals(): the four signals have their default actions again, except a SIGHUP
// that was ignored before.
void release_stop_signals();

// After catch_stop_signals(): SIGHUP asks for a reload. Where the process was started on a terminal
// and that terminal is gone, SIGHUP goes on asking for a stop, or the process would run on unseen;
// not where SIGHUP was ignored before: it is a reload then.
void catch_reload_signal();
// Whether a reload was asked for since the last call.
[[nodiscard]] bool reload_requested() noexcept;

}  // namespace octroi
