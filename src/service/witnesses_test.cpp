// SPDX-License-Identifier: GPL-3.0-or-later
#include "service/witnesses.hpp"

#include <gtest/gtest.h>

namespace octroi {
namespace {

MeterConfig meter(const std::string& name, std::vector<std::string> interfaces) {
    MeterConfig config;
    config.name = name;
    config.options.set("interfaces", std::move(interfaces));
    return config;
}

TEST(Witnesses, AMeterThatNamesItsInterfacesSeesNoOthers) {
    Config config;
    config.meters = {meter("links", {"eth0", "eth1"}), meter("lan", {"eth1"}),
                     meter("wan", {"eth2"}), meter("all", {})};
    config.meters.emplace_back().name = "exports";
    EXPECT_TRUE(may_see_the_same(config, "links", "lan"));
    EXPECT_FALSE(may_see_the_same(config, "links", "wan"));
    EXPECT_TRUE(may_see_the_same(config, "links", "all"));
    EXPECT_TRUE(may_see_the_same(config, "links", "exports"));
    EXPECT_TRUE(may_see_the_same(config, "links", "removed-from-the-file"));
}

}  // namespace
}  // namespace octroi
