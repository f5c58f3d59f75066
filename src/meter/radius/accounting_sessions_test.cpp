// SPDX-License-Identifier: GPL-3.0-or-later
#include "meter/radius/accounting_sessions.hpp"

#include <gtest/gtest.h>

#include "record/testing/identity_sink.hpp"

namespace octroi::radius_meter {
namespace {

using octroi::testing::event_text;
using radius::Accounting;
using radius::StatusType;
using Texts = std::vector<std::string>;

const UtcTime noon = *parse_rfc3339("2026-11-28T12:00:00Z");
const Address nas = *parse_address("192.0.2.1");
constexpr Duration second = Duration::seconds(1);

Accounting request(StatusType status, const char* session, const char* user,
                   std::vector<const char*> prefixes = {}, const char* mac = "") {
    Accounting made;
    made.status = status;
    made.session = session;
    made.user = user;
    for (const char* prefix : prefixes) made.prefixes.push_back(*parse_prefix(prefix));
    if (*mac != '\0') made.station = *parse_mac(mac);
    made.nas_name = "bras1";
    return made;
}

class RadiusSessions : public ::testing::Test {
protected:
    // The events of a request, without `until`.
    Texts on(const Accounting& accounting, Duration after = {}, const Address& client = nas) {
        sessions_.on_request(accounting, client, noon + after);
        Texts texts;
        for (const IdentityEvent& event : sessions_.drain_events()) {
            const std::string text = event_text(event);
            texts.push_back(text.substr(11, text.find(" until") - 11));
        }
        return texts;
    }

