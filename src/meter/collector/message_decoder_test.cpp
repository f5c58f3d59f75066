// SPDX-License-Identifier: GPL-3.0-or-later
// What the log says about messages that cannot be metered.
#include "meter/collector/message_decoder.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <optional>

#include "host/log_limit.hpp"
#include "record/reading_sink.hpp"
#include "wire/ipfix/testing/messages.hpp"

namespace octroi::collector {
namespace {

using namespace ipfix::testing;
using ::testing::Pair;
using ::testing::UnorderedElementsAre;

const Address router = Address::v4(0xcb007101);
constexpr UtcTime now = UtcTime::from_seconds(export_seconds);

using Kinds = std::map<std::string, std::uint64_t>;

Kinds all_logged() {
    Kinds kinds;
    for (const LimitedLog::Counts& counts : LimitedLog::counts())
        kinds[std::string(counts.kind)] = counts.messages;
    return kinds;
}

class UndecodedMessages : public ::testing::Test {
protected:
    UndecodedMessages() {
        options_.meter = "flows";
        options_.limits.pending_octets = 2048;
        decoder_.emplace(options_);
    }
    void send(const std::string& octets, Address from = router) {
        decoder_->on_message({as_octets(octets), from, 9000, now, journal::Transport::datagram});
    }
    // Since the last call: how many messages of each kind, written or not.
    Kinds logged() {
        Kinds kinds = all_logged();
        for (auto& [kind, count] : kinds) count -= before_[kind];
        std::erase_if(kinds, [](const auto& kind) { return kind.second == 0; });
        before_ = all_logged();
        return kinds;
    }

    DecoderOptions options_;
    std::optional<MessageDecoder> decoder_;
    Kinds before_ = all_logged();
};

TEST_F(UndecodedMessages, AreLoggedByTheirReason) {
    send("<34>Oct 11 22:14:15 mymachine su");
    EXPECT_THAT(logged(), UnorderedElementsAre(Pair("unknown_protocol", 1)));
    send(ipfix_message(7, {set(300, std::string(8, 'x')), values().u16(300).u16(2)}));
    EXPECT_THAT(logged(), ::testing::Contains(Pair("malformed_message", 1)));
}

TEST_F(UndecodedMessages, OfSendersThatAreNotAllowedAreLogged) {
    options_.allowed = {*parse_prefix("192.0.2.0/24")};
    decoder_.emplace(options_);
    send("syslog");
    send("syslog", Address::v4(0xc0000201));
    EXPECT_THAT(logged(),
                UnorderedElementsAre(Pair("refused_sender", 1), Pair("unknown_protocol", 1)));
}

TEST_F(UndecodedMessages, WithoutATemplateAreLoggedWhenTheyAreGivenUp) {
    send(ipfix_message(7, {set(300, std::string(100, 'x'))}));
    EXPECT_TRUE(logged().empty());
    decoder_->expire(now + Duration::minutes(29));
    EXPECT_TRUE(logged().empty());
    decoder_->expire(now + Duration::minutes(31));
    EXPECT_THAT(logged(), UnorderedElementsAre(Pair("missing_template", 1)));
    // Their memory is limited: a newer set replaces the oldest.
    for (int i = 0; i < 20; ++i) send(ipfix_message(7, {set(300, std::string(100, char(i)))}));
    EXPECT_THAT(logged(), UnorderedElementsAre(Pair("missing_template", ::testing::Gt(5U))));
}

}  // namespace
}  // namespace octroi::collector
