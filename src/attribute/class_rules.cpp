// SPDX-License-Identifier: GPL-3.0-or-later
#include "attribute/class_rules.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "attribute/builtin_classes.hpp"
#include "record/as_number.hpp"

namespace octroi {
namespace {

constexpr std::size_t class_name_max = 64;

std::string_view trim(std::string_view text) {
    const auto first = text.find_first_not_of(" \t\r\n");
    if (first == std::string_view::npos) return {};
    return text.substr(first, text.find_last_not_of(" \t\r\n") - first + 1);
}

Status parse_as_range(std::string_view text, ClassRule& rule) {
    const std::size_t dash = text.find('-');
    TRY_ASSIGN(rule.first_as, parse_as_number(trim(text.substr(0, dash))));
    rule.last_as = rule.first_as;
    if (dash != std::string_view::npos) {
        TRY_ASSIGN(rule.last_as, parse_as_number(trim(text.substr(dash + 1))));
    }
    if (rule.last_as < rule.first_as) {
        return fail(ErrorCode::invalid, fmt::format("'{}' is an empty range; did you mean {}-{}?",
                                                    text, rule.last_as, rule.first_as));
    }
    return {};
}

Status parse_subject(std::string_view keyword, std::string_view subject, ClassRule& rule) {
    if (keyword == "own" || keyword == "default") {
        rule.kind = keyword == "own" ? ClassRule::Kind::own : ClassRule::Kind::other;
        if (subject.empty()) return {};
        return fail(ErrorCode::invalid,
                    fmt::format("the rule '{}' must not have a value before the '='; remove '{}'",
                                keyword, subject));
    }
    if (keyword == "as") {
        rule.kind = ClassRule::Kind::as_range;
        return parse_as_range(subject, rule);
    }
    if (keyword == "within" || keyword == "prefix") {
        rule.kind = keyword == "within" ? ClassRule::Kind::within : ClassRule::Kind::prefix;
        TRY_ASSIGN(rule.prefix, parse_prefix(subject));
        return {};
    }
    if (keyword == "next-hop") {
        rule.kind = ClassRule::Kind::next_hop;
        TRY_ASSIGN(rule.next_hop, parse_address(subject));
        if (rule.next_hop.octets == Address{}.octets)
            return fail(
                ErrorCode::invalid,
                fmt::format("'{}' cannot be a next hop: exporters send it where there is none",
                            subject));
        return {};
    }
    if (keyword == "word") {
        rule.kind = ClassRule::Kind::word;
        rule.word = subject;
        if (!subject.empty()) return {};
        return fail(
            ErrorCode::invalid,
            "the rule 'word' needs a word of the prefix list; write it as: word free-list = free");
    }
    return fail(ErrorCode::invalid, fmt::format("'{}' is not a kind of rule; write one of as, "
                                                "within, word, own, prefix, next-hop, default",
                                                keyword));
}

}  // namespace

Result<ClassRule> parse_class_rule(std::string_view text) {
    const std::size_t equals = text.find('=');
    if (equals == std::string_view::npos) {
        return fail(ErrorCode::invalid,
                    fmt::format("'{}' has no '='; write it as: as 7575 = aarnet", text));
    }
    const std::string_view left = trim(text.substr(0, equals));
    const std::size_t gap = std::min(left.find_first_of(" \t"), left.size());
    ClassRule rule;
    rule.class_name = trim(text.substr(equals + 1));
    TRY(check_class_name(rule.class_name));
    TRY(parse_subject(left.substr(0, gap), trim(left.substr(gap)), rule));
    return rule;
}

Status check_class_name(std::string_view name) {
    const auto is_plain = [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               std::string_view("-_./:+").find(c) != std::string_view::npos ||
               static_cast<unsigned char>(c) >= 0x80;
    };
    if (name.empty() || name.size() > class_name_max ||
        !std::all_of(name.begin(), name.end(), is_plain)) {
        return fail(ErrorCode::invalid,
                    fmt::format("'{}' is not a class name; use 1 to {} letters, digits, '-', '_', "
                                "'.', '/', ':' and '+'",
                                name, class_name_max));
    }
    if (is_builtin_class(name)) {
        return fail(ErrorCode::invalid,
                    fmt::format("the class name '{}' is reserved; choose another name", name));
    }
    return {};
}

}  // namespace octroi