    SessionPolicy policy_{.session_limit = 3};
    AccountingSessions sessions_{policy_};
};

TEST_F(RadiusSessions, HoldTheirAddressesFromStartToStop) {
    EXPECT_EQ(on(request(StatusType::start, "1", "alice", {"10.0.0.1", "2001:db8:1::/56"},
                         "02:00:00:00:00:01")),
              (Texts{"12:00:00Z 10.0.0.1/32 > alice", "12:00:00Z 2001:db8:1::/56 > alice",
                     "12:00:00Z 02:00:00:00:00:01 > alice"}));
    EXPECT_EQ(on(request(StatusType::interim, "1", "alice", {"10.0.0.1"}), second), Texts{});
    EXPECT_EQ(sessions_.open_sessions(), 1U);
    EXPECT_EQ(on(request(StatusType::stop, "1", "alice", {"10.0.0.1"}), second + second),
              (Texts{"12:00:02Z 10.0.0.1/32 > nobody", "12:00:02Z 2001:db8:1::/56 > nobody",
                     "12:00:02Z 02:00:00:00:00:01 > nobody"}));
    EXPECT_EQ(sessions_.open_sessions(), 0U);
    EXPECT_EQ(sessions_.counts().events, 6U);
}

TEST_F(RadiusSessions, WithoutAUserBelongToTheMac) {
    EXPECT_EQ(on(request(StatusType::start, "1", "", {"10.0.0.1"}, "02:00:00:00:00:01")),
              Texts{"12:00:00Z 10.0.0.1/32 > 02:00:00:00:00:01"});
    EXPECT_EQ(on(request(StatusType::start, "2", "two words", {"10.0.0.2"})), Texts{});
    EXPECT_EQ(sessions_.counts().bad_users, 1U);
}

// IEEE 802.1X: the NAS knows the user and the MAC address, and no IP address.
TEST_F(RadiusSessions, OfSwitchesHaveAMacOnly) {
    EXPECT_EQ(on(request(StatusType::start, "1", "alice", {}, "02:00:00:00:00:01")),
              Texts{"12:00:00Z 02:00:00:00:00:01 > alice"});
}

TEST_F(RadiusSessions, StateTheirEndAtTheLatestAndRepeatItInTime) {
    sessions_.on_request(request(StatusType::start, "1", "alice", {"10.0.0.1"}), nas, noon);
    EXPECT_EQ(sessions_.drain_events().at(0).until, noon + policy_.valid_for);
    const Accounting interim = request(StatusType::interim, "1", "alice", {"10.0.0.1"});
    EXPECT_EQ(on(interim, Duration::hours(83)), Texts{});
    EXPECT_EQ(on(interim, Duration::hours(84)).size(), 1U);
    EXPECT_EQ(on(interim, Duration::hours(85)), Texts{});
}

TEST_F(RadiusSessions, WithALostStartBeginWithTheirLength) {
    Accounting interim = request(StatusType::interim, "1", "alice", {"10.0.0.1"});
    interim.session_seconds = 600;
    EXPECT_EQ(on(interim),
              (Texts{"11:50:00Z 10.0.0.1/32 > alice", "12:00:00Z 10.0.0.1/32 > alice"}));
    Accounting stop = request(StatusType::stop, "2", "bob", {"10.0.0.2"});
    stop.session_seconds = 0xffff'ffff;  // not believed beyond valid_for
    sessions_.on_request(stop, nas, noon);
    const auto events = sessions_.drain_events();
    ASSERT_EQ(events.size(), 2U);
    EXPECT_EQ(events[0].at, noon - policy_.valid_for);
    EXPECT_EQ(events[0].until, noon);
    EXPECT_FALSE(events[1].is_held());
}

// Another session had the address until 11:59: the length that the NAS states cannot be right.
TEST_F(RadiusSessions, DoNotBeginBeforeAnotherSessionOfTheAddress) {
    (void)on(request(StatusType::start, "1", "alice", {"10.0.0.1"}), Duration::minutes(-30));
    (void)on(request(StatusType::stop, "1", "alice"), Duration::minutes(-1));
    Accounting interim = request(StatusType::interim, "2", "bob", {"10.0.0.1"});
    interim.session_seconds = 3600;
    EXPECT_EQ(on(interim), (Texts{"11:59:00Z 10.0.0.1/32 > bob", "12:00:00Z 10.0.0.1/32 > bob"}));
}

// Acct-Session-Time is the length of the session, not that of its new address.
TEST_F(RadiusSessions, DoNotBackdateAnAddressThatChanged) {
    (void)on(request(StatusType::start, "1", "alice", {"10.0.0.1"}), Duration::hours(-2));
    (void)on(request(StatusType::interim, "1", "alice", {"10.0.0.1"}), Duration::minutes(-10));
    Accounting changed = request(StatusType::interim, "1", "alice", {"10.0.0.2"});
    changed.session_seconds = 7200;
    EXPECT_EQ(on(changed), (Texts{"12:00:00Z 10.0.0.1/32 > nobody", "11:50:00Z 10.0.0.2/32 > alice",
                                  "12:00:00Z 10.0.0.2/32 > alice"}));
    Accounting stop = request(StatusType::stop, "1", "alice", {"2001:db8::/64"});
    stop.session_seconds = 7260;
    EXPECT_EQ(on(stop, Duration::minutes(1)),
              (Texts{"12:00:00Z 2001:db8::/64 > alice", "12:01:00Z 10.0.0.2/32 > nobody",
                     "12:01:00Z 2001:db8::/64 > nobody"}));
}

// The requests of alice that changed nothing show that she had the address.
TEST_F(RadiusSessions, DoNotBeginBeforeTheLastRequestOfAnother) {
    (void)on(request(StatusType::start, "1", "alice", {"10.0.0.1"}), Duration::hours(-1));
    (void)on(request(StatusType::interim, "1", "alice", {"10.0.0.1"}), Duration::minutes(-5));
    Accounting interim = request(StatusType::interim, "2", "bob", {"10.0.0.1"});
    interim.session_seconds = 3600;
    EXPECT_EQ(on(interim), (Texts{"11:55:00Z 10.0.0.1/32 > bob", "12:00:00Z 10.0.0.1/32 > bob"}));
}

// A late stop of alice compares with the start of bob, not with his last request.
TEST_F(RadiusSessions, AreNotEndedByALateStopOfAnother) {
    (void)on(request(StatusType::start, "1", "alice", {"10.0.0.1"}));
    (void)on(request(StatusType::start, "2", "bob", {"10.0.0.1"}), Duration::seconds(10));
    (void)on(request(StatusType::interim, "2", "bob", {"10.0.0.1"}), Duration::seconds(60));
    EXPECT_EQ(on(request(StatusType::stop, "1", "alice"), Duration::seconds(11)), Texts{});
}

// A start that another server has kept for hours comes with the time of its receipt.
TEST_F(RadiusSessions, TakeTheirAddressBackWithTheNextRequest) {
    (void)on(request(StatusType::start, "2", "bob", {"10.0.0.1"}));
    (void)on(request(StatusType::start, "1", "alice", {"10.0.0.1"}), Duration::seconds(10));
    EXPECT_EQ(on(request(StatusType::interim, "2", "bob", {"10.0.0.1"}), Duration::seconds(60)),
              Texts{"12:01:00Z 10.0.0.1/32 > bob"});
    EXPECT_EQ(on(request(StatusType::interim, "2", "bob", {"10.0.0.1"}), Duration::seconds(120)),
              Texts{});
}

// A station that moves: the old access point still sends interim requests.
TEST_F(RadiusSessions, OfOneHolderDoNotStateItInTurn) {
    const char* const mac = "02:00:00:00:00:01";
    (void)on(request(StatusType::start, "1", "alice", {}, mac));
    (void)on(request(StatusType::start, "2", "alice", {}, mac), Duration::seconds(10));
    EXPECT_EQ(on(request(StatusType::interim, "1", "alice", {}, mac), Duration::seconds(60)),
              Texts{});
    EXPECT_EQ(on(request(StatusType::stop, "1", "alice", {}, mac), Duration::seconds(70)), Texts{});
}

TEST_F(RadiusSessions, ALateStopDoesNotEndTheNextSession) {
    (void)on(request(StatusType::start, "1", "alice", {"10.0.0.1"}));
    (void)on(request(StatusType::start, "2", "bob", {"10.0.0.1"}), Duration::seconds(10));
    // After it, by the clock of the NAS.
    EXPECT_EQ(on(request(StatusType::stop, "1", "alice"), Duration::seconds(11)), Texts{});
    (void)on(request(StatusType::stop, "2", "bob"), Duration::seconds(20));
    (void)on(request(StatusType::start, "3", "alice", {"10.0.0.1"}), Duration::seconds(30));
    (void)on(request(StatusType::start, "4", "bob", {"10.0.0.1"}), Duration::seconds(40));
    // Before it.
    EXPECT_EQ(on(request(StatusType::stop, "3", "alice"), Duration::seconds(35)),
              Texts{"12:00:35Z 10.0.0.1/32 > nobody"});
}

TEST_F(RadiusSessions, AStopInTheSecondOfTheStartIsBehindIt) {
    (void)on(request(StatusType::start, "1", "alice", {"10.0.0.1"}));
    sessions_.on_request(request(StatusType::stop, "1", "alice"), nas, noon);
    const auto events = sessions_.drain_events();
    ASSERT_EQ(events.size(), 1U);
    EXPECT_EQ(events[0].at, noon + Duration{1});
}

TEST_F(RadiusSessions, LateRequestsOfAnEndedSessionReopenNothing) {
    (void)on(request(StatusType::start, "1", "alice", {"10.0.0.1"}));
    (void)on(request(StatusType::stop, "1", "alice"), Duration::seconds(9));
    sessions_.on_request(request(StatusType::interim, "1", "alice", {"2001:db8::/64"}), nas,
                         noon + Duration::seconds(4));
    const auto events = sessions_.drain_events();
    ASSERT_EQ(events.size(), 1U);
    EXPECT_EQ(events[0].until, noon + Duration::seconds(9));
    EXPECT_EQ(sessions_.open_sessions(), 0U);
    EXPECT_EQ(on(request(StatusType::stop, "1", "alice"), Duration::seconds(9)), Texts{});
    EXPECT_EQ(sessions_.counts().late, 2U);
    // A NAS that restarted may use the id again.
    EXPECT_EQ(on(request(StatusType::start, "1", "bob", {"10.0.0.7"}), Duration::seconds(20)),
              Texts{"12:00:20Z 10.0.0.7/32 > bob"});
}

// Without Event-Timestamp a request that was overtaken by the stop has a time behind it.
TEST_F(RadiusSessions, AnInterimBehindTheStopReopensNothing) {
    (void)on(request(StatusType::start, "1", "alice", {"10.0.0.1"}), Duration::minutes(-10));
    (void)on(request(StatusType::stop, "1", "alice"));
    Accounting interim = request(StatusType::interim, "1", "alice", {"10.0.0.1"});
    EXPECT_EQ(on(interim, Duration::seconds(3)), Texts{});
    interim.session_seconds = 590;
    EXPECT_EQ(on(interim, Duration::seconds(3)), Texts{});
    EXPECT_EQ(sessions_.open_sessions(), 0U);
    EXPECT_EQ(sessions_.counts().late, 2U);
    // The session began after the stop.
    interim.session_seconds = 50;
    EXPECT_EQ(on(interim, Duration::seconds(60)),
              (Texts{"12:00:10Z 10.0.0.1/32 > alice", "12:01:00Z 10.0.0.1/32 > alice"}));
    EXPECT_EQ(sessions_.open_sessions(), 1U);
}

TEST_F(RadiusSessions, HaveOneAddressOfIpv4) {
    (void)on(request(StatusType::start, "1", "alice", {"10.0.0.1", "2001:db8::/64"}));
    EXPECT_EQ(on(request(StatusType::interim, "1", "alice", {"10.0.0.2"}), second),
              (Texts{"12:00:01Z 10.0.0.1/32 > nobody", "12:00:01Z 10.0.0.2/32 > alice"}));
}

TEST_F(RadiusSessions, EndWithTheirNas) {
    (void)on(request(StatusType::start, "1", "alice", {"10.0.0.1"}));
    (void)on(request(StatusType::start, "1", "bob", {"10.0.0.2"}), {}, *parse_address("192.0.2.9"));
    (void)on(request(StatusType::start, "2", "carol", {"10.0.0.3"}), Duration::seconds(9));
    EXPECT_EQ(on(request(StatusType::accounting_on, "", ""), second),
              Texts{"12:00:01Z 10.0.0.1/32 > nobody"});
    EXPECT_EQ(on(request(StatusType::accounting_off, "", ""), Duration::seconds(10)),
              Texts{"12:00:10Z 10.0.0.3/32 > nobody"});
    EXPECT_EQ(sessions_.open_sessions(), 1U);
}

TEST_F(RadiusSessions, AreBounded) {
    for (const char* id : {"1", "2", "3", "4"})
        (void)on(request(StatusType::start, id, "alice", {"10.0.0.1"}),
                 Duration::seconds(*id - '0'));
    EXPECT_EQ(sessions_.open_sessions(), 3U);
    EXPECT_EQ(sessions_.counts().evicted, 1U);
    sessions_.expire(noon + policy_.valid_for + Duration::seconds(3));
    EXPECT_EQ(sessions_.open_sessions(), 2U);
}

// A session without further requests keeps no place of those that ended, nor loses its own to them.
TEST_F(RadiusSessions, ThatEndedAreEvictedFirst) {
    (void)on(request(StatusType::start, "quiet", "alice", {"10.0.0.1"}));
    for (const char* id : {"1", "2", "3", "4"}) {
        (void)on(request(StatusType::start, id, "bob", {"10.0.0.2"}), second);
        (void)on(request(StatusType::stop, id, "bob", {"10.0.0.2"}), second + second);
    }
    EXPECT_EQ(sessions_.open_sessions(), 1U);
    EXPECT_EQ(on(request(StatusType::stop, "quiet", "alice", {"10.0.0.1"}), Duration::minutes(1)),
              Texts{"12:01:00Z 10.0.0.1/32 > nobody"});
    sessions_.expire(noon + Duration::hours(25));
    EXPECT_EQ(sessions_.save(), AccountingSessions(policy_).save());
}

TEST_F(RadiusSessions, OnlyNetworksOfThePolicyCount) {
    AccountingSessions some{SessionPolicy{.networks = {*parse_prefix("10.0.0.0/24")}}};
    some.on_request(request(StatusType::start, "1", "alice", {"10.0.0.1", "10.0.1.1"}), nas, noon);
    EXPECT_EQ(some.drain_events().size(), 1U);
    EXPECT_EQ(some.counts().outside, 1U);
    // The address of the prefix is inside, and most of the prefix is not.
    some.on_request(request(StatusType::start, "2", "alice", {"10.0.0.0/23"}), nas, noon);
    EXPECT_TRUE(some.drain_events().empty());
    EXPECT_EQ(some.counts().outside, 2U);
}

TEST_F(RadiusSessions, AreTheSameAfterARestart) {
    (void)on(request(StatusType::start, "1", "alice", {"10.0.0.1", "2001:db8::/64"},
                     "02:00:00:00:00:01"));
    (void)on(request(StatusType::start, "2", "bob", {"10.0.0.2"}));
    (void)on(request(StatusType::stop, "2", "bob"), second);
    const std::string saved = sessions_.save();
    AccountingSessions restored(policy_);
    ASSERT_TRUE(restored.restore(saved));
    EXPECT_EQ(restored.save(), saved);
    EXPECT_EQ(restored.open_sessions(), 1U);
    restored.on_request(request(StatusType::stop, "1", "alice"), nas, noon + second);
    EXPECT_EQ(restored.drain_events().size(), 3U);

    for (std::size_t length = 0; length < saved.size(); ++length) {
        AccountingSessions cut(policy_);
        EXPECT_FALSE(cut.restore(std::string_view(saved).substr(0, length))) << length;
        EXPECT_EQ(cut.open_sessions(), 0U);
    }
    EXPECT_EQ(AccountingSessions(policy_).restore("\x09").error().code, ErrorCode::unsupported);
}

}  // namespace
}  // namespace octroi::radius_meter
