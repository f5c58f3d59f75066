// SPDX-License-Identifier: GPL-3.0-or-later
#include "wire/exporter/exporters.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "wire/exporter/testing/receiver.hpp"
#include "wire/ipfix/testing/messages.hpp"

namespace octroi::exporter {
namespace {

using namespace ipfix::testing;
using namespace exporter::testing;
using flow::Outcome;
using flow::Protocol;

TEST(Exporters, RecognisesEachMessage) {
    Receiver r;
    EXPECT_EQ(r.decode(v5_message({}, {v5_record(100, 1)})), Outcome::ok);
    EXPECT_EQ(r.decode(v9_message(1, {v9_templates({{256, plain}}), data(256, record(200))})),
              Outcome::ok);
    EXPECT_EQ(r.decode(ipfix_message(2, {templates({{256, plain}}), data(256, record(300))})),
              Outcome::ok);
    const std::string counters_only =
        values().u32(5).u32(1).u32(0x0a000001).u32(0).u32(1).u32(1000).u32(0);
    EXPECT_EQ(r.decode(counters_only), Outcome::ok);
    ASSERT_EQ(r.sink.all.size(), 3U);
    EXPECT_EQ(r.sink.all[0].context.protocol, Protocol::netflow_v5);
    EXPECT_EQ(r.sink.all[1].context.protocol, Protocol::netflow_v9);
    EXPECT_EQ(r.sink.all[1].context.observation_domain, 1U);
    EXPECT_EQ(r.sink.all[2].context.protocol, Protocol::ipfix);
    EXPECT_EQ(r.sink.all[2].context.exporter, router);
    EXPECT_EQ(r.sink.all[2].context.exported, UtcTime::from_seconds(export_seconds));
    EXPECT_EQ(r.counters().messages, 4U);
    EXPECT_EQ(r.counters().records, 3U);
    const auto status = r.exporters.status();
    ASSERT_EQ(status.size(), 1U);
    EXPECT_EQ(status[0].protocols.size(), 4U);
    EXPECT_EQ(status[0].templates, 2U);
    EXPECT_EQ(status[0].observation_domains, (std::vector<std::uint32_t>{0, 1, 2}));
}

TEST(Exporters, DecodesAllMessagesOfADatagram) {
    Receiver r;
    const std::string both = ipfix_message(1, {templates({{256, plain}}), data(256, record(10))}) +
                             v9_message(1, {v9_templates({{256, plain}}), data(256, record(20))}) +
                             v5_message({}, {v5_record(30, 1)}) + std::string(12, '\0');
    EXPECT_EQ(r.decode(both), Outcome::ok);
    EXPECT_EQ(r.sink.all.size(), 3U);
    EXPECT_EQ(r.sink.bytes(), 60U);
    EXPECT_EQ(r.counters().messages, 3U);
}

TEST(Exporters, GarbageIsCountedAndTheRestDecoded) {
    Receiver r;
    EXPECT_EQ(r.decode("hello, world"), Outcome::unsupported);
    EXPECT_EQ(r.decode(""), Outcome::unsupported);
    EXPECT_EQ(r.counters().unknown, 2U);
    EXPECT_TRUE(r.exporters.status().empty());
    EXPECT_EQ(r.decode(v5_message({}, {v5_record(30, 1)}) + "garbage"), Outcome::malformed);
    EXPECT_EQ(r.sink.bytes(), 30U);
    EXPECT_EQ(
        r.decode(ipfix_message(1, {templates({{256, plain}}),
                                   data(256, record(10)) + std::string("\x01\x00\x00\x02", 4)})),
        Outcome::malformed);
    EXPECT_EQ(r.sink.bytes(), 40U);
}

TEST(Exporters, TemplatesBelongToAddressDomainAndProtocol) {
    Receiver r;
    r.decode(ipfix_message(1, {templates({{256, plain}})}));
    r.decode(ipfix_message(1, {data(256, record(10))}));
    EXPECT_EQ(r.sink.all.size(), 1U);
    r.decode(ipfix_message(2, {data(256, record(10))}));
    r.decode(v9_message(1, {data(256, record(10))}));
    r.decode(ipfix_message(1, {data(256, record(10))}), other_router);
    EXPECT_EQ(r.sink.all.size(), 1U);
    EXPECT_EQ(r.counters().pending, 3U);
}

TEST(Exporters, ARedefinitionReplaces) {
    Receiver r;
    r.decode(
        ipfix_message(1, {templates({{256, plain}}), data(256, record(10)),
                          templates({{256, {{1, 4}, {8, 4}, {12, 4}}}}), data(256, record(20))}));
    ASSERT_EQ(r.sink.all.size(), 2U);
    EXPECT_EQ(r.sink.all[0].record.bytes, 10U);
    EXPECT_EQ(r.sink.all[1].record.bytes, 1U);
    EXPECT_EQ(r.exporters.status()[0].templates, 1U);
}

// RFC 7011 section 8.4. Anybody can send a datagram in the name of an exporter.
TEST(Exporters, TemplatesAreNotWithdrawnByADatagram) {
    Receiver r;
    const OptionsSpec options{300, {{149, 4}}, {{34, 4}}};
    r.decode(ipfix_message(1, {templates({{256, plain}, {257, plain}, {258, plain}}),
                               options_template(options), withdrawal(257)}));
    r.decode(ipfix_message(1, {withdrawal(2)}));
    r.decode(ipfix_message(1, {withdrawal(3, 3)}));
    EXPECT_EQ(r.exporters.status()[0].templates, 4U);
    EXPECT_EQ(r.counters().ignored_withdrawals, 3U);
    r.decode(ipfix_message(1, {data(257, record(1)), data(256, record(2))}));
    EXPECT_EQ(r.sink.bytes(), 3U);
}

TEST(Exporters, WithdrawnTemplatesOfASessionAreGone) {
    Receiver r;
    const OptionsSpec options{300, {{149, 4}}, {{34, 4}}};
    const auto decode = [&](const std::string& octets) {
        r.exporters.decode_message({as_octets(octets), router, r.now, 4739}, r.sink);
    };
    decode(ipfix_message(1, {templates({{256, plain}, {257, plain}, {258, plain}}),
                             options_template(options), withdrawal(257)}));
    EXPECT_EQ(r.exporters.status()[0].templates, 3U);
    decode(ipfix_message(1, {data(257, record(1)), data(256, record(2))}));
    EXPECT_EQ(r.sink.bytes(), 2U);
    decode(ipfix_message(1, {withdrawal(2)}, 2));
    EXPECT_EQ(r.exporters.status()[0].templates, 1U);
    decode(ipfix_message(1, {withdrawal(3, 3)}, 2));
    EXPECT_EQ(r.exporters.status()[0].templates, 0U);
}

// RFC 7011 section 8: the source port is part of the transport session.
TEST(Exporters, TwoExportersBehindOneAddressHaveTemplatesOfTheirOwn) {
    Receiver r;
    const Fields reversed{{1, 4}, {8, 4}, {12, 4}};
    const auto decode = [&](std::uint16_t port, const std::string& octets) {
        r.port = port;
        r.decode(octets);
    };
    decode(5000, ipfix_message(1, {templates({{256, plain}})}));
    decode(6000, ipfix_message(1, {templates({{256, reversed}})}));
    decode(5000, ipfix_message(1, {data(256, record(10))}));
    decode(6000, ipfix_message(1, {data(256, values().u32(20).u32(1).u32(2))}));
    EXPECT_EQ(r.sink.bytes(), 30U);
    // A port that announced none has the newest template of the address.
    decode(7000, ipfix_message(1, {data(256, values().u32(40).u32(1).u32(2))}));
    EXPECT_EQ(r.sink.bytes(), 70U);
}

TEST(Exporters, DataWaitForTheTemplateOfTheirPort) {
    Receiver r;
    const Fields longer{{1, 4}, {8, 4}, {12, 4}, {2, 8}};
    const auto decode = [&](std::uint16_t port, const std::string& octets) {
        r.port = port;
        r.decode(octets);
    };
    decode(5000, ipfix_message(1, {data(256, record(10))}));
    decode(6000, ipfix_message(1, {templates({{256, longer}})}));
    EXPECT_TRUE(r.sink.all.empty());
    decode(5000, ipfix_message(1, {templates({{256, plain}})}));
    EXPECT_EQ(r.sink.bytes(), 10U);
}

TEST(Exporters, ASetShorterThanARecordIsUndecodable) {
    Receiver r;
    r.decode(ipfix_message(1, {templates({{256, plain}}), data(256, std::string(8, 'x'))}));
    EXPECT_TRUE(r.sink.all.empty());
    EXPECT_EQ(r.exporters.status()[0].undecodable, 1U);
    // So are more octets behind the last record than exporters pad.
    r.decode(ipfix_message(1, {data(256, record(1) + std::string(8, '\0'))}));
    EXPECT_EQ(r.exporters.status()[0].undecodable, 2U);
    r.decode(ipfix_message(1, {data(256, record(1) + std::string(7, '\0'))}));
    EXPECT_EQ(r.exporters.status()[0].undecodable, 2U);
    EXPECT_EQ(r.sink.all.size(), 2U);
}

TEST(Exporters, UnknownSendersAreListed) {
    Receiver r;
    r.decode(values().u32(4).u32(1).u32(0x0a000001).u32(1).u32(1));
    r.decode(values().u32(4).u32(1).u32(0x0a000001).u32(2).u32(1));
    r.decode("<13>Nov 29 host app: a message of syslog");
    r.decode(values().u16(8).u16(1).u32(0).u32(0).u32(0).u32(0).u32(0));
    const auto senders = r.exporters.unknown_senders();
    ASSERT_EQ(senders.size(), 3U);
    EXPECT_EQ(to_string(senders[0].message), "text");
    EXPECT_EQ(to_string(senders[1].message), "sFlow version 4");
    EXPECT_EQ(senders[1].datagrams, 2U);
    EXPECT_EQ(senders[1].address, router);
    EXPECT_EQ(to_string(senders[2].message), "NetFlow version 8");
}

TEST(Exporters, UnknownSendersBeyondTheBoundShareAnEntry) {
    UnknownSenders senders;
    constexpr std::uint32_t beyond = 10;
    for (std::uint32_t i = 0; i < UnknownSenders::senders_max + beyond; ++i)
        senders.add(Address::v4(i + 1), {}, {});
    const auto all = senders.list();
    ASSERT_EQ(all.size(), UnknownSenders::senders_max + 1);
    EXPECT_TRUE(all[0].address.empty());
    EXPECT_EQ(all[0].datagrams, beyond);
}

TEST(Exporters, DataMayArriveBeforeItsTemplate) {
    Receiver r;
    r.decode(ipfix_message(1, {data(256, record(1) + record(2))}, 0, export_seconds - 100));
    r.decode(ipfix_message(1, {data(257, record(4))}));
    r.decode(ipfix_message(1, {data(256, record(8))}));
    EXPECT_TRUE(r.sink.all.empty());
    EXPECT_EQ(r.counters().pending, 3U);
    EXPECT_GT(r.exporters.status()[0].pending_octets, 0U);
    r.decode(ipfix_message(
        1, {data(256, record(16)), templates({{256, plain}}), data(256, record(32))}));
    ASSERT_EQ(r.sink.all.size(), 5U);
    EXPECT_EQ(r.sink.bytes(), 1U + 2 + 8 + 16 + 32);
    // Each has the context of its own message.
    EXPECT_EQ(r.sink.all[0].context.exported, UtcTime::from_seconds(export_seconds - 100));
    EXPECT_EQ(r.sink.all[2].record.bytes, 8U);
    EXPECT_EQ(r.counters().resumed, 3U);
    EXPECT_TRUE(r.sink.gaps.empty());
    r.decode(ipfix_message(1, {templates({{257, plain}})}));
    EXPECT_EQ(r.sink.bytes(), 63U);
    EXPECT_EQ(r.exporters.status()[0].pending_octets, 0U);
}

TEST(Exporters, PendingDataIsDroppedAfterHalfAnHour) {
    Receiver r;
    r.decode(ipfix_message(1, {data(256, record(1))}));
    r.now = r.now + Duration::minutes(20);
    r.decode(ipfix_message(1, {data(256, record(2))}));
    EXPECT_EQ(r.counters().dropped, 0U);
    // With any message of the exporter ...
    r.now = r.now + Duration::minutes(20);
    r.decode(v9_message(4, {v9_templates({{300, plain}})}));
    EXPECT_EQ(r.counters().dropped, 1U);
    r.decode(ipfix_message(1, {templates({{256, plain}})}));
    EXPECT_EQ(r.sink.bytes(), 2U);
    // ... and without one.
    r.decode(ipfix_message(1, {data(257, record(4))}));
    r.exporters.expire(r.now + Duration::minutes(30), r.sink);
    EXPECT_EQ(r.counters().dropped, 1U);
    r.exporters.expire(r.now + Duration::minutes(31), r.sink);
    EXPECT_EQ(r.counters().dropped, 2U);
    EXPECT_EQ(r.exporters.status()[0].pending_octets, 0U);
    EXPECT_EQ(r.exporters.status()[0].undecodable, 2U);
}

TEST(Exporters, AClockThatIsSetBackKeepsNoDataForEver) {
    Receiver r;
    r.decode(ipfix_message(1, {data(256, record(1))}));
    r.now = r.now - Duration::hours(1000);
    r.exporters.expire(r.now, r.sink);
    EXPECT_EQ(r.counters().dropped, 0U);
    r.exporters.expire(r.now + Duration::minutes(31), r.sink);
    EXPECT_EQ(r.counters().dropped, 1U);
}

TEST(Exporters, ATemplateAfterARestartIsAnotherOne) {
    Receiver r;
    r.decode(v9_message(1, {data(256, record(1))}, 500));
    r.decode(v9_message(2, {data(256, record(2))}, 500));
    r.decode(v9_message(1, {v9_templates({{256, plain}})}, 0, 1000));
    EXPECT_EQ(r.counters().restarts, 1U);
    EXPECT_TRUE(r.sink.all.empty());
    r.decode(v9_message(2, {v9_templates({{256, plain}})}, 501, 1'001'000));
    EXPECT_EQ(r.sink.bytes(), 2U);
    // The set from before the restart goes on waiting.
    EXPECT_EQ(r.counters().dropped, 0U);
    r.exporters.expire(r.now + Duration::minutes(31), r.sink);
    EXPECT_EQ(r.counters().dropped, 1U);
}

// Line cards, and exporters behind NAT, have several counters.
TEST(Exporters, NothingThatWaitsIsDroppedWhenNumbersJump) {
    Receiver r;
    r.decode(ipfix_message(1, {data(256, record(4))}, 500));
    r.decode(ipfix_message(1, {data(256, record(8))}, 9'000'000));
    r.decode(ipfix_message(1, {data(256, record(16))}, 501));
    r.decode(ipfix_message(1, {templates({{256, plain}})}, 0));
    EXPECT_EQ(r.sink.bytes(), 28U);
    EXPECT_EQ(r.counters().dropped, 0U);
}

TEST(Exporters, GapsOfASilentExporterAreReported) {
    Receiver r;
    r.decode(v5_message({.sequence = 0}, {v5_record(1, 1)}));
    r.decode(v5_message({.sequence = 10, .uptime_ms = 1'001'000}, {v5_record(1, 1)}));
    const UtcTime seen = r.now;
    r.exporters.expire(seen + Duration::minutes(10), r.sink);
    EXPECT_TRUE(r.sink.gaps.empty());
    r.exporters.expire(seen + Duration::minutes(11), r.sink);
    ASSERT_EQ(r.sink.gaps.size(), 1U);
    EXPECT_EQ(r.sink.gaps[0].lost, 9U);
    EXPECT_EQ(r.sink.gap_contexts[0].exporter, router);
    EXPECT_EQ(r.counters().lost, 9U);
    r.exporters.expire(seen + Duration::hours(1), r.sink);
    r.exporters.flush(r.sink);
    EXPECT_EQ(r.sink.gaps.size(), 1U);
}

TEST(Exporters, LossesAreReportedInTheUnitOfTheProtocol) {
    Receiver r;
    r.decode(v5_message({.sequence = 0}, {v5_record(1, 1), v5_record(1, 1)}));
    r.decode(v5_message({.sequence = 10, .uptime_ms = 1'001'000}, {v5_record(1, 1)}));
    r.decode(v9_message(1, {v9_templates({{256, plain}})}, 5));
    r.decode(v9_message(1, {data(256, record(1))}, 8, 1'001'000));
    r.decode(ipfix_message(1, {templates({{256, plain}}), data(256, record(1) + record(2))}, 0));
    r.decode(ipfix_message(1, {data(256, record(1))}, 7));
    EXPECT_TRUE(r.sink.gaps.empty());
    r.exporters.flush(r.sink);
    ASSERT_EQ(r.sink.gaps.size(), 3U);
    std::uint64_t records = 0;
    std::uint64_t messages = 0;
    for (std::size_t i = 0; i < 3; ++i) {
        const bool of_messages = r.sink.gaps[i].unit == flow::SequenceGap::Unit::messages;
        EXPECT_EQ(of_messages, r.sink.gap_contexts[i].protocol == Protocol::netflow_v9);
        (of_messages ? messages : records) += r.sink.gaps[i].lost;
    }
    EXPECT_EQ(records, 8U + 5);
    EXPECT_EQ(messages, 2U);
    EXPECT_EQ(r.counters().lost, 15U);
    r.exporters.flush(r.sink);
    EXPECT_EQ(r.sink.gaps.size(), 3U);
}

TEST(Exporters, ADuplicateIsDecodedOnce) {
    Receiver r;
    const std::string first = v5_message({.sequence = 0}, {v5_record(10, 1)});
    const std::string second =
        v5_message({.sequence = 1, .uptime_ms = 1'001'000}, {v5_record(20, 1)});
    r.decode(first);
    r.decode(second);
    r.decode(first);
    r.decode(second);
    EXPECT_EQ(r.sink.bytes(), 30U);
    EXPECT_EQ(r.counters().duplicates, 2U);
    EXPECT_EQ(r.exporters.status()[0].duplicates, 2U);
}

TEST(Exporters, TheHeaderOfV5StatesARate) {
    Receiver r;
    r.decode(v5_message({.engine = 0x0103, .sampling = 0x4000 + 100}, {v5_record(1, 1)}));
    EXPECT_EQ(r.sink.all[0].record.sampling, 100U);
    EXPECT_EQ(r.sink.all[0].context.observation_domain, 0x0103U);
    EXPECT_EQ(r.exporters.status()[0].sampling, (std::vector<std::uint64_t>{100}));
}

TEST(Exporters, ManyRecordsComeInOneCall) {
    Receiver r;
    std::string many;
    for (std::uint32_t i = 1; i <= 150; ++i) many += record(i);
    r.decode(ipfix_message(1, {templates({{256, plain}}), data(256, many)}));
    EXPECT_EQ(r.sink.all.size(), 150U);
    EXPECT_EQ(r.sink.bytes(), 150U * 151 / 2);
    EXPECT_EQ(r.sink.all[149].record.bytes, 150U);
}

}  // namespace
}  // namespace octroi::exporter
