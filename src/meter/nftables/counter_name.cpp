// SPDX-License-Identifier: GPL-3.0-or-later
#include "meter/nftables/counter_name.hpp"

#include <algorithm>

namespace octroi::accounting {
namespace {

constexpr std::string_view out_prefix = "out-";
constexpr std::string_view in_prefix = "in-";

}  // namespace

std::string counter_text(const CounterName& name) {
    std::string text(name.direction == CountedDirection::out ? out_prefix : in_prefix);
    text += name.rule;
    if (name.address.empty()) return text;
    std::string address = to_string(name.address);
    std::ranges::replace(address, ':', '_');
    return text + "/" + address;
}

std::optional<CounterName> parse_counter(std::string_view text) {
    CounterName name;
    if (text.starts_with(out_prefix))
        name.direction = CountedDirection::out;
    else if (!text.starts_with(in_prefix))
        return std::nullopt;
    text.remove_prefix(name.direction == CountedDirection::out ? out_prefix.size()
                                                               : in_prefix.size());
    const std::size_t slash = text.find('/');
    name.rule = text.substr(0, slash);
    if (name.rule.empty()) return std::nullopt;
    if (slash == std::string_view::npos) return name;
    std::string address(text.substr(slash + 1));
    std::ranges::replace(address, '_', ':');
    const auto parsed = parse_address(address);
    if (!parsed) return std::nullopt;
    name.address = *parsed;
    return name;
}

}  // namespace octroi::accounting
