// SPDX-License-Identifier: GPL-3.0-or-later
// `octroi rebook` from outside: a back-dated binding shows in `octroi usage`, and a run that is
// killed at any moment and started again leaves the sums of a run without such events.

#include <gtest/gtest.h>

#include <filesystem>
#include <nlohmann/json.hpp>
#include <random>

#include "ledger/audit.hpp"
#include "ledger/testing/batches.hpp"
#include "store/sqlite/sqlite_ledger.hpp"
#include "support/process.hpp"

namespace octroi {
namespace {

using support::Ended;
using support::Folder;
using support::octroi;
using support::Process;
using testing::BatchBuilder;

constexpr int buckets = 84;
constexpr int rows_of_a_bucket = 10;

std::unique_ptr<SqliteLedger> open_it(const std::string& path, OpenMode mode) {
    auto ledger = SqliteLedger::open(path, {.mode = mode});
    EXPECT_TRUE(ledger.has_value()) << ledger.error().text;
    return ledger ? *std::move(ledger) : nullptr;
}

// Two meters, 1680 rows of addresses in 10.0.0.0/16 without bindings, of 7 hours.
void make_ledger(const std::string& path) {
    const auto ledger = open_it(path, OpenMode::create);
    DirectoryStore::Change change;
    change.put_networks = {{"10.0.0.0/16", true}};
    ASSERT_TRUE(ledger->apply(change, testing::some_day).has_value());
    std::mt19937_64 random(1);
    std::uint64_t id = 0;
    for (const char* meter : {"eth0", "eth1"}) {
        for (int first = 0; first < buckets; first += 12) {
            BatchBuilder builder(++id, meter);
            for (int bucket = first; bucket < first + 12; ++bucket) {
                for (int row = 0; row < rows_of_a_bucket; ++row)
                    builder.transfer(bucket,
                                     testing::unattributed("10.0." + std::to_string(row % 2) + "." +
                                                           std::to_string(row)),
                                     testing::outside("world"), row % 3 == 0 ? "https" : "domain",
                                     1 + random() % 1'000'000, 1 + random() % 1000);
            }
            Batch batch = builder.build();
            batch.class_version.clear();
            batch.directory_version = 1;
            const auto outcome = ledger->commit(batch);
            ASSERT_TRUE(outcome.has_value()) << outcome.error().text;
        }
    }
}

std::vector<TransferSum> sums_of(const std::string& path) {
    SumQuestion all;
    all.by_bucket = all.by_meter = all.by_identity = all.by_service = true;
    const auto sums = open_it(path, OpenMode::read_only)->sums(all);
    EXPECT_TRUE(sums.has_value());
    return sums.value_or(std::vector<TransferSum>{});
}

void expect_audit_holds(const std::string& path) {
    const auto report = audit(*open_it(path, OpenMode::read_only));
    ASSERT_TRUE(report.has_value()) << report.error().text;
    for (const AuditFinding& finding : report->findings) ADD_FAILURE() << finding.text;
}

void expect_ok(const Ended& ended) { ASSERT_EQ(ended.status, 0) << ended.out << ended.err; }

nlohmann::json rebook(const std::string& ledger, support::Arguments options = {}) {
    options.insert(options.begin(), {"rebook", "--json"});
    const Ended ended = support::run(octroi(ledger, options));
    EXPECT_EQ(ended.status, 0) << ended.err;
    return nlohmann::json::parse(ended.out);
}

void remove_ledger(const std::string& path) {
    for (const char* tail : {"", "-wal", "-shm", ".lock", ".rebook.lock", ".writers"})
        std::filesystem::remove(path + tail);
}

class RebookTest : public ::testing::Test {
protected:
    void SetUp() override {
        make_ledger(ledger_);
        expect_ok(support::run(octroi(ledger_, {"account", "add", "alice"})));
        expect_ok(support::run(octroi(
            ledger_, {"bind", "10.0.1.0/24", "alice", "--per-address", "--from", "2026-11-01"})));
    }

