// SPDX-License-Identifier: GPL-3.0-or-later
// Clients, times and repeated requests.
#include <gtest/gtest.h>

#include "meter/journal/saved_position.hpp"
#include "meter/radius/clients.hpp"
#include "meter/radius/event_time.hpp"
#include "meter/radius/recent_requests.hpp"

namespace octroi::radius_meter {
namespace {

TEST(RadiusClients, HaveTheSecretOfTheLongestNetwork) {
    const auto clients = Clients::parse(
        "# NAS\n\n192.0.2.0/24\tnetwork secret \r\n  192.0.2.1   one\n2001:db8::/32 six\n", "file");
    ASSERT_TRUE(clients) << clients.error().text;
    EXPECT_EQ(clients->size(), 3U);
    EXPECT_EQ(clients->secret_of(*parse_address("192.0.2.1")), "one");
    EXPECT_EQ(clients->secret_of(*parse_address("192.0.2.2")), "network secret");
    EXPECT_EQ(clients->secret_of(*parse_address("2001:db8::1")), "six");
    EXPECT_FALSE(clients->secret_of(*parse_address("198.51.100.1")));
}

TEST(RadiusClients, ErrorsNameTheLineAndNoSecret) {
    for (const char* text :
         {"192.0.2.1\n", "192.0.2.1 a\n192.0.2.1 hidden\n", "nas1 hidden\n", "", "# none\n"}) {
        const auto clients = Clients::parse(text, "/etc/clients");
        ASSERT_FALSE(clients) << text;
        EXPECT_EQ(clients.error().code, ErrorCode::invalid);
        EXPECT_TRUE(clients.error().text.starts_with("/etc/clients")) << clients.error().text;
        EXPECT_EQ(clients.error().text.find("hidden"), std::string::npos);
    }
    EXPECT_NE(Clients::parse("192.0.2.1 a\n192.0.2.1 b\n", "f").error().text.find("line 2"),
              std::string::npos);
    EXPECT_FALSE(Clients::parse("192.0.2.1 " + std::string(254, 'x'), "f"));
}

TEST(RadiusEventTime, IsBoundedByTheReceipt) {
    const UtcTime received = UtcTime::from_seconds(1'700'000'000);
    const auto time = [&](std::optional<Duration> stated, Duration delay) {
        radius::Accounting accounting;
        if (stated) accounting.event_time = received + *stated;
        accounting.delay = delay;
        const EventTime made = event_time(accounting, received);
        EXPECT_FALSE(made.is_too_old);
        return std::pair{made.at - received, made.is_doubtful};
    };
    const auto s = [](std::int64_t seconds) { return Duration::seconds(seconds); };
    EXPECT_EQ(time({}, {}), (std::pair{s(0), false}));
    EXPECT_EQ(time({}, s(30)), (std::pair{s(-30), false}));
    EXPECT_EQ(time(s(-40), s(30)), (std::pair{s(-40), false}));
    EXPECT_EQ(time(s(-10), s(30)), (std::pair{s(-30), false}));
    EXPECT_EQ(time(s(2), {}), (std::pair{s(0), false}));
    EXPECT_EQ(time(s(301), {}), (std::pair{s(0), true}));
    EXPECT_EQ(time(s(-300), {}), (std::pair{s(-300), false}));
    EXPECT_EQ(time(s(-301), {}), (std::pair{s(-301), true}));
    EXPECT_EQ(time(s(-86'400), {}), (std::pair{s(-86'400), true}));
    EXPECT_EQ(time(s(-86'400), s(86'390)), (std::pair{s(-86'400), false}));
    // A clock that was never set.
    EXPECT_EQ(time(s(-1'600'000'000), {}), (std::pair{s(0), true}));
}

TEST(RadiusEventTime, IsTooOldAfterADay) {
    const UtcTime received = UtcTime::from_seconds(1'700'000'000);
    radius::Accounting accounting;
    accounting.event_time = received - Duration::seconds(86'401);
    EXPECT_TRUE(event_time(accounting, received).is_too_old);
    EXPECT_TRUE(event_time(accounting, received).is_doubtful);
    accounting.event_time.reset();
    accounting.delay = Duration::seconds(4'294'967'295);
    EXPECT_TRUE(event_time(accounting, received).is_too_old);
    EXPECT_TRUE(event_time(accounting, received).is_doubtful);
}

TEST(RadiusRequests, ThatAreSentAgainAreRecognised) {
    RecentRequests recent;
    const Address client = *parse_address("192.0.2.1");
    radius::Packet packet;
    packet.identifier = 1;
    EXPECT_TRUE(recent.add(client, 1000, packet));
    EXPECT_FALSE(recent.add(client, 1000, packet));
    EXPECT_TRUE(recent.add(client, 1001, packet));
    packet.authenticator[0] = std::byte{1};
    EXPECT_TRUE(recent.add(client, 1000, packet));
    EXPECT_FALSE(recent.add(client, 1000, packet));
    for (std::size_t i = 0; i < RecentRequests::limit; ++i) {
        packet.identifier = static_cast<std::uint8_t>(i % 256);
        EXPECT_TRUE(recent.add(client, static_cast<std::uint16_t>(2000 + i / 256), packet));
    }
    packet.identifier = 1;
    EXPECT_TRUE(recent.add(client, 1000, packet));  // evicted
}

TEST(RadiusCursor, KeepsThePosition) {
    const auto position =
        journal::decode_saved_position(encode(journal::SavedPosition{{7, 9}, "state-1"}));
    ASSERT_TRUE(position);
    EXPECT_EQ(position->at, (journal::Position{7, 9}));
    EXPECT_EQ(position->snapshot, "state-1");
    EXPECT_FALSE(journal::decode_saved_position(""));
    EXPECT_FALSE(journal::decode_saved_position("\x02" + std::string(16, '\0')));
}

}  // namespace
}  // namespace octroi::radius_meter
