// SPDX-License-Identifier: GPL-3.0-or-later
// The volumes of sessions, to readings.
#include <gtest/gtest.h>

#include "meter/radius/accounting_sessions.hpp"

namespace octroi::radius_meter {
namespace {

using radius::Accounting;
using radius::SessionVolume;
using radius::StatusType;

const UtcTime noon = *parse_rfc3339("2026-11-28T12:00:00Z");
const Address nas = *parse_address("192.0.2.1");

class RadiusTraffic : public ::testing::Test {
protected:
    static SessionPolicy policy() {
        SessionPolicy made;
        made.counts_volumes = true;
        made.link_bits_per_second = 1'000'000'000;
        return made;
    }
    void on(StatusType status, std::int64_t minute, std::optional<SessionVolume> volume,
            std::uint32_t session_seconds = 0) {
        Accounting request;
        request.status = status;
        request.session = "1";
        request.user = status == StatusType::stop ? "" : "alice";
        request.volume = volume;
        request.session_seconds = session_seconds;
        if (status != StatusType::stop)
            request.prefixes = {*parse_prefix("2001:db8::/64"), *parse_prefix("10.0.0.1")};
        sessions_.on_request(request, nas, noon + Duration::minutes(minute));
    }

    AccountingSessions sessions_{policy()};
};

TEST_F(RadiusTraffic, IsTheIncreaseSinceTheRequestBefore) {
    on(StatusType::start, 0, std::nullopt);
    on(StatusType::interim, 5, SessionVolume{1000, 2000, 10, 20, true});
    on(StatusType::stop, 8, SessionVolume{1500, 2000, 15, 20, true});
    const auto traffic = sessions_.drain_traffic();
    ASSERT_EQ(traffic.size(), 2U);
    EXPECT_EQ(traffic[0].user, "alice");
    EXPECT_EQ(to_string(traffic[0].address), "10.0.0.1");
    EXPECT_EQ(traffic[0].begin, noon);
    EXPECT_EQ(traffic[0].end, noon + Duration::minutes(5));
    EXPECT_EQ(traffic[0].volume, (SessionVolume{1000, 2000, 10, 20, true}));
    EXPECT_EQ(traffic[1].user, "alice") << "the stop has no user";
    EXPECT_EQ(traffic[1].begin, noon + Duration::minutes(5));
    EXPECT_EQ(traffic[1].volume, (SessionVolume{500, 0, 5, 0, true}));
    EXPECT_TRUE(sessions_.drain_losses().empty());
}

TEST_F(RadiusTraffic, OfASessionThatBeganBeforeIsALossAtFirst) {
    on(StatusType::interim, 0, SessionVolume{1000, 2000, 10, 20, true}, 600);
    EXPECT_TRUE(sessions_.drain_traffic().empty());
    const auto losses = sessions_.drain_losses();
    ASSERT_EQ(losses.size(), 1U);
    EXPECT_EQ(losses[0].reason, LossReason::not_running);
    EXPECT_EQ(losses[0].interval.begin, noon - Duration::minutes(10));
    EXPECT_EQ(losses[0].bytes_bound, 3000U);
    on(StatusType::interim, 5, SessionVolume{1100, 2000, 11, 20, true});
    EXPECT_EQ(sessions_.drain_traffic().at(0).volume.input_octets, 100U);
}

TEST_F(RadiusTraffic, ThatIsLateOrSentAgainCountsOnce) {
    on(StatusType::start, 0, std::nullopt);
    on(StatusType::interim, 10, SessionVolume{1000, 0, 1, 0, true});
    on(StatusType::interim, 5, SessionVolume{400, 0, 1, 0, true});
    on(StatusType::interim, 10, SessionVolume{1000, 0, 1, 0, true});
    std::uint64_t sum = 0;
    for (const SessionTraffic& traffic : sessions_.drain_traffic())
        sum += traffic.volume.input_octets;
    EXPECT_EQ(sum, 1000U);
}

TEST_F(RadiusTraffic, ThatBeginsAgainIsALoss) {
    on(StatusType::start, 0, std::nullopt);
    on(StatusType::interim, 5, SessionVolume{1000, 0, 1, 0, true});
    // Its session began two minutes before.
    on(StatusType::interim, 10, SessionVolume{300, 0, 1, 0, true}, 120);
    EXPECT_EQ(sessions_.drain_traffic().at(1).volume.input_octets, 300U);
    ASSERT_EQ(sessions_.drain_losses().size(), 1U);
    // An id that the NAS uses again, with a start.
    on(StatusType::start, 20, std::nullopt);
    on(StatusType::interim, 25, SessionVolume{70, 0, 1, 0, true});
    EXPECT_EQ(sessions_.drain_traffic().at(0).volume.input_octets, 70U);
    EXPECT_TRUE(sessions_.drain_losses().empty());
}

// The counts are smaller, and nothing states that the session began again: what they have in common
// with those before is not known, and nothing counts until they are larger than those.
TEST_F(RadiusTraffic, WithSmallerCountsIsALossOnly) {
    on(StatusType::start, 0, std::nullopt);
    on(StatusType::interim, 5, SessionVolume{1000, 0, 1, 0, true}, 300);
    on(StatusType::interim, 10, SessionVolume{300, 0, 1, 0, true}, 600);
    EXPECT_EQ(sessions_.drain_traffic().size(), 1U);
    const auto losses = sessions_.drain_losses();
    ASSERT_EQ(losses.size(), 1U);
    EXPECT_EQ(losses[0].reason, LossReason::counter_reset);
    EXPECT_EQ(losses[0].bytes_bound, 300U);
    EXPECT_EQ(losses[0].interval,
              (Interval{noon + Duration::minutes(5), noon + Duration::minutes(10)}));
    on(StatusType::interim, 15, SessionVolume{1100, 0, 1, 0, true}, 900);
    EXPECT_EQ(sessions_.drain_traffic().at(0).volume.input_octets, 100U);
    // Overtaken by the one before, and without a time of its own.
    on(StatusType::interim, 16, SessionVolume{1050, 0, 1, 0, true}, 800);
    on(StatusType::interim, 20, SessionVolume{1110, 0, 1, 0, true}, 1200);
    EXPECT_EQ(sessions_.drain_traffic().at(0).volume.input_octets, 10U);
    EXPECT_TRUE(sessions_.drain_losses().empty());
}

// The detail file of a RADIUS server is sent again, hours later: the session is known still.
TEST_F(RadiusTraffic, OfASessionThatIsSentAgainCountsOnce) {
    on(StatusType::start, 0, std::nullopt);
    on(StatusType::stop, 30, SessionVolume{1000, 0, 1, 0, true}, 1800);
    EXPECT_EQ(sessions_.drain_traffic().size(), 1U);
    sessions_.expire(noon + Duration::hours(20));
    on(StatusType::start, 0, std::nullopt);
    on(StatusType::stop, 30, SessionVolume{1000, 0, 1, 0, true}, 1800);
    EXPECT_TRUE(sessions_.drain_traffic().empty());
    EXPECT_TRUE(sessions_.drain_losses().empty());
}

TEST_F(RadiusTraffic, BeyondTheStopIsALoss) {
    on(StatusType::start, 0, std::nullopt);
    on(StatusType::stop, 30, SessionVolume{1000, 0, 1, 0, true}, 1800);
    on(StatusType::interim, 31, SessionVolume{900, 0, 1, 0, true}, 1700);
    EXPECT_TRUE(sessions_.drain_losses().empty()) << "it was under way";
    on(StatusType::stop, 32, SessionVolume{1200, 0, 1, 0, true}, 1900);
    const auto losses = sessions_.drain_losses();
    ASSERT_EQ(losses.size(), 1U);
    EXPECT_EQ(losses[0].bytes_bound, 200U);
    EXPECT_EQ(sessions_.drain_traffic().size(), 1U);
}

// A NAS sends Accounting-On after a change of its configuration, and its sessions go on.
TEST_F(RadiusTraffic, GoesOnBehindAccountingOn) {
    on(StatusType::start, 0, std::nullopt);
    on(StatusType::interim, 5, SessionVolume{1000, 0, 1, 0, true}, 300);
    Accounting restart;
    restart.status = StatusType::accounting_on;
    sessions_.on_request(restart, nas, noon + Duration::minutes(7));
    EXPECT_EQ(sessions_.open_sessions(), 0U);
    on(StatusType::interim, 10, SessionVolume{1500, 0, 1, 0, true}, 600);
    EXPECT_EQ(sessions_.open_sessions(), 1U);
    on(StatusType::stop, 15, SessionVolume{1700, 0, 1, 0, true}, 900);
    EXPECT_EQ(sessions_.open_sessions(), 0U);
    std::uint64_t sum = 0;
    for (const SessionTraffic& traffic : sessions_.drain_traffic())
        sum += traffic.volume.input_octets;
    EXPECT_EQ(sum, 1700U);
}

// Without gigawords the counts wrap; the time of the session says that the request is newer.
TEST_F(RadiusTraffic, WrapsAlsoWhenTheClockOfTheNasStepsBack) {
    on(StatusType::start, 0, std::nullopt);
    on(StatusType::interim, 60, SessionVolume{4'294'967'000, 0, 1, 0, false}, 3600);
    on(StatusType::stop, 35, SessionVolume{704, 0, 2, 0, false}, 3900);
    const auto traffic = sessions_.drain_traffic();
    ASSERT_EQ(traffic.size(), 2U);
    EXPECT_EQ(traffic[1].volume.input_octets, 1000U);
}

TEST_F(RadiusTraffic, CountsWhenTheClockOfTheNasStepsBack) {
    on(StatusType::start, 0, std::nullopt);
    on(StatusType::interim, 60, SessionVolume{1000, 0, 1, 0, true}, 3600);
    on(StatusType::interim, 35, SessionVolume{1700, 0, 2, 0, true}, 3900);
    const auto traffic = sessions_.drain_traffic();
    ASSERT_EQ(traffic.size(), 2U);
    EXPECT_EQ(traffic[1].volume.input_octets, 700U);
    EXPECT_EQ(traffic[1].begin, noon + Duration::minutes(35));
    EXPECT_EQ(traffic[1].end, noon + Duration::minutes(60));
    on(StatusType::interim, 40, SessionVolume{1900, 0, 3, 0, true}, 4200);
    EXPECT_EQ(sessions_.drain_traffic().at(0).volume.input_octets, 200U);
    EXPECT_TRUE(sessions_.drain_losses().empty());
}

TEST_F(RadiusTraffic, IsNotCountedAgainAfterALateStart) {
    on(StatusType::start, 0, std::nullopt);
    on(StatusType::interim, 5, SessionVolume{1000, 0, 1, 0, true});
    on(StatusType::start, 0, std::nullopt);
    on(StatusType::interim, 10, SessionVolume{1100, 0, 2, 0, true});
    EXPECT_EQ(sessions_.drain_traffic().at(1).volume.input_octets, 100U);
}

// The NAS sends a start again, with another identifier and without a time: no session begins.
TEST_F(RadiusTraffic, IsNotCountedAgainAfterARepeatedStart) {
    on(StatusType::start, 0, std::nullopt);
    on(StatusType::interim, 5, SessionVolume{1000, 0, 1, 0, true}, 300);
    on(StatusType::start, 6, std::nullopt);
    on(StatusType::interim, 10, SessionVolume{1100, 0, 2, 0, true}, 600);
    EXPECT_EQ(sessions_.drain_traffic().at(1).volume.input_octets, 100U);
    EXPECT_TRUE(sessions_.drain_losses().empty());
}

// The stop was lost, the id is used again, and the counts are larger than those before.
TEST_F(RadiusTraffic, OfAnIdThatIsUsedAgainCountsFromItsStart) {
    on(StatusType::start, 0, std::nullopt);
    on(StatusType::interim, 5, SessionVolume{1000, 0, 1, 0, true}, 300);
    on(StatusType::start, 20, std::nullopt);
    on(StatusType::interim, 30, SessionVolume{1500, 0, 2, 0, true}, 600);
    EXPECT_EQ(sessions_.drain_traffic().at(1).volume.input_octets, 1500U);
}

TEST_F(RadiusTraffic, OfSessionsThatEndWithTheirNasIsALoss) {
    on(StatusType::start, 0, std::nullopt);
    on(StatusType::interim, 5, SessionVolume{1000, 0, 1, 0, true});
    Accounting restart;
    restart.status = StatusType::accounting_on;
    sessions_.on_request(restart, nas, noon + Duration::minutes(9));
    const auto losses = sessions_.drain_losses();
    ASSERT_EQ(losses.size(), 1U);
    EXPECT_EQ(losses[0].interval,
              (Interval{noon + Duration::minutes(5), noon + Duration::minutes(9)}));
}

TEST_F(RadiusTraffic, ThatNoLinkCarriesIsMarked) {
    on(StatusType::start, 0, std::nullopt);
    on(StatusType::interim, 1, SessionVolume{UINT64_MAX / 2, 0, 1, 0, true});
    EXPECT_TRUE(sessions_.drain_traffic().at(0).is_implausible);
}

TEST_F(RadiusTraffic, GoesOnAfterARestart) {
    on(StatusType::start, 0, std::nullopt);
    on(StatusType::interim, 5, SessionVolume{1000, 2000, 10, 20, true});
    (void)sessions_.drain_traffic();
    const std::string saved = sessions_.save();
    ASSERT_TRUE(sessions_.restore(saved));
    EXPECT_EQ(sessions_.save(), saved);
    on(StatusType::stop, 8, SessionVolume{1500, 2000, 15, 20, true});
    const auto traffic = sessions_.drain_traffic();
    ASSERT_EQ(traffic.size(), 1U);
    EXPECT_EQ(traffic[0].user, "alice");
    EXPECT_EQ(traffic[0].volume.input_octets, 500U);
}

TEST_F(RadiusTraffic, DoesNotCountUnlessThePolicySaysSo) {
    AccountingSessions silent{SessionPolicy{}};
    Accounting request;
    request.status = StatusType::interim;
    request.session = "1";
    request.volume = SessionVolume{1000, 0, 1, 0, true};
    silent.on_request(request, nas, noon);
    EXPECT_TRUE(silent.drain_traffic().empty());
    EXPECT_TRUE(silent.drain_losses().empty());
}

}  // namespace
}  // namespace octroi::radius_meter
