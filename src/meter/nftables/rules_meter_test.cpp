// SPDX-License-Identifier: GPL-3.0-or-later
// The meter with a kernel that the test plays.
#include "meter/nftables/rules_meter.hpp"

#include <gtest/gtest.h>

#include <map>

#include "host/testing/folder.hpp"
#include "meter/nftables/table_marks.hpp"
#include "wire/nftables/testing/messages.hpp"

namespace octroi::accounting {
namespace {

struct FakeTables {
    bool present = true;
    std::uint64_t handle = 1;
    struct Value {
        std::uint64_t bytes = 0;
        std::uint64_t packets = 0;
        std::uint64_t handle = 1;
        std::uint32_t users = 1;
    };
    std::map<std::string, Value> counters;
    int busy = 0;  // so many lists of objects change meanwhile
    std::vector<std::string> commands;
    std::string mark = mark_chain({1, 1, 0});
    std::size_t rules = 1;  // that the kernel has
    bool foreign = false;   // another program made the table
    bool refuses = false;   // changes fail
    int gets = 0;
};

class FakeNftables final : public NftablesHost {
public:
    explicit FakeNftables(FakeTables& tables) : tables_(tables) {}
    Status list(List list, const std::string& table, Handler handler, void* context) override {
        const auto give = [&](const std::string& message) {
            handler(context, std::as_bytes(std::span(message)));
        };
        if (!tables_.present) return {};
        if (list == List::tables) {
            give(nftables::testing::table_message("other", 5));
            give(nftables::testing::table_message(table, tables_.handle));
        }
        if (list == List::chains) {
            give(nftables::testing::named_message(table, tables_.mark, true));
            if (!tables_.foreign)
                give(nftables::testing::named_message(
                    table, born_chain("boot/1/" + std::to_string(tables_.handle)), true));
        }
        for (std::size_t i = 0; list == List::rules && i < tables_.rules; ++i)
            give(nftables::testing::named_message(table, "output.10", false));
        if (list != List::objects) return {};
        give(nftables::testing::counter_message({"other", "out-a", 1, 99999, 99}));
        for (const auto& [name, value] : tables_.counters)
            give(nftables::testing::counter_message(
                {table, name, value.handle, value.bytes, value.packets, value.users}));
        if (tables_.busy > 0 && tables_.busy-- > 0) return fail(ErrorCode::busy, "changed");
        return {};
    }
    Status get_objects(const std::string& table, std::span<const std::string> names,
                       Handler handler, void* context) override {
        ++tables_.gets;
        for (const std::string& name : names) {
            const auto found = tables_.counters.find(name);
            if (found == tables_.counters.end()) return fail(ErrorCode::not_found, "gone");
            const FakeTables::Value& value = found->second;
            const std::string message = nftables::testing::counter_message(
                {table, name, value.handle, value.bytes, value.packets, value.users});
            handler(context, std::as_bytes(std::span(message)));
        }
        return {};
    }
    // The test plays what the kernel does, but for the marks.
    Status run(const std::string& commands, bool /*check_only*/) override {
        if (tables_.refuses) return fail(ErrorCode::failed, "nftables refused the rules");
        tables_.commands.push_back(commands);
        const bool is_new = !tables_.present;
        if (is_new || commands.find("delete table") != std::string::npos) {
            ++tables_.handle;
            tables_.foreign = true;
            tables_.counters.clear();
        }
        tables_.present = true;
        const std::string adds = "add counter inet octroi_t ";
        for (std::size_t at = 0; (at = commands.find(adds, at)) != std::string::npos;) {
            at += adds.size();
            const std::string name = commands.substr(at, commands.find('\n', at) - at);
            tables_.counters.try_emplace(name, FakeTables::Value{.handle = ++handles_, .users = 9});
        }
        if (commands.find("add rule") != std::string::npos)
            for (auto& [name, value] : tables_.counters) value.users = 9;
        if (commands.find("create chain") != std::string::npos) tables_.foreign = false;
        const std::size_t at = commands.find("mark-", commands.rfind("add chain"));
        if (at == std::string::npos) return {};
        tables_.mark = commands.substr(at, commands.find('\n', at) - at);
        tables_.rules = parse_mark(tables_.mark)->rules;
        return {};
    }
    Result<std::string> generation() override { return std::string("boot/1"); }
    void wait(Duration /*time*/) override {}

private:
    FakeTables& tables_;
    std::uint64_t handles_ = 100;
};

class FakeClock final : public Clock {
public:
    std::int64_t seconds = 1'000'000;
    [[nodiscard]] UtcTime now() const override { return UtcTime{} + Duration::seconds(seconds); }
    [[nodiscard]] Duration uptime() const override { return Duration::seconds(seconds); }
};

class VolumeSink final : public ReadingSink {
public:
    void accept(std::span<const Reading> /*readings*/) override { ADD_FAILURE(); }
    void accept_counted(std::span<const CountedVolume> volumes) override {
        EXPECT_LE(volumes.size(), counted_volumes_of_a_pull_max);
        all.insert(all.end(), volumes.begin(), volumes.end());
    }
    std::vector<CountedVolume> all;
};

class RulesMeterTest : public ::testing::Test {
protected:
    void open(bool applies = false) { open_meter(applies, true); }
    // With the table of another rule set, or without one.
    void open_as_it_is() { open_meter(true, false); }
    void open_meter(bool applies, bool sets_table) {
        meter_.reset();
        RulesMeterOptions options;
        options.table = "octroi_t";
        options.applies = applies;
        options.link_speed_bits = 1'000'000'000;
        options.rules = {{.name = "a", .service = "web", .far_class = "free"},
                         {.name = "b", .identity = "user alice"}};
        options.compile = [](const std::vector<RuleConfig>& rules) {
            return compile(rules, {}, {});
        };
        if (applies) {
            auto ruleset = options.compile(options.rules);
            ASSERT_TRUE(ruleset.has_value()) << ruleset.error().text;
            options.ruleset = *std::move(ruleset);
            if (sets_table) {
                tables_.mark = options.ruleset.mark;
                tables_.rules = parse_mark(tables_.mark)->rules;
            }
        }
        auto folder = OwnFolder::open(folder_.file("state"));
        ASSERT_TRUE(folder.has_value()) << folder.error().text;
        auto meter = RulesMeter::open(std::move(options), std::make_unique<FakeNftables>(tables_),
                                      *std::move(folder), committed_, clock_);
        ASSERT_TRUE(meter.has_value()) << meter.error().text;
        meter_ = *std::move(meter);
    }
    // One reading, 10 s after the last.
    Pull read() {
        clock_.seconds += 10;
        for (;;) {
            const auto pulled = meter_->pull(sink_, Duration::seconds(1));
            EXPECT_TRUE(pulled.has_value()) << pulled.error().text;
            if (!pulled || *pulled != Pull::more) return pulled ? *pulled : Pull::end;
        }
    }
    Checkpoint commit() {
        auto made = meter_->checkpoint(sink_);
        EXPECT_TRUE(made.has_value()) << made.error().text;
        committed_ = made->cursors;
        meter_->committed();
        return *std::move(made);
    }
    [[nodiscard]] std::uint64_t bytes() const {
        std::uint64_t sum = 0;
        for (const CountedVolume& volume : sink_.all) sum += volume.bytes;
        return sum;
    }

