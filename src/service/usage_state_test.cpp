// SPDX-License-Identifier: GPL-3.0-or-later
#include "service/usage_state.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <thread>

#include "host/testing/folder.hpp"
#include "service/control.hpp"
#include "service/testing/temporary_ledger.hpp"

namespace octroi {
namespace {

using octroi::testing::noon;
using octroi::testing::TemporaryLedger;
using ::testing::HasSubstr;

void commit(Ledger& ledger, const std::string& meter, UtcTime at, std::vector<Loss> losses = {},
            MeterRole role = MeterRole::bill) {
    static std::uint8_t number = 0;
    Batch batch;
    batch.id.octets[0] = ++number;
    batch.meter = {meter, "capture", role};
    batch.booked_at = at;
    batch.losses = std::move(losses);
    const auto outcome = ledger.commit(batch);
    EXPECT_TRUE(outcome.has_value()) << outcome.error().text;
}

UsageQuestion day_of(UtcTime begin) {
    return {.by = {}, .period = {begin, begin + Duration::hours(24)}};
}

TEST(UsageState, IsBookedUntilTheOldestCommitOfTheMetersThatRun) {
    const TemporaryLedger ledger;
    const LedgerConfig config;
    EXPECT_FALSE(usage_state(*ledger, {}, config)->booked_until);
    commit(*ledger, "wan", noon);
    commit(*ledger, "lan", noon - Duration::seconds(40));
    commit(*ledger, "gone", noon - Duration::hours(5));
    commit(*ledger, "other", noon + Duration::seconds(30), {}, MeterRole::witness);
    EXPECT_EQ(usage_state(*ledger, {}, config)->booked_until, noon - Duration::seconds(40));
    EXPECT_EQ(usage_state(*ledger, {.meter = "wan"}, config)->booked_until, noon);
    EXPECT_EQ(usage_state(*ledger, {.meter = "gone"}, config)->booked_until,
              noon - Duration::hours(5));
}

// A forged or wrong clock: the figures are in the ledger, but not in a period until now.
TEST(UsageState, SaysThatTrafficIsLaterThanAPeriodUntilNow) {
    const TemporaryLedger ledger;
    const UtcTime ahead = noon + Duration::hours(5);
    const auto add = [&](UtcTime last_traffic) {
        static std::uint8_t number = 100;
        Batch batch;
        batch.id.octets[0] = ++number;
        batch.meter = {"flows", "collector", MeterRole::bill};
        batch.booked_at = noon;
        batch.last_traffic = last_traffic;
        const auto outcome = ledger->commit(batch);
        ASSERT_TRUE(outcome.has_value()) << outcome.error().text;
    };
    const auto found = [&](Interval period) {
        return usage_state(*ledger, {.by = {}, .period = period}, {})->traffic_ahead;
    };
    const Interval until_now{UtcTime::min(), noon + Duration::seconds(20)};
    add(noon + Duration::seconds(30));
    EXPECT_FALSE(found(until_now)) << "a clock that is a little ahead";
    add(ahead);
    EXPECT_EQ(found(until_now), ahead);
    EXPECT_FALSE(found({UtcTime::min(), ahead + Duration::minutes(5)})) << "it is in the period";
    EXPECT_FALSE(found({UtcTime::min(), noon - Duration::hours(24)})) << "a period of the past";
}

TEST(UsageState, NamesTheLossesOfThePeriodAndOfTheMeters) {
    const TemporaryLedger ledger;
    const Interval lost{noon, noon + Duration::minutes(5)};
    commit(*ledger, "wan", noon, {{"eth0", LossReason::not_running, lost, 12, {}}});
    commit(*ledger, "copy", noon, {{"eth1", LossReason::kernel_drop, lost, 3, {}}},
           MeterRole::witness);
    const auto state = usage_state(*ledger, day_of(noon - Duration::hours(1)), {});
    ASSERT_TRUE(state);
    ASSERT_EQ(state->losses.size(), 1U);
    EXPECT_EQ(state->losses[0].reason, LossReason::not_running);
    EXPECT_EQ(state->losses[0].missed, 12U);
    EXPECT_TRUE(usage_state(*ledger, day_of(noon + Duration::hours(1)), {})->losses.empty());
    UsageQuestion every = day_of(noon);
    every.role = std::nullopt;
    EXPECT_EQ(usage_state(*ledger, every, {})->losses.size(), 2U);
}

TEST(UsageState, HasTheExcludedVolumeOfEachMeter) {
    TemporaryLedger ledger;
    const Party duplicate{PartyKind::excluded, "duplicate", ""};
    ledger.commit({{PartyKind::outside, "world", ""}, {PartyKind::account, "chem", "10.1.0.7"}},
                  noon, 1000);
    ledger.commit({duplicate, {PartyKind::excluded, "non-ip", ""}}, noon, 700);
    const auto excluded = excluded_volumes(*ledger);
    ASSERT_TRUE(excluded) << excluded.error().text;
    EXPECT_EQ(excluded->at("test").bytes.value(), 700U);
}

TEST(UsageState, SaysThatADaemonRunsAndWhenFiguresCome) {
    const testing::Folder folder;
    const std::string path = folder.file("ledger.db");
    const LedgerConfig config;
    EXPECT_EQ(coming_figures(path, config, noon, Zone::utc()), "");
    const SystemClock clock;
    const auto server = ControlServer::open(path, clock);
    ASSERT_TRUE(server) << server.error().text;
    const std::jthread daemon([&](const std::stop_token& stop) {
        while (!stop.stop_requested()) (*server)->step();
    });
    EXPECT_THAT(coming_figures(path, config, noon, Zone::utc()),
                HasSubstr("last at 2023-11-15 12:00:00, the next figures are due at 2023-11-15 "
                          "12:01:00"));
    EXPECT_THAT(coming_figures(path, config, std::nullopt, Zone::utc()),
                HasSubstr("Nothing is committed yet; the first figures come within"));
}

}  // namespace
}  // namespace octroi
