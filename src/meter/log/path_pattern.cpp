// SPDX-License-Identifier: GPL-3.0-or-later
#include "meter/log/path_pattern.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace octroi::logs {
namespace {

constexpr std::string_view domain_word = "{domain}";
constexpr std::string_view user_word = "{user}";

// The next part of a path, up to its '/'; removes it from the path.
std::string_view next_part(std::string_view& path) {
    const std::size_t end = std::min(path.find('/'), path.size());
    const std::string_view part = path.substr(0, end);
    path.remove_prefix(std::min(end + 1, path.size()));
    return part;
}

std::string_view word_in(std::string_view part) {
    if (part.find(domain_word) != std::string_view::npos) return domain_word;
    if (part.find(user_word) != std::string_view::npos) return user_word;
    return {};
}

Status check_part(std::string_view text, std::string_view part) {
    if (part.find_first_of("{}") == std::string_view::npos) return {};
    const std::string_view word = word_in(part);
    const auto invalid = [&](std::string_view why) {
        return fail(ErrorCode::invalid, fmt::format("'{}': {}", text, why));
    };
    if (word.empty()) return invalid("in braces stands only {domain} or {user}");
    std::string rest(part);
    rest.erase(rest.find(word), word.size());
    if (rest.find_first_of("{}") != std::string::npos)
        return invalid("between two '/' stands one {domain} or {user} only");
    if (rest.find_first_of("*?[") != std::string::npos)
        return invalid("between two '/' stands either a name in braces, or '*', '?' and '[…]'");
    return {};
}

}  // namespace

Result<PathPattern> PathPattern::parse(std::string_view text) {
    if (!text.starts_with('/'))
        return fail(ErrorCode::invalid, fmt::format("'{}' is not an absolute path", text));
    PathPattern pattern;
    pattern.text_ = text;
    pattern.glob_ = text;
    for (std::string_view rest = text; !rest.empty();) TRY(check_part(text, next_part(rest)));
    for (const std::string_view word : {domain_word, user_word}) {
        const std::size_t at = pattern.glob_.find(word);
        if (at == std::string::npos) continue;
        pattern.glob_.replace(at, word.size(), "*");
        if (pattern.glob_.find(word) != std::string::npos)
            return fail(ErrorCode::invalid, fmt::format("'{}': {} stands in it twice", text, word));
    }
    return pattern;
}

PathNames PathPattern::names(std::string_view path) const {
    PathNames names;
    for (std::string_view pattern = text_; !pattern.empty() && !path.empty();) {
        const std::string_view part = next_part(pattern);
        const std::string_view actual = next_part(path);
        const std::string_view word = word_in(part);
        if (word.empty()) continue;
        const std::size_t before = part.find(word);
        const std::size_t behind = part.size() - before - word.size();
        if (actual.size() < before + behind) continue;
        const std::string_view name = actual.substr(before, actual.size() - before - behind);
        (word == domain_word ? names.domain : names.user) = name;
    }
    return names;
}

}  // namespace octroi::logs
