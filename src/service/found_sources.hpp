// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Sources that this machine has and nobody has configured: for `octroi init`, and for `octroi run`
// without configuration.

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "config/option.hpp"
#include "meter/kind.hpp"

namespace octroi {

struct InitSettings {
    MeterKinds kinds;
    const OptionTable& table;
    std::string root = "/";               // the system that is looked at
    std::vector<std::string_view> flags;  // of Discovery: which are looked for
    std::string existing;                 // the text of the configuration file; empty: none
};

struct InitPlan {
    std::string text;                // the lines to add; of a new file the whole file
    std::vector<std::string> found;  // FoundSource::text of those in `text`
    std::vector<std::string> notes;  // for people
};

// A source that the existing configuration follows already is left out. Without a configuration of
// this machine the text also has the meter that runs unconfigured, as a witness: it would not run
// any more, and two meters of role bill would charge the traffic twice. The text, with the existing
// one, is a valid configuration. Errors: invalid (the existing configuration is wrong).
[[nodiscard]] Result<InitPlan> plan_init(const InitSettings& settings);

// Writes a file that does not exist, and its folder. Errors: exists, permission, no_space, failed.
[[nodiscard]] Status write_new_config(const std::string& path, std::string_view text);

// Logs what can be followed on this machine, and the lines of configuration for it; nothing where
// there is none. config_file: that `octroi init` would write.
void log_found_sources(MeterKinds kinds, std::string_view config_file);

}  // namespace octroi
