// SPDX-License-Identifier: GPL-3.0-or-later
#include "meter/leases/lease_events.hpp"

#include <gtest/gtest.h>

#include "record/testing/identity_sink.hpp"

namespace octroi::dhcp {
namespace {

using leases::Lease;
using leases::LeaseState;
using octroi::testing::event_texts;
using Texts = std::vector<std::string>;

const UtcTime ten = *parse_rfc3339("2026-11-28T10:00:00Z");
const UtcTime noon = *parse_rfc3339("2026-11-28T12:00:00Z");
constexpr Duration hour = Duration::hours(1);

Lease lease(const char* mac, std::optional<UtcTime> begin, std::optional<UtcTime> end,
            LeaseState state = LeaseState::active, const char* prefix = "10.1.0.17") {
    return {*parse_prefix(prefix), *mac == '\0' ? Mac{} : *parse_mac(mac), state, begin, end};
}

class LeaseEventsTest : public ::testing::Test {
protected:
    Texts add(const Lease& lease, UtcTime written = noon) {
        events_.add(lease, written);
        events_.end_pass();
        return event_texts(events_.drain());
    }
    LeaseEvents events_{LeasePolicy{.networks = {*parse_prefix("10.1.0.0/16")}, .limit = 2}};
};

TEST_F(LeaseEventsTest, ActiveLeasesHoldUntilTheirEnd) {
    const Texts held{
        "2026-11-28T10:00:00Z 10.1.0.17/32 > 02:00:00:00:00:01 until "
        "2026-11-28T12:00:00Z"};
    EXPECT_EQ(add(lease("02:00:00:00:00:01", ten, noon)), held);
    EXPECT_EQ(add(lease("02:00:00:00:00:01", ten, noon)), Texts{});
    // Renewed.
    EXPECT_EQ(add(lease("02:00:00:00:00:01", ten + hour, noon + hour)),
              Texts{"2026-11-28T11:00:00Z 10.1.0.17/32 > 02:00:00:00:00:01 until "
                    "2026-11-28T13:00:00Z"});
    EXPECT_EQ(add(lease("02:00:00:00:00:02", ten + hour, std::nullopt)),
              Texts{"2026-11-28T11:00:00Z 10.1.0.17/32 > 02:00:00:00:00:02"});
    EXPECT_EQ(events_.counts().events, 3U);
}

TEST_F(LeaseEventsTest, EndedLeasesStateBothTimes) {
    const Lease ended = lease("02:00:00:00:00:01", ten, ten + hour, LeaseState::ended);
    EXPECT_EQ(add(ended), (Texts{"2026-11-28T10:00:00Z 10.1.0.17/32 > 02:00:00:00:00:01 until "
                                 "2026-11-28T11:00:00Z",
                                 "2026-11-28T11:00:00Z 10.1.0.17/32 > nobody"}));
    EXPECT_EQ(add(ended), Texts{});
}

TEST_F(LeaseEventsTest, NoEventIsLaterThanItsFile) {
    EXPECT_EQ(add(lease("02:00:00:00:00:01", noon + hour, noon + hour + hour), noon),
              Texts{"2026-11-28T12:00:00Z 10.1.0.17/32 > 02:00:00:00:00:01 until "
                    "2026-11-28T14:00:00Z"});
    EXPECT_EQ(add(lease("02:00:00:00:00:01", ten, std::nullopt, LeaseState::removed), noon + hour),
              Texts{"2026-11-28T13:00:00Z 10.1.0.17/32 > nobody"});
}

// Kea: the row that deletes a lease has no time of its own.
TEST_F(LeaseEventsTest, ARemovalIsStatedOnce) {
    (void)add(lease("02:00:00:00:00:01", ten, std::nullopt));
    const Lease removed = lease("02:00:00:00:00:01", ten, std::nullopt, LeaseState::removed);
    EXPECT_EQ(add(removed, noon).size(), 1U);
    EXPECT_EQ(add(removed, noon + hour), Texts{});
    EXPECT_EQ(add(lease("02:00:00:00:00:02", noon + hour, std::nullopt), noon + hour).size(), 1U);
    EXPECT_EQ(add(removed, noon + hour + hour).size(), 1U);
}

// A restart reads a file with older rows: the time of the file is that of the last row.
TEST_F(LeaseEventsTest, ARemovalBeforeAnotherLeaseHasNoTime) {
    events_.add(lease("02:00:00:00:00:01", ten, noon), noon + hour);
    events_.add(lease("02:00:00:00:00:01", ten, std::nullopt, LeaseState::removed), noon + hour);
    EXPECT_EQ(add(lease("02:00:00:00:00:02", ten + hour, noon + hour), noon + hour),
              (Texts{"2026-11-28T10:00:00Z 10.1.0.17/32 > 02:00:00:00:00:01 until "
                     "2026-11-28T12:00:00Z",
                     "2026-11-28T11:00:00Z 10.1.0.17/32 > 02:00:00:00:00:02 until "
                     "2026-11-28T13:00:00Z"}));
    // The last row of its address.
    events_.add(lease("02:00:00:00:00:02", ten, std::nullopt, LeaseState::removed), noon);
    EXPECT_TRUE(events_.drain().empty());
    events_.end_pass();
    EXPECT_EQ(event_texts(events_.drain()), Texts{"2026-11-28T12:00:00Z 10.1.0.17/32 > nobody"});
    events_.end_pass();
    EXPECT_TRUE(events_.drain().empty());
}

TEST_F(LeaseEventsTest, ALeaseThatEndsWhenItBeginsHasEnded) {
    (void)add(lease("02:00:00:00:00:01", noon, std::nullopt), noon);
    events_.add(lease("02:00:00:00:00:01", noon, std::nullopt, LeaseState::removed), noon);
    events_.end_pass();
    const auto events = events_.drain();
    ASSERT_EQ(events.size(), 1U);
    EXPECT_EQ(events[0].at, noon + Duration{1});
}

TEST_F(LeaseEventsTest, WithoutAMacNobodyIsKnown) {
    (void)add(lease("02:00:00:00:00:01", ten, std::nullopt));
    EXPECT_EQ(add(lease("", ten + hour, std::nullopt)),
              Texts{"2026-11-28T11:00:00Z 10.1.0.17/32 > nobody"});
    EXPECT_EQ(events_.counts().without_mac, 1U);
}

// dnsmasq: no begin, and leases that are gone are missing.
TEST_F(LeaseEventsTest, CompleteFilesEndWhatTheyLack) {
    events_.begin_complete();
    EXPECT_EQ(add(lease("02:00:00:00:00:01", std::nullopt, noon + hour), ten),
              Texts{"2026-11-28T10:00:00Z 10.1.0.17/32 > 02:00:00:00:00:01 until "
                    "2026-11-28T13:00:00Z"});
    events_.end_complete(ten);
    events_.begin_complete();
    EXPECT_EQ(add(lease("02:00:00:00:00:01", std::nullopt, noon + hour), ten + hour), Texts{});
    events_.end_complete(ten + hour);
    EXPECT_TRUE(events_.drain().empty());
    events_.begin_complete();
    events_.end_complete(noon);
    EXPECT_EQ(event_texts(events_.drain()), Texts{"2026-11-28T12:00:00Z 10.1.0.17/32 > nobody"});
    EXPECT_EQ(events_.known(), 0U);
}

TEST_F(LeaseEventsTest, AreBoundedAndFiltered) {
    EXPECT_EQ(add(lease("02:00:00:00:00:01", ten, {}, LeaseState::active, "192.0.2.1")), Texts{});
    EXPECT_EQ(events_.counts().outside, 1U);
    EXPECT_EQ(add(lease("02:00:00:00:00:01", ten, {}, LeaseState::active, "10.0.0.0/8")), Texts{});
    EXPECT_EQ(events_.counts().outside, 2U);
    const auto at = [&](const char* address) {
        return add(lease("02:00:00:00:00:01", ten, noon + hour, LeaseState::active, address), noon)
            .size();
    };
    EXPECT_EQ(at("10.1.0.1") + at("10.1.0.2") + at("10.1.0.3"), 2U);
    EXPECT_EQ(events_.counts().refused, 1U);
    // Those that have ended make place.
    EXPECT_EQ(add(lease("02:00:00:00:00:01", noon + hour, noon + hour + hour, LeaseState::active,
                        "10.1.0.4"),
                  noon + hour)
                  .size(),
              1U);
}

}  // namespace
}  // namespace octroi::dhcp
