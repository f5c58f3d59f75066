// SPDX-License-Identifier: GPL-3.0-or-later
#include "config/same_bytes.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>

#include "config/rules.hpp"

namespace octroi {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr std::array relation_options{
    Option{.key = "addresses", .type = OptionType::texts, .default_text = "[]", .help = "Ends."},
    Option{.key = "services", .type = OptionType::texts, .default_text = "[]", .help = "Services."},
    Option{
        .key = "same_bytes_as", .type = OptionType::texts, .default_text = "[]", .help = "Meters."},
    Option{.key = "precedence",
           .type = OptionType::choice,
           .default_text = R"("packets")",
           .range = "packets|log",
           .help = "Which."}};
constexpr std::array kinds{
    MeterOptions{.kind = "packets",
                 .help = "P.",
                 .options = {},
                 .is_default = true,
                 .scope = MeterScope::machine,
                 .has_both_ends = true},
    MeterOptions{.kind = "sums", .help = "S.", .options = {}, .scope = MeterScope::elsewhere},
    MeterOptions{
        .kind = "lines", .help = "L.", .options = relation_options, .scope = MeterScope::chosen}};

class SameBytesTest : public ::testing::Test {
protected:
    SameBytesTest() {
        add("router", "packets");
        MeterConfig& log = add("proxy", "lines");
        log.options.set("addresses", std::vector<std::string>{"192.0.2.10", "2001:db8::/64"});
        log.options.set("services", std::vector<std::string>{"http"});
    }
    MeterConfig& add(const std::string& name, std::string_view kind) {
        MeterConfig meter = table_.default_meter(kind);
        meter.name = name;
        config_.meters.push_back(std::move(meter));
        return config_.meters.back();
    }
    MeterConfig& log() { return config_.meters[1]; }
    void relate(std::vector<std::string> meters, const std::string& precedence) {
        log().options.set("same_bytes_as", std::move(meters));
        log().options.set("precedence", precedence);
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

TEST_F(SameBytesTest, TwoMetersThatMayCountTheSamePacketsNeedARelation) {
    EXPECT_THAT(problems(), ElementsAre(HasSubstr("its traffic would be charged twice")));
    for (const char* precedence : {"packets", "log"}) {
        relate({"router"}, precedence);
        EXPECT_THAT(problems(), IsEmpty());
    }
}

TEST_F(SameBytesTest, ARelationHasTheValuesOfTheLog) {
    EXPECT_THAT(same_bytes_of(config_), IsEmpty());
    relate({"router"}, "log");
    const SameBytes expected{
        .log = "proxy",
        .packet_meters = {"router"},
        .addresses = {*parse_prefix("192.0.2.10"), *parse_prefix("2001:db8::/64")},
        .services = {"http"},
        .precedence = Precedence::log,
        .where = {}};
    EXPECT_THAT(same_bytes_of(config_), ElementsAre(expected));
    EXPECT_FALSE(is_witness_by_precedence(config_, "proxy"));
    relate({"router"}, "packets");
    EXPECT_TRUE(is_witness_by_precedence(config_, "proxy"));
    EXPECT_FALSE(is_witness_by_precedence(config_, "router"));
}

TEST_F(SameBytesTest, ARelationNamesAnotherMeterAndAddresses) {
    relate({"router", "ruoter", "proxy"}, "log");
    EXPECT_THAT(problems(),
                ElementsAre("[meter] proxy: same_bytes_as: there is no meter 'ruoter'",
                            "[meter] proxy: same_bytes_as: a meter cannot name itself"));
    relate({"router"}, "log");
    log().options.set("addresses", std::vector<std::string>{});
    EXPECT_THAT(problems(), ElementsAre(HasSubstr("needs the addresses of the server")));
}

// A counter of an interface, or of a bound prefix: no address could be found in it.
TEST_F(SameBytesTest, AMeterWithoutTheAddressesOfBothEndsIsRefused) {
    add("uplink", "sums");
    relate({"router", "uplink"}, "log");
    EXPECT_THAT(problems(),
                ElementsAre("[meter] proxy: same_bytes_as: the meter 'uplink' is of kind 'sums', "
                            "which does not count each packet or flow with the addresses of both "
                            "ends, so none could be found by `addresses`; next: name a meter of "
                            "one of the kinds packets"));
}

TEST_F(SameBytesTest, ALogWithPrecedenceIsNoWitness) {
    relate({"router"}, "log");
    log().role = RoleChoice::witness;
    EXPECT_THAT(problems(), ElementsAre(HasSubstr("but its role is \"witness\"")));
    relate({"router"}, "packets");
    EXPECT_THAT(problems(), IsEmpty());
}

TEST_F(SameBytesTest, ARelationToALogWithARelationIsRefused) {
    relate({"router"}, "log");
    MeterConfig& other = add("second", "lines");
    other.options.set("same_bytes_as", std::vector<std::string>{"proxy", "router"});
    other.options.set("addresses", std::vector<std::string>{"192.0.2.10"});
    EXPECT_THAT(problems(), ElementsAre(HasSubstr("the meter 'proxy' has a relation of its own")));
}

}  // namespace
}  // namespace octroi
