// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Makes a class table from files of routes and rules: for `octroi class load` and the
// configuration.

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "record/class_table.hpp"

namespace octroi {

struct ClassSources {
    std::vector<std::string> files;       // MRT dumps or prefix lists
    std::vector<std::string> rules;       // in the language of attribute/class_rules.hpp
    std::vector<std::string> rule_files;  // one rule in each line; '#' begins a comment
    std::string default_class;
    std::string bare_class;  // of prefixes without a class on their line
    bool partial = false;    // take what can be read of files with errors
    // Of each file, when it is unpacked; of more, nothing is loaded. A person who loads a file by
    // hand has chosen it.
    std::uint64_t unpacked_max = UINT64_MAX;
};

struct LoadedClasses {
    ClassTable table;             // its version is computed
    std::uint64_t unmatched = 0;  // routes without a matching rule or a class of their own
    bool problems = false;        // only with `partial`: something was left out; this was logged
};

// The names of the files, for people.
[[nodiscard]] std::string name_of(const ClassSources& sources);
// Errors, beside those of read_routes(): corrupt (a line, a record or the end of a file is wrong,
// or a prefix has two classes; all of this was logged), unless `partial` is set; over_limit.
[[nodiscard]] Result<LoadedClasses> read_classes(const ClassSources& sources);

}  // namespace octroi