    testing::Folder folder_;
    FakeTables tables_;
    FakeClock clock_;
    VolumeSink sink_;
    std::vector<Cursor> committed_;
    std::unique_ptr<RulesMeter> meter_;
};

TEST_F(RulesMeterTest, HandsOverIncreasesOnly) {
    tables_.counters["out-a"] = {.bytes = 1000, .packets = 10};
    open();
    EXPECT_EQ(read(), Pull::checkpoint);
    EXPECT_TRUE(sink_.all.empty());
    tables_.counters["out-a"] = {.bytes = 1300, .packets = 13};
    tables_.counters["in-b"] = {.bytes = 70, .packets = 1, .handle = 2};
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
    EXPECT_EQ(names[out.far - 1], (Name{NameKind::far_class, "free"}));
    EXPECT_EQ(names[out.service - 1], (Name{NameKind::service, "web"}));
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

TEST_F(RulesMeterTest, MakesATableAgainThatIsGone) {
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
TEST_F(RulesMeterTest, DoesNotCountTheValuesOfARestoredTable) {
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
    tables_.counters["out-a"] = {.bytes = 30, .packets = 1, .users = 9};
    read();
    EXPECT_EQ(bytes(), 30U);
    EXPECT_TRUE(commit().losses.empty());
}

TEST_F(RulesMeterTest, DoesNotReadATableOfOthersThatItMayNotChange) {
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
TEST_F(RulesMeterTest, MendsATableThatLostItsRules) {
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
TEST_F(RulesMeterTest, MendsATableThatLostElements) {
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
TEST_F(RulesMeterTest, GoesOnWhereTheTableCannotBeMade) {
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
TEST_F(RulesMeterTest, RemovesCountersAfterTheirLastValue) {
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
TEST_F(RulesMeterTest, TakesOtherRules) {
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
    tables_.counters["out-a"].bytes += 30;
    tables_.counters["out-c"] = {.bytes = 7, .packets = 1, .handle = 5, .users = 9};
    read();
    ASSERT_EQ(sink_.all.size(), 3U);
    const auto names = meter_->names().rows();
    const auto local = [&](std::size_t i) { return names[sink_.all[i].local - 1]; };
    EXPECT_EQ(local(0), (Name{NameKind::rule, "a"}));
    EXPECT_EQ(sink_.all[0].bytes, 200U);
    EXPECT_EQ(local(1), (Name{NameKind::user, "bob"}));
    EXPECT_EQ(sink_.all[1].bytes, 30U);
    EXPECT_EQ(local(2), (Name{NameKind::user, "carol"}));
    EXPECT_TRUE(commit().losses.empty());
    const std::size_t before = tables_.commands.size();
    meter_->use_rules(rules);
    read();
    EXPECT_EQ(tables_.commands.size(), before) << "the same rules";
}

TEST_F(RulesMeterTest, KeepsItsRulesWhereTheKernelRefusesOthers) {
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
