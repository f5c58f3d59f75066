// SPDX-License-Identifier: GPL-3.0-or-later
// The increases of counters.
#include "meter/nftables/testing/played_rules.hpp"

namespace octroi::accounting {
namespace {

using testing::RulesMeterTest;

TEST_F(RulesMeterTest, HandsOverIncreasesOnly) {
    tables_.counters["out-a"] = {.bytes = 1000, .packets = 10};
    open();
    EXPECT_EQ(read(), Pull::checkpoint);
    EXPECT_TRUE(sink_.all.empty());
    tables_.counters["out-a"] = {.bytes = 1300, .packets = 13};
    const RuleConfig b{
        .name = "b", .identity = "user alice", .service = "web", .far_class = "free"};
    tables_.counters[testing::in_counter(b)] = {.bytes = 70, .packets = 1, .handle = 2};
    EXPECT_EQ(read(), Pull::idle);
    ASSERT_EQ(sink_.all.size(), 2U);
    const CountedVolume& in = sink_.all[0];
    const CountedVolume& out = sink_.all[1];
    const auto names = meter_->names().rows();
    EXPECT_EQ(in.direction, CountedDirection::in);
    EXPECT_EQ(names[in.local - 1], (Name{NameKind::user, "alice"}));
    EXPECT_EQ(out.bytes, 300U);
    EXPECT_EQ(out.packets, 3U);
    EXPECT_EQ(out.last - out.first, Duration::seconds(10));
    EXPECT_EQ(names[out.local - 1], (Name{NameKind::rule, "a"}));
    EXPECT_EQ(names[in.far - 1], (Name{NameKind::far_class, "free"}));
    EXPECT_EQ(names[in.service - 1], (Name{NameKind::service, "web"}));
    EXPECT_EQ(commit().observed.bytes.value(), 370U);
}

TEST_F(RulesMeterTest, GoesOnFromTheCommittedValues) {
    tables_.counters["out-a"] = {.bytes = 1000, .packets = 10};
    open();
    read();
    commit();
    tables_.counters["out-a"] = {.bytes = 1500, .packets = 15};
    read();  // not committed
    tables_.counters["out-a"] = {.bytes = 1700, .packets = 17};
    sink_.all.clear();
    open();
    read();
    EXPECT_EQ(bytes(), 700U);
}

// A ledger that was restored from a backup names values of another time.
TEST_F(RulesMeterTest, ValuesThatTheCursorDoesNotNameAreNotBelieved) {
    tables_.counters["out-a"] = {.bytes = 1000, .packets = 10};
    open();
    read();
    commit();
    const auto backup = committed_;
    tables_.counters["out-a"] = {.bytes = 1500, .packets = 15};
    read();
    commit();
    committed_ = backup;
    tables_.counters["out-a"] = {.bytes = 1700, .packets = 17};
    sink_.all.clear();
    open();
    EXPECT_EQ(read(), Pull::checkpoint);
    EXPECT_EQ(bytes(), 0U);
    tables_.counters["out-a"] = {.bytes = 1800, .packets = 18};
    read();
    EXPECT_EQ(bytes(), 100U);
    const Checkpoint made = commit();
    ASSERT_EQ(made.losses.size(), 1U);
    EXPECT_EQ(made.losses[0].reason, LossReason::not_running);
}

// octroi rules apply put rules into the kernel that the daemon has not read yet.
TEST_F(RulesMeterTest, ACounterOfUnknownRulesWaitsUntilTheyAreKnown) {
    open();
    read();
    const RuleConfig c{.name = "c", .identity = "user bob"};
    const std::string counter = testing::in_counter(c);
    tables_.counters[counter] = {.bytes = 70, .packets = 1};
    read();
    tables_.counters[counter] = {.bytes = 90, .packets = 2};
    commit();
    read();
    EXPECT_EQ(bytes(), 0U);
    rules_.push_back(c);
    meter_->use_rules(std::make_shared<const std::vector<RuleConfig>>(rules_));
    read();
    read();
    ASSERT_EQ(sink_.all.size(), 1U);
    EXPECT_EQ(sink_.all[0].bytes, 90U);
    EXPECT_EQ(meter_->names().rows()[sink_.all[0].local - 1], (Name{NameKind::user, "bob"}));
    EXPECT_TRUE(commit().losses.empty());
}

// Nobody will know its rule any more: without this its last counts would be removed unread.
TEST_F(RulesMeterTest, AnUnusedCounterOfUnknownRulesIsHandedOver) {
    open();
    read();
    const std::string counter = testing::in_counter({.name = "c", .identity = "user bob"});
    tables_.counters[counter] = {.bytes = 70, .packets = 1};
    read();
    EXPECT_EQ(bytes(), 0U);
    tables_.counters[counter].users = 0;
    read();
    ASSERT_EQ(sink_.all.size(), 1U);
    EXPECT_EQ(meter_->names().rows()[sink_.all[0].local - 1], (Name{NameKind::rule, "c"}));
}

// octroi run --detach-kernel.
TEST_F(RulesMeterTest, PostsTheRestOfADetachedTableOnceAndEnds) {
    tables_.counters["out-a"] = {.bytes = 1000, .packets = 10};
    open();
    read();
    commit();
    tables_.counters["out-a"] = {.bytes = 1700, .packets = 17};
    testing::FakeNftables kernel(tables_);
    const auto detached = AccountingTable(kernel, "octroi_t").detach();
    ASSERT_TRUE(detached.has_value()) << detached.error().text;
    EXPECT_TRUE(*detached);
    EXPECT_EQ(tables_.commands.back(), "flush table inet octroi_t\n");
    tables_.rules = 0;
    const std::size_t commands = tables_.commands.size();
    open_for_rest();
    EXPECT_EQ(read(), Pull::end);
    EXPECT_EQ(bytes(), 700U);
    EXPECT_TRUE(commit().losses.empty());
    EXPECT_EQ(tables_.commands.size(), commands) << "the rules are not made again";
}

TEST_F(RulesMeterTest, DetachesNoTableOfAnotherProgram) {
    tables_.foreign = true;
    testing::FakeNftables kernel(tables_);
    const auto detached = AccountingTable(kernel, "octroi_t").detach();
    ASSERT_TRUE(detached.has_value()) << detached.error().text;
    EXPECT_FALSE(*detached);
    EXPECT_TRUE(tables_.commands.empty());
}

// A checkpoint may come between two parts of one reading.
TEST_F(RulesMeterTest, IsExactInTheMiddleOfAReading) {
    for (int i = 0; i < 3000; ++i)
        tables_.counters["out-r" + std::to_string(i)] = {.bytes = 100, .packets = 1};
    open();
    read();
    commit();
    for (auto& [name, value] : tables_.counters) value = {.bytes = 150, .packets = 2};
    clock_.seconds += 10;
    const auto first = meter_->pull(sink_, Duration::seconds(1));
    ASSERT_TRUE(first && *first == Pull::more);
    EXPECT_EQ(bytes(), commit().observed.bytes.value());
    open();
    read();
    EXPECT_EQ(bytes(), 3000U * 50);
}

TEST_F(RulesMeterTest, RecordsALossWhereATableBeginsAgain) {
    tables_.counters["out-a"] = {.bytes = 1000, .packets = 10};
    open();
    read();
    tables_.handle = 2;
    tables_.counters["out-a"] = {.bytes = 40, .packets = 1};
    read();
    EXPECT_EQ(bytes(), 40U);
    const Checkpoint made = commit();
    ASSERT_EQ(made.losses.size(), 1U);
    EXPECT_EQ(made.losses[0].reason, LossReason::counter_reset);
}

// apply removes a counter that nothing refers to.
TEST_F(RulesMeterTest, LosesNothingWithAnUnusedCounter) {
    tables_.counters["out-a"] = {.bytes = 10, .packets = 1};
    tables_.counters["out-b"] = {.bytes = 10, .packets = 1, .handle = 2};
    open();
    read();
    tables_.counters["out-b"] = {.bytes = 30, .packets = 2, .handle = 2, .users = 0};
    read();
    tables_.counters.erase("out-b");
    read();
    EXPECT_EQ(bytes(), 20U);
    EXPECT_TRUE(commit().losses.empty());
    tables_.counters.erase("out-a");
    read();
    EXPECT_EQ(commit().losses.size(), 1U);
}

TEST_F(RulesMeterTest, ExcludesWhatALinkCannotCarry) {
    tables_.counters["out-a"] = {};
    open();
    read();
    tables_.counters["out-a"] = {.bytes = std::uint64_t{1} << 40U, .packets = 1U << 20U};
    read();
    ASSERT_EQ(sink_.all.size(), 1U);
    EXPECT_EQ(sink_.all[0].kind, ReadingKind::implausible);
}

TEST_F(RulesMeterTest, ListsAgainWhatChangedMeanwhile) {
    tables_.counters["out-a"] = {.bytes = 5, .packets = 1};
    open();
    read();
    tables_.counters["out-a"] = {.bytes = 9, .packets = 2};
    tables_.busy = 3;
    read();
    EXPECT_EQ(bytes(), 4U);
    ASSERT_EQ(sink_.all.size(), 1U);
}

// A meter that ended after it removed a counter of which the last value is in the ledger.
TEST_F(RulesMeterTest, LosesNothingWithAnUnusedCounterAfterARestart) {
    tables_.counters["out-a"] = {.bytes = 10, .packets = 1};
    tables_.counters["out-old"] = {.bytes = 10, .packets = 1, .handle = 2, .users = 0};
    open();
    read();
    commit();
    tables_.counters.erase("out-old");
    open();
    read();
    EXPECT_TRUE(commit().losses.empty());
    tables_.counters.erase("out-a");
    open();
    read();
    EXPECT_EQ(commit().losses.size(), 1U);
}

// Very many counters are read by name, until the rules change or one of them is gone.
TEST_F(RulesMeterTest, ReadsManyCountersByName) {
    const std::size_t many = AccountingTable::listed_max + 1;
    for (std::size_t i = 0; i < many; ++i)
        tables_.counters["out-r" + std::to_string(i)] = {.bytes = 100, .packets = 1};
    open();
    read();
    EXPECT_EQ(tables_.gets, 0);
    for (auto& [name, value] : tables_.counters) value.bytes += 7;
    read();
    EXPECT_EQ(tables_.gets, 1);
    EXPECT_EQ(bytes(), many * 7);
    tables_.mark = mark_chain({2, 1, 0});
    tables_.counters["out-new"] = {.bytes = 50, .packets = 1};
    read();
    EXPECT_EQ(bytes(), many * 7 + 50);
    tables_.counters.erase("out-r5");
    read();
    EXPECT_EQ(commit().losses.size(), 1U);
    tables_.handle = 2;
    read();
    EXPECT_EQ(commit().losses.size(), 1U);
}

}  // namespace
}  // namespace octroi::accounting
