// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// What a change of a live option does in a running daemon, for the tests of all live options.

#include <functional>
#include <map>
#include <string>

#include "support/running_daemon.hpp"

namespace octroi::reload {

using support::RunningDaemon;
using support::Sections;

inline const std::string quick = "commit_interval = \"1s\"\n";
inline const std::string slow = "commit_interval = \"1h\"\n";
inline const std::string local = "local = [\"10.0.0.0/8\"]\n";

// A change of an option, and a check of its effect.
struct Effect {
    Sections before;
    Sections after;
    std::string key;                                // the key in the answer
    std::function<void(RunningDaemon&)> unchanged;  // before the reload; may be empty
    std::function<void(RunningDaemon&)> changed;
};

inline Sections with_local(Sections sections) {
    sections.try_emplace("ledger", quick);
    sections.try_emplace("attribute", local);
    return sections;
}

// By section and key. The folder lives as long as the daemon.
using Effects = std::map<std::string, std::function<Effect(const support::Folder&)>>;

// Of [class_table].
void add_class_table_effects(Effects& all);

}  // namespace octroi::reload
