// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Options of a command that stand in a table (config/option.hpp), as the rows of meter kinds do.

#include <cstdint>
#include <deque>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "app/command.hpp"
#include "config/option.hpp"

namespace octroi {

// Adds an option to the command for each row, and reads their values when the command line was
// parsed. It must live until the command's action has run.
class OptionRows {
public:
    OptionRows(Command& command, std::span<const Option> rows);
    OptionRows(const OptionRows&) = delete;
    OptionRows& operator=(const OptionRows&) = delete;

    // A value for each row: as given, or its default. invalid: a value is wrong, or a required
    // option is missing.
    [[nodiscard]] Result<OptionValues> values() const;
    // The same for the rows of the options that were given, and no others.
    [[nodiscard]] Result<OptionValues> given_values() const;

private:
    struct Target {
        const Option* row = nullptr;
        std::string name;  // "--checkpoint", for messages
        bool flag = false;
        std::uint64_t number = 0;
        std::string text;
        std::vector<std::string> texts;
        std::function<bool()> given;
    };

    static void add(Command& command, const std::string& flags, Target& target);
    [[nodiscard]] static Result<OptionValue> value_of(const Target& target);

    std::deque<Target> targets_;  // the parser keeps their addresses
};

}  // namespace octroi
