// SPDX-License-Identifier: GPL-3.0-or-later
#include "meter/log/journal_options.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <string>
#include <string_view>

#include "host/found_files.hpp"

namespace octroi::logs {
namespace {

bool is_field_name(std::string_view name) {
    return !name.empty() && std::ranges::all_of(name, [](unsigned char c) {
        return std::isupper(c) != 0 || std::isdigit(c) != 0 || c == '_';
    });
}

// Fields that journald writes itself and that say which program wrote the entry, in a way that the
// program cannot choose (systemd.journal-fields(7)). SYSLOG_IDENTIFIER is what the program states,
// and _COMM is a name that it may change.
constexpr std::array<std::string_view, 4> writer_fields{"_SYSTEMD_UNIT", "_SYSTEMD_CGROUP", "_EXE",
                                                        "_UID"};

bool names_writer(const std::string& match) {
    return std::ranges::find(writer_fields, std::string_view(match).substr(0, match.find('='))) !=
           writer_fields.end();
}

// Units in which any local user runs programs.
bool matches_user_units(const std::string& unit) {
    constexpr std::array<const char*, 5> of_users{"user@1000.service", "session-1.scope",
                                                  "session-c1.scope", "user-1000.slice",
                                                  "user.slice"};
    return unit.find_first_of("*?[") != std::string::npos &&
           std::ranges::any_of(of_users,
                               [&](const char* name) { return matches_pattern(name, unit); });
}

bool names_no_writer(const MeterConfig& meter) {
    return meter.options.texts("units").empty() &&
           std::ranges::none_of(meter.options.texts("matches"), names_writer);
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
    for (const std::string& text : entry.texts()) {
        if (text.empty() || text.front() == '-')
            return fail(ErrorCode::invalid, fmt::format("'{}' is no name of a unit", text));
        if (matches_user_units(text))
            return fail(ErrorCode::invalid,
                        fmt::format("'{}' matches the sessions of users too, and each of them "
                                    "could write lines that charge others; next: name the units "
                                    "of the server, as \"postfix@-.service\"",
                                    text));
    }
    return {};
}

void check_journal_meters(std::span<const MeterConfig* const> meters,
                          std::vector<Problem>& problems) {
    for (auto meter = meters.begin(); meter != meters.end(); ++meter) {
        const MeterConfig& own = **meter;
        if (const auto reader = open_reader(own.options); !reader)
            problems.push_back(
                {own.where, fmt::format("[meter] {}: {}", own.name, reader.error().text)});
        if (names_no_writer(own))
            problems.push_back(
                {own.where,
                 fmt::format("[meter] {}: nothing says which programs write the lines, and any "
                             "user of this machine can write to the journal under any name "
                             "(SYSLOG_IDENTIFIER); next: name the units of the server, as units = "
                             "[\"postfix@-.service\"], or one of the fields {} in matches",
                             own.name, fmt::join(writer_fields, ", "))});
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
