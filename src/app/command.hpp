// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// A command with its options, as each command declares them. The parser behind this class is CLI11.
// Its headers are slow to compile, so only three files include them.

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace CLI {
class App;
}

namespace octroi {

// Exit statuses (DESIGN.md): 0 done; 1 failed, or a check found something; 2 wrong usage or
// configuration.
enum class ExitStatus { done = 0, failed = 1, usage = 2 };

using Action = std::function<Result<ExitStatus>()>;

// A handle: a copy is the same command. Targets must live until the action has run. Help texts have
// no full stop at the end; `type` is the placeholder of the value in --help.
class Command {
public:
    // chosen: receives the action of the command that the user chose.
    Command(CLI::App& app, Action& chosen) : app_(&app), chosen_(&chosen) {}

    // Adds a sub-command.
    [[nodiscard]] Command sub(std::string_view name, std::string_view help) const;
    // The user must name one of the sub-commands.
    Command& needs_sub();
    // Hides the command in --help and in the documentation.
    Command& hide();
    Command& does(Action action);

    Command& operand(std::string_view name, std::string& target, std::string_view help);
    Command& operands(std::string_view name, std::vector<std::string>& target,
                      std::string_view help);
    // The same, but all operands may be missing.
    Command& optional_operands(std::string_view name, std::vector<std::string>& target,
                               std::string_view help);
    Command& text(std::string_view name, std::string& target, std::string_view help,
                  std::string_view type = "TEXT");
    // The option may be given several times, each time with one value.
    Command& texts(std::string_view name, std::vector<std::string>& target, std::string_view help,
                   std::string_view type);
    // Values separated by commas. The option may be given several times.
    Command& list(std::string_view name, std::vector<std::string>& target, std::string_view help,
                  std::string_view type);
    Command& choice(std::string_view name, std::string& target, std::vector<std::string> words,
                    std::string_view help);
    Command& number(std::string_view name, std::uint64_t& target, std::string_view help,
                    std::string_view type);
    Command& flag(std::string_view name, bool& target, std::string_view help);

    // Valid after parsing: whether the option was on the command line.
    [[nodiscard]] std::function<bool()> given(std::string_view name) const;

private:
    CLI::App* app_;
    Action* chosen_;
};

}  // namespace octroi
