// SPDX-License-Identifier: GPL-3.0-or-later
// What the log says about messages that cannot be metered.
#include "meter/collector/message_decoder.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
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

TEST_F(UndecodedMessages, AConnectionThatWasCutIsALoss) {
    for (const std::byte how : {journal::stream_complete, journal::stream_cut})
        decoder_->on_message(
            {ByteSpan(&how, 1), router, 9000, now, journal::Transport::stream_end});
    const std::vector<Loss> losses = decoder_->normalizer().drain_losses();
    ASSERT_EQ(losses.size(), 1U);
    EXPECT_EQ(losses[0].reason, LossReason::truncated);
    EXPECT_EQ(losses[0].packets, std::nullopt);
    EXPECT_NE(losses[0].source.find("203.0.113.1"), std::string::npos);
}

// Once for each change, and once for each template.
TEST_F(UndecodedMessages, SamplingRatesThatChangeAreLogged) {
    const OptionsSpec wide{300, {{149, 4}}, {{34, 4}}};
    const auto state = [&](std::uint32_t rate, std::uint32_t sequence) {
        send(ipfix_message(7, {options_template(wide), data(300, values().u32(7).u32(rate))},
                           sequence));
        return logged();
    };
    EXPECT_TRUE(state(100, 0).empty());
    EXPECT_TRUE(state(100, 1).empty());
    EXPECT_THAT(state(1000, 2), UnorderedElementsAre(Pair("sampling_rate", 1)));
    EXPECT_THAT(state(1000, 3), UnorderedElementsAre(Pair("sampling_rate", 1)));
    EXPECT_TRUE(state(1000, 4).empty());
    EXPECT_THAT(state(0x7fffffff, 5), UnorderedElementsAre(Pair("sampling_rate", 1)));
}

TEST_F(UndecodedMessages, TemplatesWithPrivateCountsAreLoggedOnce) {
    const FieldSpec private_octets{.id = 12345, .length = 4, .enterprise = 9};
    const auto send_flow = [&](std::uint32_t sequence) {
        send(ipfix_message(7,
                           {templates({{301, {{8, 4}, {12, 4}, private_octets}}}),
                            data(301, values().u32(1).u32(2).u32(1000))},
                           sequence));
        return logged();
    };
    EXPECT_THAT(send_flow(0), UnorderedElementsAre(Pair("unread_counts", 1)));
    EXPECT_TRUE(send_flow(1).empty());
    const auto counters = decoder_->counters();
    const auto unread =
        std::ranges::find(counters, "collector_counts_unread_total", &CounterValue::name);
    ASSERT_NE(unread, counters.end());
    EXPECT_EQ(unread->value, 2U);
}

}  // namespace
}  // namespace octroi::collector
