// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Rules as texts of nft(8), for tests.

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

#include "meter/nftables/ruleset.hpp"

namespace octroi::accounting::testing {

inline const ServiceNames& sample_services() {
    static const ServiceNames names(
        "# comment\nftp-data 20/tcp\nftp 21/tcp\nsmtp 25/tcp mail\nwww 80/tcp http # web\n"
        "domain 53/tcp\ndomain 53/udp\nbroken\n");
    return names;
}

inline Ruleset compiled(const std::vector<RuleConfig>& rules, const TableOptions& options = {}) {
    auto set = compile(rules, sample_services(), options);
    EXPECT_TRUE(set.has_value()) << set.error().text;
    return set ? *std::move(set) : Ruleset{};
}

inline std::string elements_of(const CounterMap& map) {
    std::string text;
    for (const MapElement& element : map.elements)
        text +=
            fmt::format("{}{} : \"{}\"", text.empty() ? "" : ", ", element.key, element.counter);
    return text;
}

// Every "rule of a chain", with the content of the map instead of its name.
inline std::vector<std::string> rules_of(const Ruleset& set, std::string_view chain) {
    std::vector<std::string> texts;
    for (const CounterChain& one : set.chains)
        if (one.name == chain) texts = one.rules;
    for (std::string& text : texts)
        for (const CounterMap& map : set.maps)
            if (const std::size_t at = text.find("@" + map.name); at != std::string::npos)
                text.replace(at, map.name.size() + 1, fmt::format("{{{}}}", elements_of(map)));
    return texts;
}

}  // namespace octroi::accounting::testing
