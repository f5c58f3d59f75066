// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/command.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <CLI/CLI.hpp>
#include <algorithm>

namespace octroi {

Command Command::sub(std::string_view name, std::string_view help) const {
    return {*app_->add_subcommand(std::string(name), std::string(help)), *chosen_};
}

Command& Command::needs_sub() {
    app_->require_subcommand(1);
    return *this;
}

Command& Command::hide() {
    app_->group("");
    return *this;
}

Command& Command::does(Action action) {
    // The parser calls this for a subcommand first, then for the commands above it.
    app_->callback([chosen = chosen_, action = std::move(action)] {
        if (!*chosen) *chosen = action;
    });
    return *this;
}

Command& Command::operand(std::string_view name, std::string& target, std::string_view help) {
    app_->add_option(std::string(name), target, std::string(help))->required();
    return *this;
}

Command& Command::operands(std::string_view name, std::vector<std::string>& target,
                           std::string_view help) {
    app_->add_option(std::string(name), target, std::string(help))->required();
    return *this;
}

Command& Command::optional_operands(std::string_view name, std::vector<std::string>& target,
                                    std::string_view help) {
    app_->add_option(std::string(name), target, std::string(help));
    return *this;
}

Command& Command::text(std::string_view name, std::string& target, std::string_view help,
                       std::string_view type) {
    app_->add_option(std::string(name), target, std::string(help))->type_name(std::string(type));
    return *this;
}

Command& Command::texts(std::string_view name, std::vector<std::string>& target,
                        std::string_view help, std::string_view type) {
    // Exactly one value for each flag: CLI11 would else read the operands behind it as further
    // values.
    app_->add_option(std::string(name), target, std::string(help))
        ->type_name(std::string(type))
        ->expected(1)
        ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
    return *this;
}

Command& Command::list(std::string_view name, std::vector<std::string>& target,
                       std::string_view help, std::string_view type) {
    texts(name, target, help, type);
    app_->get_option(std::string(name))->delimiter(',');
    return *this;
}

// Not CLI::IsMember: it would print the words in --help a second time, after the type.
Command& Command::choice(std::string_view name, std::string& target, std::vector<std::string> words,
                         std::string_view help) {
    const std::string type = fmt::format("{}", fmt::join(words, "|"));
    const auto refuse_others = [words = std::move(words)](const std::string& given) {
        if (std::find(words.begin(), words.end(), given) != words.end()) return std::string();
        return fmt::format("{} is not one of {}", given, fmt::join(words, ", "));
    };
    text(name, target, help, type);
    app_->get_option(std::string(name))->check(CLI::Validator(refuse_others, ""));
    return *this;
}

Command& Command::number(std::string_view name, std::uint64_t& target, std::string_view help,
                         std::string_view type) {
    // Without the check a negative number would become a very large one.
    const CLI::Validator is_not_negative(
        [](const std::string& text) {
            return text.starts_with('-') ? text + " is below 0. Next: a whole number from 0 on"
                                         : std::string();
        },
        "");
    app_->add_option(std::string(name), target, std::string(help))
        ->check(is_not_negative)
        ->type_name(std::string(type));
    return *this;
}

Command& Command::flag(std::string_view name, bool& target, std::string_view help) {
    app_->add_flag(std::string(name), target, std::string(help));
    return *this;
}

std::function<bool()> Command::given(std::string_view name) const {
    return [option = app_->get_option(std::string(name))] { return option->count() > 0; };
}

}  // namespace octroi
