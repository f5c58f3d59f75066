// SPDX-License-Identifier: GPL-3.0-or-later
#include "config/rule_text.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <vector>

#include "config/option.hpp"
#include "config/rule_options.hpp"

namespace octroi {
namespace {

// A basic string of TOML.
Result<std::string> toml_string(std::string_view value) {
    std::string text = "\"";
    for (const char c : value) {
        if (static_cast<unsigned char>(c) < ' ' || c == 0x7F)
            return fail(ErrorCode::invalid,
                        fmt::format("'{}' has a control character. Next: remove it", value));
        if (c == '"' || c == '\\') text += '\\';
        text += c;
    }
    return text + "\"";
}

Result<std::string> list_text(std::string_view value) {
    std::string text;
    for (std::size_t at = 0; at <= value.size();) {
        const std::size_t comma = std::min(value.find(',', at), value.size());
        TRY_ASSIGN(const std::string one, toml_string(value.substr(at, comma - at)));
        text += fmt::format("{}{}", text.empty() ? "" : ", ", one);
        at = comma + 1;
    }
    return fmt::format("[{}]", text);
}

Result<std::string> word_text(const std::string& word) {
    const std::size_t equals = word.find('=');
    const std::string_view key = std::string_view(word).substr(0, equals);
    const auto row = std::ranges::find(rule_options, key, &Option::key);
    if (equals == std::string::npos || row == rule_options.end() || key == "name") {
        std::vector<std::string_view> keys;
        for (const Option& option : rule_options)
            if (option.key != "name") keys.push_back(option.key);
        return fail(ErrorCode::invalid,
                    fmt::format("'{}' is not key=value of a rule. The keys are {}", word,
                                fmt::join(keys, ", ")));
    }
    const std::string_view value = std::string_view(word).substr(equals + 1);
    if (row->type == OptionType::boolean) {
        if (value != "true" && value != "false")
            return fail(ErrorCode::invalid,
                        fmt::format("{} is true or false, not '{}'", key, value));
        return fmt::format("{} = {}\n", key, value);
    }
    TRY_ASSIGN(const std::string text,
               row->type == OptionType::texts ? list_text(value) : toml_string(value));
    return fmt::format("{} = {}\n", key, text);
}

// Octets before this line, from 1.
std::size_t begin_of(std::string_view text, std::uint32_t line) {
    std::size_t at = 0;
    for (std::uint32_t i = 1; i < line && at < text.size(); ++i)
        at = std::min(text.find('\n', at), text.size() - 1) + 1;
    return at;
}

std::string_view trimmed(std::string_view line) {
    const std::size_t begin = std::min(line.find_first_not_of(" \t"), line.size());
    return line.substr(begin);
}

}  // namespace

Result<std::string> rule_text(const std::string& name, std::span<const std::string> words) {
    TRY_ASSIGN(const std::string name_text, toml_string(name));
    std::string text = fmt::format("[[rule]]\nname = {}\n", name_text);
    for (const std::string& word : words) {
        TRY_ASSIGN(const std::string line, word_text(word));
        text += line;
    }
    return text;
}

Result<std::string> rule_text(const RuleConfig& rule) {
    std::vector<std::string> words;
    const auto add = [&](std::string_view key, const auto& value) {
        if (!value.empty()) words.push_back(fmt::format("{}={}", key, value));
    };
    const auto add_list = [&](std::string_view key, const std::vector<std::string>& value) {
        add(key, fmt::format("{}", fmt::join(value, ",")));
    };
    add("identity", rule.identity);
    add("group", rule.group);
    add_list("from", rule.from);
    add_list("to", rule.to);
    add("in_interface", rule.in_interface);
    add("out_interface", rule.out_interface);
    add_list("protocol", rule.protocol);
    add_list("from_port", rule.from_port);
    add_list("to_port", rule.to_port);
    add_list("icmp_type", rule.icmp_type);
    add_list("uid", rule.uid);
    add_list("mac", rule.mac);
    if (rule.fragments) words.emplace_back("fragments=true");
    if (rule.direction != RuleDirection::both)
        add("direction", std::string(rule.direction == RuleDirection::in ? "in" : "out"));
    if (rule.hook != "all") add("hook", rule.hook);
    return rule_text(rule.name, words);
}

std::string with_rule(std::string_view text, std::string_view rule, std::uint32_t before) {
    const std::size_t at = before == 0 ? text.size() : begin_of(text, before);
    std::string changed(text.substr(0, at));
    if (!changed.empty() && !changed.ends_with('\n')) changed += '\n';
    if (!changed.empty() && !changed.ends_with("\n\n")) changed += '\n';
    changed += rule;
    if (at < text.size()) changed += '\n';
    return changed.append(text.substr(at));
}

std::string without_rule(std::string_view text, std::uint32_t line) {
    const std::size_t begin = begin_of(text, line);
    std::size_t end = text.size();
    // Comments and empty lines in front of the next table belong to that.
    std::size_t after_keys = begin;
    for (std::size_t at = begin; at < text.size();) {
        const std::size_t next = std::min(text.find('\n', at), text.size() - 1) + 1;
        const std::string_view content = trimmed(text.substr(at, next - at));
        if (at != begin && content.starts_with('[')) {
            end = at;
            break;
        }
        if (!content.empty() && content.front() != '\n' && content.front() != '#')
            after_keys = next;
        at = next;
    }
    if (end == text.size())
        return std::string(text.substr(0, begin)).append(text.substr(after_keys));
    std::size_t rest = after_keys;
    if (text.substr(rest).starts_with('\n')) ++rest;
    return std::string(text.substr(0, begin)).append(text.substr(rest));
}

}  // namespace octroi
