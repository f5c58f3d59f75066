// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/option_rows.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "app/session.hpp"
#include "config/value.hpp"

namespace octroi {
namespace {

std::string flags_of(const Option& row) {
    if (!row.flags.empty()) return std::string(row.flags);
    std::string flags = fmt::format("--{}", row.key);
    std::ranges::replace(flags, '_', '-');
    return flags;
}

// "-i,--interface" -> "--interface"
std::string last_flag(const std::string& flags) { return flags.substr(flags.rfind(',') + 1); }

}  // namespace

OptionRows::OptionRows(Command& command, std::span<const Option> rows) {
    for (const Option& row : rows) {
        const std::string flags = flags_of(row);
        Target& target = targets_.emplace_back();
        target.row = &row;
        target.name = last_flag(flags);
        add(command, flags, target);
        target.given = command.given(target.name);
    }
}

void OptionRows::add(Command& command, const std::string& flags, Target& target) {
    const Option& row = *target.row;
    switch (row.type) {
        case OptionType::boolean:
            command.flag(flags, target.flag, row.help);
            break;
        case OptionType::integer:
            command.number(flags, target.number, row.help, row.placeholder);
            break;
        case OptionType::choice: {
            const auto words = choices(row);
            command.choice(flags, target.text, {words.begin(), words.end()}, row.help);
            break;
        }
        case OptionType::texts:
        case OptionType::prefixes:
            command.texts(flags, target.texts, row.help, row.placeholder);
            break;
        case OptionType::duration:
        case OptionType::size:
        case OptionType::text:
            command.text(flags, target.text, row.help, row.placeholder);
            break;
    }
}

Result<OptionValue> OptionRows::value_of(const Target& target) {
    switch (target.row->type) {
        case OptionType::boolean:
            return OptionValue(target.flag);
        case OptionType::integer: {
            constexpr auto most = std::numeric_limits<std::int64_t>::max();
            return OptionValue(
                static_cast<std::int64_t>(std::min<std::uint64_t>(target.number, most)));
        }
        case OptionType::texts:
            return OptionValue(target.texts);
        case OptionType::prefixes: {
            TRY_ASSIGN(auto prefixes, parse_prefixes(target.texts));
            return OptionValue(std::move(prefixes));
        }
        default:
            return parse_option_text(*target.row, target.text);
    }
}

Result<OptionValues> OptionRows::given_values() const {
    OptionValues values;
    for (const Target& target : targets_) {
        if (!target.given()) continue;
        const Option& row = *target.row;
        auto value = value_of(target);
        Status good = value ? check_range(row, *value) : std::unexpected(value.error());
        if (good && row.check != nullptr) good = row.check({std::string(row.key), *value, {}});
        if (!good)
            return fail(ErrorCode::invalid, fmt::format("{}: {}", target.name, good.error().text));
        values.set(row.key, *std::move(value));
    }
    return values;
}

Result<OptionValues> OptionRows::values() const {
    OptionValues values;
    for (const Target& target : targets_) {
        if (target.row->required && !target.given())
            return fail(ErrorCode::invalid, fmt::format("{0} is missing: {0} {1}", target.name,
                                                        target.row->placeholder));
        values.set(target.row->key, default_value(*target.row));
    }
    TRY_ASSIGN(const OptionValues given, given_values());
    values.merge(given);
    return values;
}

}  // namespace octroi
