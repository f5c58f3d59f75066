// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// A command with its options, as the commands state themselves. What parses is CLI11, behind this:
// its headers are heavy, and only command_line.cpp and command.cpp know them.

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

// A handle: copying it means the same command. Targets must live until the action has run. Help
// texts have no full stop; type is what stands for the value in --help.
class Command {
public:
    // chosen: gets the action of the command that the user chose.
    Command(CLI::App& app, Action& chosen) : app_(&app), chosen_(&chosen) {}

    // A command below this one.
    [[nodiscard]] Command sub(std::string_view name, std::string_view help) const;
    // One of the commands below must be named.
    Command& needs_sub();
    // Not shown in --help nor in the documentation.
    Command& hide();
    Command& does(Action action);

    Command& operand(std::string_view name, std::string& target, std::string_view help);
    Command& operands(std::string_view name, std::vector<std::string>& target,
                      std::string_view help);
    // The same, none at all being as good.
    Command& optional_operands(std::string_view name, std::vector<std::string>& target,
                               std::string_view help);
    Command& text(std::string_view name, std::string& target, std::string_view help,
                  std::string_view type = "TEXT");
    // May be given several times, a value each.
    Command& texts(std::string_view name, std::vector<std::string>& target, std::string_view help,
                   std::string_view type);
    // Values with commas between them, also several times.
    Command& list(std::string_view name, std::vector<std::string>& target, std::string_view help,
                  std::string_view type);
    Command& choice(std::string_view name, std::string& target, std::vector<std::string> words,
                    std::string_view help);
    Command& number(std::string_view name, std::uint64_t& target, std::string_view help,
                    std::string_view type);
    Command& flag(std::string_view name, bool& target, std::string_view help);

    // Once parsed: whether the option was on the command line.
    [[nodiscard]] std::function<bool()> given(std::string_view name) const;

private:
    CLI::App* app_;
    Action* chosen_;
};

}  // namespace octroi
