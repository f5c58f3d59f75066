// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

namespace octroi {

// After the first call, SIGINT, SIGTERM and SIGHUP only set a flag; the process ends when it has
// read the flag and committed. A second SIGINT ends the process at once: nothing is lost, because a
// batch is committed as a whole or not at all. SIGPIPE is ignored: writing returns an error
// instead.
void catch_stop_signals();
[[nodiscard]] bool stop_requested() noexcept;

}  // namespace octroi
