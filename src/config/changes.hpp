// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// The differences between two configurations, option by option.

#include <string>
#include <vector>

#include "config/config.hpp"
#include "config/option.hpp"

namespace octroi {

struct ConfigChange {
    // "ledger.commit_interval", "services.web", "meter uplink.role"; "meter uplink" where the whole
    // element was added or removed; "services" where only the order of the lines changed.
    std::string key;
    std::string before;  // as in a file: "60s", ["tcp/80"]; "absent" where there was nothing
    std::string after;
    bool live = false;  // Option::reload: a running daemon applies it
    std::string note;   // what the change does not do; empty: it does all that it says
};

// In the order of the sections and rows of the table. An option that a file does not state has its
// default. Both configurations were parsed with this table.
[[nodiscard]] std::vector<ConfigChange> config_changes(const Config& before, const Config& after,
                                                       const OptionTable& table);

// A value as one would write it in a file.
[[nodiscard]] std::string value_text(const OptionValue& value);

}  // namespace octroi
