// SPDX-License-Identifier: GPL-3.0-or-later
#include "service/config_check.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace octroi {
namespace {

using ::testing::HasSubstr;

std::string refusal(const Config& config) {
    const Status checked = check_config(config);
    return checked ? "" : checked.error().text;
}

Config with_category(std::vector<std::string> services) {
    Config config;
    config.services = {{"intranet", {"tcp/8443"}, {}}};
    config.categories = {{"work", std::move(services), {"octroi.toml", 7, 1}}};
    return config;
}

TEST(ConfigCheck, AcceptsServicesThatCanBe) {
    EXPECT_EQ(refusal({}), "");
    EXPECT_EQ(refusal(with_category({"https", "intranet", "icmp/*", "ethertype/arp", "ether*",
                                     "ethertype/0x88cc", "proto/99", "*"})),
              "");
}

TEST(ConfigCheck, RefusesAServiceThatDoesNotExist) {
    EXPECT_THAT(refusal(with_category({"htps"})),
                HasSubstr("octroi.toml:7:1: [categories] work: there is no service 'htps'; did you "
                          "mean http"));
    EXPECT_THAT(refusal(with_category({"intrnet"})), HasSubstr("did you mean intranet?"));
    EXPECT_THAT(refusal(with_category({"zzzzzzzzzzzz/*"})), HasSubstr("there is no service"));
}

TEST(ConfigCheck, RefusesAZoneThatDoesNotExist) {
    Config config;
    config.display.timezone = "Europe/Vienne";
    EXPECT_THAT(refusal(config), HasSubstr("[display] timezone: 'Europe/Vienne' is not a time"));
}

}  // namespace
}  // namespace octroi
