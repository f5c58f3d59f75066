// SPDX-License-Identifier: GPL-3.0-or-later
#include "config/rules.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>

#include "config/interface_pattern.hpp"

namespace octroi {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr std::array place_options{Option{.key = "interfaces",
                                          .type = OptionType::texts,
                                          .default_text = "[]",
                                          .help = "Names, or patterns."}};
constexpr std::array kinds{MeterOptions{.kind = "places",
                                        .help = "Counts at interfaces.",
                                        .options = place_options,
                                        .is_default = true,
                                        .scope = MeterScope::interfaces}};

class BillingRules : public ::testing::Test {
protected:
    void add(const std::string& name, std::vector<std::string> interfaces) {
        MeterConfig meter = table_.default_meter("places");
        meter.name = name;
        meter.options.set("interfaces", std::move(interfaces));
        config_.meters.push_back(std::move(meter));
    }
    [[nodiscard]] std::vector<std::string> problems() const {
        std::vector<Problem> found;
        check_rules(config_, table_, found);
        std::vector<std::string> texts;
        for (const Problem& problem : found) texts.push_back(problem.text);
        return texts;
    }

    const OptionTable table_ = make_option_table(kinds);
    Config config_;
};

TEST_F(BillingRules, APatternOverlapsANameThatItMatches) {
    add("all", {"wg0", "eth*"});
    add("one", {"eth0"});
    EXPECT_THAT(problems(), ElementsAre(HasSubstr("shares an interface with the meter 'all'")));
    config_.meters[1].role = RoleChoice::witness;
    EXPECT_THAT(problems(), IsEmpty());
}

TEST_F(BillingRules, APatternLeavesOtherNamesAlone) {
    add("all", {"eth*", "wg?"});
    add("other", {"ppp0", "wg10"});
    EXPECT_THAT(problems(), IsEmpty());
}

TEST_F(BillingRules, TwoPatternsOverlapUnlessTheyAreDeclaredDisjoint) {
    add("all", {"eth*"});
    add("zeros", {"*0"});
    EXPECT_THAT(problems(), ElementsAre(HasSubstr("shares an interface with")));
    config_.meters[1].disjoint_from = {"all"};
    EXPECT_THAT(problems(), IsEmpty());
}

TEST(InterfacePattern, MatchesAnyTextAndSingleOctets) {
    EXPECT_TRUE(may_mean_one_interface("eth0", "eth0"));
    EXPECT_FALSE(may_mean_one_interface("eth0", "eth1"));
    EXPECT_TRUE(may_mean_one_interface("eth0.10", "e*0.*"));
    EXPECT_TRUE(may_mean_one_interface("*", "lo"));
    EXPECT_TRUE(may_mean_one_interface("a**", "a"));
    EXPECT_FALSE(may_mean_one_interface("eth?", "eth"));
    EXPECT_FALSE(may_mean_one_interface("eth*1", "eth10"));
    EXPECT_TRUE(may_mean_one_interface("*a*b*ab", "aabbab"));
}

}  // namespace
}  // namespace octroi
