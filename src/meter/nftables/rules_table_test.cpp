// SPDX-License-Identifier: GPL-3.0-or-later
// The table: others change it, rules come and go.
#include "meter/nftables/testing/played_rules.hpp"

namespace octroi::accounting {
namespace {

class RulesMeterTableTest : public testing::RulesMeterTest {};

TEST_F(RulesMeterTableTest, MakesATableAgainThatIsGone) {
    tables_.counters["out-a"] = {.bytes = 1000, .packets = 10, .users = 9};
    open(true);
    read();
    commit();
    EXPECT_TRUE(tables_.commands.empty());
    tables_.present = false;
    read();
    EXPECT_TRUE(tables_.present);
    EXPECT_FALSE(tables_.foreign);
    EXPECT_EQ(commit().losses.size(), 1U);
    read();
    EXPECT_TRUE(commit().losses.empty());
}

// nft -f of a saved ruleset, at boot or later: its counters have values that counted before.
TEST_F(RulesMeterTableTest, DoesNotCountTheValuesOfARestoredTable) {
    tables_.counters["out-a"] = {.bytes = 1000, .packets = 10, .users = 9};
    open(true);
    read();
    commit();
    tables_.handle = 7;
    tables_.foreign = true;
    tables_.counters["out-a"] = {.bytes = 5000, .packets = 50, .users = 9};
    read();
    EXPECT_EQ(bytes(), 0U);
    EXPECT_EQ(commit().losses.size(), 1U);
    tables_.counters["out-a"].bytes = 30;
    read();
    EXPECT_EQ(bytes(), 30U);
    EXPECT_TRUE(commit().losses.empty());
}

TEST_F(RulesMeterTableTest, DoesNotReadATableOfOthersThatItMayNotChange) {
    tables_.counters["out-a"] = {.bytes = 1000, .packets = 10};
    open();
    read();
    commit();
    tables_.handle = 7;
    tables_.foreign = true;
    tables_.counters["out-a"] = {.bytes = 5000, .packets = 50};
    for (int i = 0; i < 3; ++i) read();
    EXPECT_EQ(bytes(), 0U);
    const Checkpoint made = commit();
    ASSERT_EQ(made.losses.size(), 1U) << "one for the whole time";
    EXPECT_EQ(made.losses[0].interval.end - made.losses[0].interval.begin, Duration::seconds(30));
    EXPECT_TRUE(tables_.commands.empty());
}

// nft flush table: the counters stay, and nothing counts.
TEST_F(RulesMeterTableTest, RepairsATableThatLostItsRules) {
    tables_.counters["out-a"] = {.bytes = 1000, .packets = 10, .users = 9};
    open(true);
    read();
    commit();
    tables_.rules = 0;
    tables_.counters["out-a"] = {.bytes = 1200, .packets = 12, .users = 9};
    read();
    EXPECT_EQ(bytes(), 200U);
    EXPECT_GT(tables_.rules, 0U);
    EXPECT_EQ(commit().losses.size(), 1U);
    // The same while no daemon runs.
    tables_.rules = 0;
    meter_.reset();
    open_as_it_is();
    read();
    EXPECT_GT(tables_.rules, 0U);
    EXPECT_EQ(commit().losses.size(), 1U);
}

// Elements of maps that others removed: counters have fewer users.
TEST_F(RulesMeterTableTest, RepairsATableThatLostElements) {
    tables_.counters["out-a"] = {.bytes = 1000, .packets = 10, .users = 9};
    open(true);
    read();
    commit();
    tables_.counters["out-a"].users = 1;
    read();
    EXPECT_FALSE(tables_.commands.empty());
    EXPECT_EQ(commit().losses.size(), 1U);
}

// Another program that removes the table all the time does not end the daemon.
TEST_F(RulesMeterTableTest, GoesOnWhereTheTableCannotBeMade) {
    tables_.counters["out-a"] = {.bytes = 1000, .packets = 10, .users = 9};
    open(true);
    read();
    commit();
    tables_.present = false;
    tables_.refuses = true;
    EXPECT_EQ(read(), Pull::idle);
    EXPECT_EQ(read(), Pull::idle);
    tables_.refuses = false;
    read();
    EXPECT_TRUE(tables_.present);
    EXPECT_EQ(commit().losses.size(), 1U);
}

// A counter of a rule that is gone is removed when its last value is in the ledger.
TEST_F(RulesMeterTableTest, RemovesCountersAfterTheirLastValue) {
    tables_.counters["out-a"] = {.bytes = 10, .packets = 1, .users = 9};
    tables_.counters["out-old"] = {.bytes = 10, .packets = 1, .handle = 2};
    tables_.counters["foreign"] = {.bytes = 10, .packets = 1, .handle = 3, .users = 0};
    open(true);
    read();
    commit();
    tables_.counters["out-old"] = {.bytes = 30, .packets = 2, .handle = 2, .users = 0};
    read();
    commit();
    EXPECT_TRUE(tables_.commands.empty());
    tables_.counters["out-old"].bytes = 40;
    read();
    commit();
    EXPECT_TRUE(tables_.commands.empty()) << "a packet was late";
    read();
    EXPECT_TRUE(tables_.commands.empty()) << "not committed";
    EXPECT_EQ(bytes(), 30U);
    commit();
    ASSERT_EQ(tables_.commands.size(), 1U);
    EXPECT_EQ(tables_.commands[0], "delete counter inet octroi_t out-old\n");
    tables_.counters.erase("out-old");
    read();
    EXPECT_TRUE(commit().losses.empty());
}

// A reload: what counted until now keeps the names before.
TEST_F(RulesMeterTableTest, TakesOtherRules) {
    tables_.counters["out-a"] = {.bytes = 1000, .packets = 10, .users = 9};
    open(true);
    read();
    commit();
    auto rules = std::make_shared<std::vector<RuleConfig>>();
    rules->push_back({.name = "a", .identity = "user bob"});
    rules->push_back({.name = "c", .identity = "user carol"});
    tables_.counters["out-a"].bytes += 200;
    meter_->use_rules(rules);
    const auto pulled = meter_->pull(sink_, Duration::seconds(1));
    ASSERT_TRUE(pulled.has_value()) << pulled.error().text;
    EXPECT_EQ(tables_.mark, compile(*rules, {}, {})->mark) << "at once, not at the next reading";
    // Between the last reading and the change.
    tables_.counters["out-a"].bytes += 3;
    tables_.counters[testing::out_counter(rules->front())] = {
        .bytes = 30, .packets = 1, .handle = 6, .users = 9};
    tables_.counters[testing::out_counter(rules->back())] = {
        .bytes = 7, .packets = 1, .handle = 5, .users = 9};
    read();
    ASSERT_EQ(sink_.all.size(), 4U);
    const auto names = meter_->names().rows();
    const auto local = [&](std::size_t i) { return names[sink_.all[i].local - 1]; };
    EXPECT_EQ(local(0), (Name{NameKind::rule, "a"}));
    EXPECT_EQ(sink_.all[0].bytes, 200U);
    EXPECT_EQ(local(1), (Name{NameKind::rule, "a"}));
    EXPECT_EQ(sink_.all[1].bytes, 3U);
    EXPECT_EQ(local(2), (Name{NameKind::user, "bob"}));
    EXPECT_EQ(sink_.all[2].bytes, 30U);
    EXPECT_EQ(local(3), (Name{NameKind::user, "carol"}));
    EXPECT_TRUE(commit().losses.empty());
    const std::size_t before = tables_.commands.size();
    meter_->use_rules(rules);
    read();
    EXPECT_EQ(tables_.commands.size(), before) << "the same rules";
}

// A rule that is gone, while a meter runs and while none does: its last count goes to the
// identity that it had, also where another rule has the name now.
TEST_F(RulesMeterTableTest, PostsTheLastCountOfARemovedRule) {
    const RuleConfig alice{
        .name = "b", .identity = "user alice", .service = "web", .far_class = "free"};
    const std::string counter = testing::out_counter(alice);
    tables_.counters[counter] = {.bytes = 100, .packets = 1, .users = 9};
    open(true);
    read();
    auto rules = std::make_shared<std::vector<RuleConfig>>();
    rules->push_back({.name = "b", .identity = "user bob"});
    meter_->use_rules(rules);
    read();
    tables_.counters[counter] = {.bytes = 150, .packets = 2, .users = 0};
    read();
    ASSERT_EQ(sink_.all.size(), 1U);
    const auto local = [&](std::size_t i) {
        return meter_->names().rows()[sink_.all[i].local - 1];
    };
    EXPECT_EQ(local(0), (Name{NameKind::user, "alice"}));
    rules = std::make_shared<std::vector<RuleConfig>>();
    rules->push_back({.name = "z"});
    meter_->use_rules(rules);
    read();
    commit();
    // Without the rule in its configuration.
    sink_.all.clear();
    rules_ = *rules;
    open_as_it_is();
    tables_.counters[counter].bytes = 157;
    read();
    ASSERT_EQ(sink_.all.size(), 1U);
    EXPECT_EQ(local(0), (Name{NameKind::user, "alice"}));
    EXPECT_EQ(sink_.all[0].bytes, 7U);
    EXPECT_TRUE(commit().losses.empty());
}

// nft add table inet octroi_rules '{ flags dormant; }'
TEST_F(RulesMeterTableTest, WakesADormantTable) {
    tables_.counters["out-a"] = {.bytes = 1000, .packets = 10, .users = 9};
    open(true);
    read();
    commit();
    tables_.dormant = true;
    read();
    EXPECT_FALSE(tables_.dormant);
    EXPECT_EQ(commit().losses.size(), 1U);
}

TEST_F(RulesMeterTableTest, KeepsItsRulesWhereTheKernelRefusesOthers) {
    tables_.counters["out-a"] = {.bytes = 1000, .packets = 10, .users = 9};
    open(true);
    read();
    const std::string before = tables_.mark;
    auto rules = std::make_shared<std::vector<RuleConfig>>();
    rules->push_back({.name = "c"});
    tables_.refuses = true;
    meter_->use_rules(rules);
    read();
    EXPECT_EQ(tables_.mark, before);
    tables_.refuses = false;
    read();
    EXPECT_NE(tables_.mark, before) << "tried again";
}

}  // namespace
}  // namespace octroi::accounting
