// SPDX-License-Identifier: GPL-3.0-or-later
#include "service/class_change.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <utility>
#include <vector>

namespace octroi {
namespace {

using ::testing::HasSubstr;

// A table of prefixes and their classes.
ClassTable classes_with(const std::vector<std::pair<std::string, std::string>>& lines) {
    ClassTable table;
    for (const auto& [prefix, name] : lines) {
        auto at = std::ranges::find(table.classes, name);
        if (at == table.classes.end()) at = table.classes.insert(at, name);
        table.routes.push_back(
            {*parse_prefix(prefix), static_cast<std::uint16_t>(at - table.classes.begin())});
    }
    return table;
}

TEST(ClassChange, AClassThatVanishedOrShrankIsImplausible) {
    const ClassTable before = classes_with({{"192.0.2.0/26", "free"},
                                            {"192.0.2.64/26", "free"},
                                            {"192.0.2.128/26", "free"},
                                            {"198.51.100.0/24", "near"}});
    EXPECT_EQ(implausible_class(before, before, 50), "");
    EXPECT_EQ(implausible_class(before,
                                classes_with({{"192.0.2.0/26", "free"},
                                              {"192.0.2.64/26", "free"},
                                              {"198.51.100.0/24", "near"}}),
                                50),
              "");
    EXPECT_EQ(implausible_class(before,
                                classes_with({{"192.0.2.0/26", "free"},
                                              {"192.0.2.64/26", "free"},
                                              {"192.0.2.128/26", "free"},
                                              {"198.51.100.0/24", "far"}}),
                                50),
              "its class near has 0 prefixes, and that of the table in force 1");
}

TEST(ClassChange, OfAFewPrefixesOnlyTheEndIsImplausible) {
    const auto free_classes = [](int prefixes) {
        std::vector<std::pair<std::string, std::string>> lines{{"198.51.100.0/24", "near"}};
        for (int i = 0; i < prefixes; ++i)
            lines.emplace_back("10.0." + std::to_string(i) + ".0/24", "free");
        return classes_with(lines);
    };
    EXPECT_EQ(implausible_class(free_classes(15), free_classes(1), 50), "");
    EXPECT_EQ(implausible_class(free_classes(16), free_classes(9), 50), "");
    EXPECT_EQ(implausible_class(free_classes(16), free_classes(8), 50),
              "its class free has 8 prefixes, and that of the table in force 16");
}

TEST(ClassChange, AClassThatMultipliesIsImplausible) {
    const ClassTable before = classes_with({{"10.0.0.0/9", "free"}, {"2001:db8::/32", "free"}});
    EXPECT_EQ(implausible_class(
                  before, classes_with({{"10.0.0.0/8", "free"}, {"2001:db8::/32", "free"}}), 50),
              "")
        << "a /8 at most";
    EXPECT_THAT(implausible_class(
                    before, classes_with({{"0.0.0.0/0", "free"}, {"2001:db8::/32", "free"}}), 50),
                HasSubstr("its class free has more than a /8 of IPv4"));
    EXPECT_THAT(
        implausible_class(before, classes_with({{"10.0.0.0/9", "free"}, {"::/0", "free"}}), 50),
        HasSubstr("its class free has more than a /16 of IPv6"));
    const ClassTable large = classes_with({{"0.0.0.0/1", "far"}});
    EXPECT_EQ(implausible_class(large, classes_with({{"0.0.0.0/0", "far"}}), 50), "") << "twice";
    EXPECT_THAT(
        implausible_class(large, classes_with({{"0.0.0.0/1", "far"}, {"128.0.0.0/2", "x"}}), 50),
        HasSubstr("its class x has more than a /8"))
        << "a class that is new";
}

}  // namespace
}  // namespace octroi
