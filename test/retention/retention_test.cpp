// SPDX-License-Identifier: GPL-3.0-or-later
// A daemon with keep_fine and keep_hours compacts its ledger while it meters.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include "ledger/testing/batches.hpp"
#include "store/sqlite/sqlite_ledger.hpp"
#include "support/running_daemon.hpp"

namespace octroi::retention {
namespace {

using nlohmann::json;
using support::Ended;
using support::RunningDaemon;

constexpr int days = 60;
constexpr int buckets_of_day = 288;
constexpr std::size_t rows_of_day = std::size_t{2} * buckets_of_day;

UtcTime now() {
    using namespace std::chrono;
    return UtcTime{nanoseconds(system_clock::now().time_since_epoch()).count()};
}

// A batch a day for the days before today, as a meter of another machine booked them.
void fill(const std::string& path) {
    auto ledger = *SqliteLedger::open(path, {.mode = OpenMode::read_write, .node = "other"});
    const UtcTime today = bucket_start(now(), Duration::hours(24));
    for (int day = days; day > 0; --day) {
        Batch batch = testing::BatchBuilder(static_cast<std::uint64_t>(day)).build();
        batch.meter = {"old", "capture", MeterRole::bill};
        batch.parties = {testing::outside("world"), testing::account("alice", "10.0.0.1"),
                         testing::account("bob", "10.0.0.2")};
        batch.services = {"web"};
        const UtcTime begin = today - Duration::hours(24 * day);
        for (int i = 0; i < buckets_of_day; ++i)
            for (const std::uint32_t to : {1U, 2U}) {
                const Volume volume{Bytes{1000U * to + static_cast<unsigned>(i)}, Packets{2},
                                    Flows{1}};
                const UtcTime bucket = begin + Duration{bucket_length.ns * i};
                batch.transfers.push_back({bucket, 0, to, 0, volume});
                batch.observed += volume;
            }
        batch.booked_at = begin + Duration::hours(24);
        const auto outcome = ledger->commit(batch);
        ASSERT_TRUE(outcome) << outcome.error().text;
    }
}

// What `octroi ledger` counts of a kind of rows.
std::size_t rows_of(const RunningDaemon& daemon, const std::string& kind) {
    const Ended ended = daemon.command({"--json", "ledger"});
    EXPECT_EQ(ended.status, 0) << ended.err;
    const json facts = json::parse(ended.out, nullptr, false);
    for (const json& row : facts.value("rows", json::array()))
        if (row.value("kind", "") == kind) return row.value("rows", std::size_t{0});
    ADD_FAILURE() << "no rows of " << kind << " in " << ended.out;
    return 0;
}

// The usage of all whole days of the old meter, by account and day.
json old_usage(const RunningDaemon& daemon) {
    const Ended ended = daemon.command({"--json", "usage", "--meter", "old", "--by", "account,day",
                                        "--since=-70d", "--until", "today"});
    EXPECT_EQ(ended.status, 0) << ended.err;
    return json::parse(ended.out, nullptr, false).value("rows", json::array());
}

void expect_sound(const RunningDaemon& daemon) {
    const Ended audit = daemon.command({"audit"});
    EXPECT_EQ(audit.status, 0) << audit.out << audit.err;
}

TEST(Retention, WorksInARunningDaemon) {
    RunningDaemon daemon(support::Sections{
        {"ledger", "commit_interval = \"1s\"\nkeep_fine = \"10d\"\nkeep_hours = \"40d\"\n"},
        {"display", "timezone = \"Asia/Kolkata\"\n"}});
    ASSERT_EQ(daemon.stop().status, 0);
    fill(daemon.ledger());
    const json before = old_usage(daemon);
    ASSERT_GE(before.size(), static_cast<std::size_t>(2 * days - 2));
    ASSERT_EQ(rows_of(daemon, "transfers"), days * rows_of_day);
    daemon.start();
    EXPECT_TRUE(support::wait_until(
        [&] {
            daemon.send();
            return daemon.log().find("compacted") != std::string::npos;
        },
        std::chrono::seconds(60)))
        << daemon.log();
    EXPECT_EQ(old_usage(daemon), before);
    // 10 or 11 days of transfers are left, 30 of hours, 20 of days, and what the daemon has added.
    EXPECT_LT(rows_of(daemon, "transfers"), 12 * rows_of_day);
    const std::size_t sums = rows_of(daemon, "sums by hour or day");
    EXPECT_LT(sums, 34 * 2 * 25 + 22 * 2);
    EXPECT_GT(sums, 28 * 2 * 24 + 16 * 2);
    expect_sound(daemon);
    // By hand, beside the daemon: nothing is left to do.
    const Ended again = daemon.command({"ledger", "compact"});
    EXPECT_EQ(again.status, 0) << again.err;
    EXPECT_EQ(rows_of(daemon, "sums by hour or day"), sums);
    const Ended stopped = daemon.stop();
    EXPECT_EQ(stopped.status, 0) << stopped.err;
    EXPECT_EQ(stopped.err.find("not compacted"), std::string::npos) << stopped.err;
    expect_sound(daemon);
    EXPECT_EQ(old_usage(daemon), before);
}

}  // namespace
}  // namespace octroi::retention
