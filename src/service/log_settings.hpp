// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>

#include "config/config.hpp"

namespace octroi {

// Puts the log of a daemon into the level and format of [log]. level_word: of `--log-level`, which
// comes first; empty: not given. To be called at the start and after each change of the
// configuration.
void set_daemon_log(const LogConfig& config, const std::string& level_word);

}  // namespace octroi
