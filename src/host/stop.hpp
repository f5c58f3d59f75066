// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

namespace octroi {

// SIGINT, SIGTERM and SIGHUP ask for an orderly stop: from the first call on they only set a flag.
// A second SIGINT ends the process at once (nothing is lost: a batch is whole or not there).
void catch_stop_signals();
[[nodiscard]] bool stop_requested() noexcept;

}  // namespace octroi