    const Folder folder_;
    const std::string ledger_ = folder_ / "ledger.db";
};

TEST_F(RebookTest, UsageShowsABackDatedBinding) {
    const auto before = sums_of(ledger_);
    const nlohmann::json dry = rebook(ledger_, {"--dry-run"});
    EXPECT_EQ(dry.at("corrections"), 8) << dry;
    EXPECT_EQ(sums_of(ledger_), before) << "a dry run commits nothing";
    ASSERT_EQ(dry.at("rows").size(), 1U);
    const nlohmann::json& row = dry.at("rows").at(0);
    EXPECT_EQ(row.at("result"), "moves");
    EXPECT_EQ(row.at("before"), "@unattributed");
    EXPECT_EQ(row.at("after"), "alice");
    EXPECT_EQ(row.at("flows"), 2 * buckets * rows_of_a_bucket / 2);
    EXPECT_EQ(row.at("buckets"), buckets);
    EXPECT_EQ(dry.at("unresolved_bytes"), 0);

    EXPECT_EQ(rebook(ledger_).at("moved_bytes"), dry.at("moved_bytes"));
    const Ended usage = support::run(octroi(ledger_, {"usage", "--by", "account", "--json"}));
    const nlohmann::json rows = nlohmann::json::parse(usage.out).at("rows");
    ASSERT_EQ(rows.size(), 2U) << usage.out;
    for (const nlohmann::json& account : rows)
        if (account.at("account") == "alice") {
            EXPECT_EQ(account.at("total_bytes"), row.at("bytes")) << account;
        }
    const Ended again = support::run(octroi(ledger_, {"rebook"}));
    EXPECT_NE(again.out.find("There is nothing to correct."), std::string::npos) << again.out;
    expect_audit_holds(ledger_);

    // The binding was wrong: everything goes back.
    expect_ok(support::run(octroi(ledger_, {"unbind", "10.0.1.0/24", "--at", "2026-11-01"})));
    EXPECT_EQ(rebook(ledger_).at("moved_bytes"), dry.at("moved_bytes"));
    EXPECT_EQ(sums_of(ledger_), before);
    expect_audit_holds(ledger_);
}

TEST_F(RebookTest, CorrectsOneMeterAndOnePeriod) {
    const nlohmann::json hour =
        rebook(ledger_, {"--since", "2026-11-01T03:00Z", "--until", "2026-11-01T04:00Z", "--meter",
                         "eth0", "--reason", "alice moved in earlier"});
    EXPECT_EQ(hour.at("rows").at(0).at("flows"), 12 * rows_of_a_bucket / 2);
    std::vector<std::string> reasons;
    ASSERT_TRUE(open_it(ledger_, OpenMode::read_only)
                    ->each_batch([&](const StoredBatch& stored) -> Status {
                        if (stored.batch.correction)
                            reasons.push_back(stored.batch.meter.name + ": " +
                                              stored.batch.correction->reason);
                        return {};
                    })
                    .has_value());
    EXPECT_EQ(std::set<std::string>(reasons.begin(), reasons.end()),
              std::set<std::string>{"eth0: alice moved in earlier"});
    const Ended wrong = support::run(octroi(ledger_, {"rebook", "--meter", "eth7"}));
    EXPECT_EQ(wrong.status, 1);
    EXPECT_NE(wrong.err.find("there is no meter eth7"), std::string::npos) << wrong.err;
}

TEST_F(RebookTest, OneRunAtATime) {
    const auto other = SqliteLedger::open(
        ledger_, {.mode = OpenMode::read_write, .owner = "octroi rebook", .activity = "rebook"});
    ASSERT_TRUE(other.has_value());
    const Ended refused = support::run(octroi(ledger_, {"rebook"}));
    EXPECT_EQ(refused.status, 1);
    EXPECT_NE(refused.err.find("in use by octroi rebook"), std::string::npos) << refused.err;
    EXPECT_NE(refused.err.find("next: wait for the end of that run"), std::string::npos)
        << refused.err;
    expect_ok(support::run(octroi(ledger_, {"rebook", "--dry-run"})));
    // A daemon is no obstacle.
    const auto daemon =
        SqliteLedger::open(ledger_, {.mode = OpenMode::read_write, .owner = "octroi run"});
    EXPECT_TRUE(daemon.has_value());
}

TEST_F(RebookTest, TwoHundredKillsChangeNothing) {
    const std::string undisturbed = folder_ / "undisturbed.db";
    const std::string killed = folder_ / "killed.db";
    std::filesystem::copy_file(ledger_, undisturbed);
    const auto begin = std::chrono::steady_clock::now();
    expect_ok(support::run(octroi(undisturbed, {"rebook"})));
    const std::chrono::microseconds length = std::chrono::duration_cast<std::chrono::microseconds>(
        std::chrono::steady_clock::now() - begin);
    const auto expected = sums_of(undisturbed);
    const auto original = sums_of(ledger_);

    std::mt19937_64 random(20261129);
    std::filesystem::copy_file(ledger_, killed);
    int unfinished = 0;  // kills after which a part was booked, and not all
    for (int kills = 0, runs = 0; kills < 200; ++runs) {
        ASSERT_LT(runs, 2000) << "rebook always ends before the kill";
        Process process(octroi(killed, {"rebook"}));
        support::pass(std::chrono::microseconds(
            random() % static_cast<std::uint64_t>(length.count() * 5 / 4)));
        process.signal(SIGKILL);
        const Ended end = process.wait();
        if (end.status == 128 + SIGKILL) {
            ++kills;
            if (kills % 20 == 0) expect_audit_holds(killed);
            const auto sums = sums_of(killed);
            if (sums != original && sums != expected) ++unfinished;
            continue;
        }
        expect_ok(end);
        EXPECT_EQ(sums_of(killed), expected);
        remove_ledger(killed);
        std::filesystem::copy_file(ledger_, killed);
    }
    EXPECT_GT(unfinished, 10);
    expect_ok(support::run(octroi(killed, {"rebook"})));
    EXPECT_EQ(sums_of(killed), expected);
    expect_audit_holds(killed);
    EXPECT_EQ(rebook(killed).at("corrections"), 0);
}

}  // namespace
}  // namespace octroi
