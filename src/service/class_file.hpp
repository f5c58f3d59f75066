// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// A class table from files of routes and rules: for `class load` and for the configuration.

#include <string>
#include <vector>

#include "base/result.hpp"
#include "record/class_table.hpp"

namespace octroi {

struct ClassSources {
    std::vector<std::string> files;       // MRT dumps or prefix lists
    std::vector<std::string> rules;       // texts, as attribute/class_rules.hpp
    std::vector<std::string> rule_files;  // a rule a line; '#' begins a comment
    std::string default_class;
    std::string bare_class;  // of prefixes that stand alone on their line
};

struct LoadedClasses {
    ClassTable table;             // its version is computed
    std::uint64_t unmatched = 0;  // routes that no rule and no word gave a class
    bool problems = false;        // something could not be read, and was said on standard error
};

// Where it comes from, for people.
[[nodiscard]] std::string name_of(const ClassSources& sources);
[[nodiscard]] Result<LoadedClasses> read_classes(const ClassSources& sources);

}  // namespace octroi
