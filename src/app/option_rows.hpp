// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Options of a command from a table (config/option.hpp), such as the rows of meter kinds.

#include <cstdint>
#include <deque>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "app/command.hpp"
#include "config/option.hpp"

namespace octroi {

// Adds one option per row to the command. After parsing it returns their values. The object must
// live until the action of the command has run.
class OptionRows {
public:
    OptionRows(Command& command, std::span<const Option> rows);
    OptionRows(const OptionRows&) = delete;
    OptionRows& operator=(const OptionRows&) = delete;

    // One value per row: the given one or the default. Error invalid: a value is wrong, or a
    // required option is missing.
    [[nodiscard]] Result<OptionValues> values() const;
    // The same, only for options that were given.
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
