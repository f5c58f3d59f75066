// SPDX-License-Identifier: GPL-3.0-or-later
#include "wire/exporter/eviction_order.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <vector>

namespace octroi::exporter {
namespace {

const UtcTime start = UtcTime::from_seconds(1'790'000'000);

struct EvictionOrderTest : testing::Test {
    EvictionOrderTest() {
        limits.few_records = 100;
        limits.few_idle_ns = Duration::minutes(1).ns;
        limits.idle_ns = Duration::minutes(60).ns;
    }
    Exporter* add(std::uint64_t records, UtcTime last_seen) {
        const auto number = static_cast<std::uint32_t>(all.size());
        all.push_back(std::make_unique<Exporter>(Address::v4(number), 1, limits, budgets));
        Exporter* const exporter = all.back().get();
        order.add(*exporter);
        receive(exporter, records, last_seen);
        return exporter;
    }
    void receive(Exporter* exporter, std::uint64_t records, UtcTime received) {
        exporter->records += records;
        exporter->last_seen = received;
        order.touch(*exporter);
    }

    Limits limits;
    Budgets budgets{limits};
    std::vector<std::unique_ptr<Exporter>> all;
    EvictionOrder order{limits};
};

TEST_F(EvictionOrderTest, ExportersWithoutRecordsGoFirstAndAtOnce) {
    add(1000, start);
    add(5, start);
    Exporter* const older = add(0, start + Duration::seconds(1));
    Exporter* const newer = add(0, start + Duration::seconds(2));
    EXPECT_EQ(order.candidate(start + Duration::seconds(2), nullptr), older);
    EXPECT_EQ(order.candidate(start + Duration::seconds(2), older), newer);
    receive(older, 0, start + Duration::seconds(3));
    EXPECT_EQ(order.candidate(start + Duration::seconds(3), nullptr), newer);
}

TEST_F(EvictionOrderTest, FewRecordsProtectForAMinuteManyForAnHour) {
    Exporter* const many = add(100, start);
    Exporter* const few = add(99, start);
    EXPECT_EQ(order.candidate(start + Duration::seconds(59), nullptr), nullptr);
    EXPECT_EQ(order.candidate(start + Duration::seconds(60), nullptr), few);
    EXPECT_EQ(order.candidate(start + Duration::minutes(59), few), nullptr);
    EXPECT_EQ(order.candidate(start + Duration::minutes(60), few), many);
}

TEST_F(EvictionOrderTest, StandingFollowsTheRecords) {
    Exporter* const a = add(0, start);
    Exporter* const b = add(0, start + Duration::seconds(1));
    receive(a, 1, start + Duration::seconds(2));
    EXPECT_EQ(order.candidate(start + Duration::seconds(2), nullptr), b);
    receive(b, 1, start + Duration::seconds(3));
    EXPECT_EQ(order.candidate(start + Duration::seconds(3), nullptr), nullptr);
}

TEST_F(EvictionOrderTest, ARemovedExporterIsNoCandidate) {
    Exporter* const a = add(0, start);
    order.remove(*a);
    EXPECT_EQ(order.candidate(start, nullptr), nullptr);
}

TEST_F(EvictionOrderTest, AClockThatIsSetBackProtectsNoExporterForEver) {
    Exporter* const a = add(100, start + Duration::hours(1000));
    Exporter* const b = add(100, start + Duration::hours(1001));
    EXPECT_EQ(order.candidate(start, nullptr), nullptr);
    EXPECT_EQ(a->last_seen, start);
    EXPECT_EQ(b->last_seen, start);
    EXPECT_EQ(order.candidate(start + Duration::minutes(60), nullptr), a);
}

TEST_F(EvictionOrderTest, VisitsInTheOrderOfEviction) {
    Exporter* const many = add(100, start);
    Exporter* const none = add(0, start);
    Exporter* const few = add(1, start);
    std::vector<const Exporter*> seen;
    order.each([&](const Exporter& exporter) { seen.push_back(&exporter); });
    EXPECT_EQ(seen, (std::vector<const Exporter*>{none, few, many}));
}

}  // namespace
}  // namespace octroi::exporter
