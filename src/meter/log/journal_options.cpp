// SPDX-License-Identifier: GPL-3.0-or-later
#include "meter/log/journal_options.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <string>

namespace octroi::logs {
namespace {

bool is_field_name(std::string_view name) {
    return !name.empty() && std::ranges::all_of(name, [](unsigned char c) {
        return std::isupper(c) != 0 || std::isdigit(c) != 0 || c == '_';
    });
}

// Whether no entry can be of both. Patterns are compared as texts.
bool are_apart(const MeterConfig& a, const MeterConfig& b) {
    for (const char* key : {"units", "matches"}) {
        const auto& one = a.options.texts(key);
        const auto& other = b.options.texts(key);
        if (!one.empty() && !other.empty() && std::ranges::find_first_of(one, other) == one.end())
            return true;
    }
    return a.options.text("format") != b.options.text("format");
}

}  // namespace

Status check_journal_matches(const OptionEntry& entry) {
    for (const std::string& text : entry.texts()) {
        const std::size_t sign = text.find('=');
        if (sign == std::string::npos || !is_field_name(std::string_view(text).substr(0, sign)))
            return fail(ErrorCode::invalid,
                        fmt::format("'{}' is no match of journalctl; next: write FIELD=value, as "
                                    "SYSLOG_IDENTIFIER=dovecot",
                                    text));
    }
    return {};
}

Status check_journal_units(const OptionEntry& entry) {
    for (const std::string& text : entry.texts())
        if (text.empty() || text.front() == '-')
            return fail(ErrorCode::invalid, fmt::format("'{}' is no name of a unit", text));
    return {};
}

void check_journal_meters(std::span<const MeterConfig* const> meters,
                          std::vector<Problem>& problems) {
    for (auto meter = meters.begin(); meter != meters.end(); ++meter) {
        const MeterConfig& own = **meter;
        if (const auto reader = open_reader(own.options); !reader)
            problems.push_back(
                {own.where, fmt::format("[meter] {}: {}", own.name, reader.error().text)});
        if (own.role != RoleChoice::bill) continue;
        const auto same = std::find_if(meters.begin(), meter, [&](const MeterConfig* other) {
            return other->role == RoleChoice::bill && !are_apart(own, *other);
        });
        if (same != meter)
            problems.push_back(
                {own.where,
                 fmt::format("[meter] {}: may read entries of the journal that the meter '{}' "
                             "reads, and each would be charged twice; next: name other units or "
                             "matches, or make one role = \"witness\"",
                             own.name, (*same)->name)});
    }
}

}  // namespace octroi::logs
