// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// A command of the command line with its options. CLI11 parses; its headers are heavy, so only
// command.cpp, command_line.cpp and command_docs.cpp include them.

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

// A handle: a copy refers to the same command. Targets must live until the action has run. Help
// texts have no full stop. `type` stands for the value in --help.
class Command {
public:
    // chosen: the parser stores there the action of the command that the user chose.
    Command(CLI::App& app, Action& chosen) : app_(&app), chosen_(&chosen) {}

    // Adds a subcommand.
    [[nodiscard]] Command sub(std::string_view name, std::string_view help) const;
    // The user must name one of the subcommands.
    Command& needs_sub();
    // Leaves the command out of --help and of the documentation.
    Command& hide();
    Command& does(Action action);

    Command& operand(std::string_view name, std::string& target, std::string_view help);
    Command& operands(std::string_view name, std::vector<std::string>& target,
                      std::string_view help);
    // The same; none may be given at all.
    Command& optional_operands(std::string_view name, std::vector<std::string>& target,
                               std::string_view help);
    Command& text(std::string_view name, std::string& target, std::string_view help,
                  std::string_view type = "TEXT");
    // May be given several times, with one value each.
    Command& texts(std::string_view name, std::vector<std::string>& target, std::string_view help,
                   std::string_view type);
    // Values with commas between them; may be given several times.
    Command& list(std::string_view name, std::vector<std::string>& target, std::string_view help,
                  std::string_view type);
    Command& choice(std::string_view name, std::string& target, std::vector<std::string> words,
                    std::string_view help);
    Command& number(std::string_view name, std::uint64_t& target, std::string_view help,
                    std::string_view type);
    Command& flag(std::string_view name, bool& target, std::string_view help);

    // Tells, after parsing, whether the option was on the command line.
    [[nodiscard]] std::function<bool()> given(std::string_view name) const;

private:
    CLI::App* app_;
    Action* chosen_;
};

}  // namespace octroi
