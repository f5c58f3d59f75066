// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// The meter of accounting rules with a kernel that the test plays.

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "host/testing/folder.hpp"
#include "meter/nftables/accounting_rule.hpp"
#include "meter/nftables/counter_name.hpp"
#include "meter/nftables/rules_meter.hpp"
#include "meter/nftables/table_marks.hpp"
#include "wire/nftables/testing/messages.hpp"

namespace octroi::accounting::testing {

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
    bool dormant = false;
    int gets = 0;
    std::size_t batches = 0;
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
            give(octroi::nftables::testing::table_message("other", 5));
            give(octroi::nftables::testing::table_message(table, tables_.handle, tables_.dormant));
        }
        if (list == List::chains) {
            give(octroi::nftables::testing::named_message(table, tables_.mark, true));
            if (!tables_.foreign)
                give(octroi::nftables::testing::named_message(
                    table, born_chain("boot/1/" + std::to_string(tables_.handle)), true));
        }
        for (std::size_t i = 0; list == List::rules && i < tables_.rules; ++i)
            give(octroi::nftables::testing::named_message(table, "output.10", false));
        if (list != List::objects) return {};
        give(octroi::nftables::testing::counter_message({"other", "out-a", 1, 99999, 99}));
        for (const auto& [name, value] : tables_.counters)
            give(octroi::nftables::testing::counter_message(
                {table, name, value.handle, value.bytes, value.packets, value.users}));
        if (tables_.busy > 0 && tables_.busy-- > 0) return fail(ErrorCode::busy, "changed");
        return {};
    }
    Status get_objects(const std::string& table, std::span<const std::string> names,
                       Handler handler, void* context) override {
        ++tables_.gets;
        for (const std::string& name : names) {
            const auto found = tables_.counters.find(name);
            if (found == tables_.counters.end()) continue;
            const FakeTables::Value& value = found->second;
            const std::string message = octroi::nftables::testing::counter_message(
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
        tables_.dormant =
            commands.find("flags dormant") != std::string::npos ||
            (tables_.dormant && commands.find("add table inet octroi_t \n") == std::string::npos);
        if (commands.find("add rule") != std::string::npos)
            for (auto& [name, value] : tables_.counters) value.users = 9;
        if (commands.find("create chain") != std::string::npos) tables_.foreign = false;
        const std::size_t at = commands.find("mark-", commands.rfind("add chain"));
        if (at == std::string::npos) return {};
        tables_.mark = commands.substr(at, commands.find('\n', at) - at);
        tables_.rules = parse_mark(tables_.mark)->rules;
        return {};
    }
    Status add(std::span<const std::string> batches) override {
        if (tables_.refuses) return fail(ErrorCode::failed, "nftables refused counters");
        tables_.batches += batches.size();
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
    void accept_identities(std::span<const IdentityEvent> /*events*/) override { ADD_FAILURE(); }
    std::vector<CountedVolume> all;
};

// "in-b/x…"
inline std::string in_counter(const RuleConfig& rule) {
    return counter_text({CountedDirection::in, rule.name, booking_number(booking_of(rule)), {}});
}
inline std::string out_counter(const RuleConfig& rule) {
    return counter_text({CountedDirection::out, rule.name, booking_number(booking_of(rule)), {}});
}

class RulesMeterTest : public ::testing::Test {
protected:
    void open(bool applies = false) { open_meter(applies, true); }
    // With the table of another rule set, or without one.
    void open_as_it_is() { open_meter(true, false); }
    // The last reading, after the rules were deleted.
    void open_for_rest() {
        only_rest_ = true;
        open(false);
    }
    void open_meter(bool applies, bool sets_table) {
        meter_.reset();
        RulesMeterOptions options;
        options.table = "octroi_t";
        options.applies = applies;
        options.only_rest = only_rest_;
        options.link_speed_bits = 1'000'000'000;
        options.rules = rules_;
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

    std::vector<RuleConfig> rules_{
        {.name = "a"},
        {.name = "b", .identity = "user alice", .service = "web", .far_class = "free"}};
    bool only_rest_ = false;
    octroi::testing::Folder folder_;
    FakeTables tables_;
    FakeClock clock_;
    VolumeSink sink_;
    std::vector<Cursor> committed_;
    std::unique_ptr<RulesMeter> meter_;
};

}  // namespace octroi::accounting::testing
