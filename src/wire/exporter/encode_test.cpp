// SPDX-License-Identifier: GPL-3.0-or-later
// Our decoder reads back what our encoders write.

#include <gtest/gtest.h>

#include <functional>
#include <random>
#include <vector>

#include "wire/exporter/exporters.hpp"
#include "wire/ipfix/encode.hpp"
#include "wire/netflow/encode.hpp"

namespace octroi::exporter {
namespace {

using flow::FlowRecord;

const UtcTime begin = UtcTime::from_seconds(1'767'225'600);

struct Format {
    const char* name;
    std::unique_ptr<flow::Encoder> (*make)(const flow::EncoderSettings&);
    bool v6;
    bool links;  // MAC addresses, VLAN
};

void PrintTo(const Format& format, std::ostream* out) { *out << format.name; }

// Hands each message to a decoder, as a network would.
class Loop final : public flow::MessageSink, public flow::RecordSink {
public:
    void message(std::string_view octets) override {
        ++messages;
        longest = std::max(longest, octets.size());
        all += octets;
        const Datagram datagram{as_octets(octets), Address::v4(0x7f000001), begin};
        EXPECT_EQ(exporters.decode(datagram, *this), flow::Outcome::ok);
    }
    void records(const flow::MessageContext& context,
                 std::span<const FlowRecord> records) override {
        last_context = context;
        for (const FlowRecord& record : records)
            if (record.kind == flow::RecordKind::traffic) got.push_back(record);
    }
    void gap(const flow::MessageContext& /*context*/, const flow::SequenceGap& gap) override {
        lost += gap.lost;
    }

    Exporters exporters;
    flow::MessageContext last_context;
    std::vector<FlowRecord> got;
    std::string all;
    std::uint64_t messages = 0;
    std::uint64_t lost = 0;
    std::size_t longest = 0;
};

FlowRecord random_record(std::mt19937_64& random, bool v6, bool links) {
    const auto octet = [&] { return static_cast<std::uint8_t>(random()); };
    FlowRecord record;
    if (v6) {
        record.src.family = record.dst.family = Family::v6;
        for (auto& o : record.src.octets) o = octet();
        for (auto& o : record.dst.octets) o = octet();
    } else {
        record.src = Address::v4(static_cast<std::uint32_t>(random()) | 1U);
        record.dst = Address::v4(static_cast<std::uint32_t>(random()) | 1U);
    }
    constexpr std::array<std::uint8_t, 4> protocols = {6, 17, 1, 58};
    record.proto = protocols[random() % (v6 ? 4 : 3)];
    const bool icmp = record.proto == 1 || record.proto == 58;
    if (icmp) {
        record.icmp_type = octet();
        record.icmp_code = octet();
    } else {
        record.sport = static_cast<std::uint16_t>(random());
        record.dport = static_cast<std::uint16_t>(random());
    }
    record.bytes = random() % (1ULL << (8 + random() % 24));
    record.packets = 1 + record.bytes / 600;
    record.tos = octet();
    if (record.proto == 6) record.tcp_flags = octet();
    record.in_if = static_cast<std::uint32_t>(random() % 65536);
    record.out_if = static_cast<std::uint32_t>(random() % 65536);
    if (links) {
        record.vlan = static_cast<std::uint16_t>(random() % 4096);
        for (auto& o : record.src_mac.octets) o = octet();
        for (auto& o : record.dst_mac.octets) o = octet();
    }
    record.first = begin + Duration::milliseconds(static_cast<std::int64_t>(random() % 3'000'000));
    record.last =
        record.first + Duration::milliseconds(static_cast<std::int64_t>(random() % 99'999));
    return record;
}

void expect_same(const FlowRecord& got, const FlowRecord& sent) {
    EXPECT_EQ(got.src, sent.src);
    EXPECT_EQ(got.dst, sent.dst);
    EXPECT_EQ(got.proto, sent.proto);
    EXPECT_EQ(got.sport, sent.sport);
    if (sent.proto != 1 && sent.proto != 58) {
        EXPECT_EQ(got.dport, sent.dport);
    }
    EXPECT_EQ(got.icmp_type, sent.icmp_type);
    EXPECT_EQ(got.icmp_code, sent.icmp_code);
    EXPECT_EQ(got.bytes, sent.bytes);
    EXPECT_EQ(got.packets, sent.packets);
    EXPECT_EQ(got.tos, sent.tos);
    EXPECT_EQ(got.tcp_flags, sent.tcp_flags);
    EXPECT_EQ(got.in_if, sent.in_if);
    EXPECT_EQ(got.out_if, sent.out_if);
    EXPECT_EQ(got.vlan, sent.vlan);
    EXPECT_EQ(got.src_mac, sent.src_mac);
    EXPECT_EQ(got.dst_mac, sent.dst_mac);
    EXPECT_EQ(got.first, sent.first);
    EXPECT_EQ(got.last, sent.last);
    EXPECT_EQ(got.counting, flow::Counting::delta);
}

class EncodeTest : public testing::TestWithParam<Format> {};

TEST_P(EncodeTest, RecordsAreReadBack) {
    for (std::uint64_t seed = 1; seed <= 40; ++seed) {
        std::mt19937_64 random(seed);
        const auto encoder = GetParam().make({.observation_domain = 7});
        const std::vector<std::string> names = {"eth0", "eth1"};
        if (seed % 2 == 0) encoder->name_interfaces(names);
        Loop loop;
        std::vector<FlowRecord> sent;
        UtcTime exported = begin;
        const std::size_t count = random() % 400;
        while (sent.size() < count) {
            std::vector<FlowRecord> part;
            for (std::uint64_t i = 0; i < 1 + random() % 50; ++i)
                part.push_back(
                    random_record(random, GetParam().v6 && random() % 3 == 0, GetParam().links));
            for (const FlowRecord& record : part) exported = std::max(exported, record.last);
            encoder->records(part, exported, loop);
            if (random() % 4 == 0) encoder->flush(exported, loop);
            sent.insert(sent.end(), part.begin(), part.end());
        }
        encoder->flush(exported, loop);
        loop.exporters.flush(loop);
        EXPECT_LE(loop.longest, 1400U);
        EXPECT_EQ(loop.lost, 0U);
        EXPECT_EQ(encoder->counters().records, sent.size());
        EXPECT_EQ(encoder->counters().messages, loop.messages);
        ASSERT_EQ(loop.got.size(), sent.size()) << "seed " << seed;
        for (std::size_t i = 0; i < sent.size(); ++i) expect_same(loop.got[i], sent[i]);
        if (sent.empty()) continue;
        EXPECT_EQ(loop.last_context.observation_domain, 7U);
        if (GetParam().v6 && seed % 2 == 0) {
            EXPECT_EQ(loop.exporters.interface_name(Address::v4(0x7f000001), 2), "eth1");
        }
        if (HasFailure()) break;
    }
}

// Names that fit no message cause none: a meter of exporters can have a million interfaces.
TEST_P(EncodeTest, InterfacesThatFitNoMessageAreNotAnnounced) {
    const auto encoder = GetParam().make({});
    std::mt19937_64 random(1);
    const FlowRecord record = random_record(random, false, false);
    std::vector<std::string> names;
    Loop loop;
    const auto octets_of_a_message = [&] {
        encoder->name_interfaces(names);
        const std::uint64_t before = loop.all.size();
        encoder->records({&record, 1}, record.last, loop);
        encoder->flush(record.last, loop);
        return loop.all.size() - before;
    };
    const std::uint64_t with_templates = octets_of_a_message();
    const std::uint64_t without = octets_of_a_message();
    names.assign(1000, "eth");
    EXPECT_GE(octets_of_a_message(), with_templates);
    EXPECT_EQ(octets_of_a_message(), without);
    names.emplace_back("one more");
    EXPECT_EQ(octets_of_a_message(), without);
    EXPECT_LE(loop.longest, 1400U);
}

TEST_P(EncodeTest, CountsOfAnySizeKeepTheirSum) {
    const auto encoder = GetParam().make({});
    std::mt19937_64 random(1);
    FlowRecord record = random_record(random, false, false);
    record.bytes = (1ULL << 40U) + 12345;
    record.packets = 5'000'000'001;
    Loop loop;
    encoder->records({&record, 1}, record.last, loop);
    encoder->flush(record.last, loop);
    std::uint64_t bytes = 0;
    std::uint64_t packets = 0;
    for (const FlowRecord& got : loop.got) {
        bytes += got.bytes;
        packets += got.packets;
    }
    EXPECT_EQ(bytes, record.bytes);
    EXPECT_EQ(packets, record.packets);
    EXPECT_EQ(loop.got.size(), 1 + encoder->counters().split);
}

TEST_P(EncodeTest, WhatTheProtocolCannotHoldIsCounted) {
    const auto encoder = GetParam().make({});
    std::mt19937_64 random(1);
    std::array records = {random_record(random, true, false), FlowRecord{}};
    Loop loop;
    encoder->records(records, records[0].last, loop);
    encoder->flush(records[0].last, loop);
    EXPECT_EQ(loop.got.size(), GetParam().v6 ? 1U : 0U);
    EXPECT_EQ(encoder->counters().left_out, GetParam().v6 ? 1U : 2U);
    EXPECT_EQ(encoder->counters().left_out_bytes, GetParam().v6 ? 0U : records[0].bytes);
}

TEST_P(EncodeTest, TemplatesAreRepeatedByCountAndByTime) {
    for (const bool by_time : {false, true}) {
        const auto encoder =
            GetParam().make({.template_interval = by_time ? Duration::seconds(10) : Duration{},
                             .template_messages = by_time ? 0U : 5U});
        std::mt19937_64 random(1);
        std::vector<FlowRecord> late;
        Loop loop;
        for (int i = 0; i < 30; ++i) {
            // The collector restarts without the templates of the first messages.
            if (i == 3) loop.exporters = Exporters();
            const FlowRecord record = random_record(random, false, false);
            const UtcTime now = begin + Duration::hours(2) + Duration::seconds(i);
            encoder->records({&record, 1}, now, loop);
            encoder->flush(now, loop);
        }
        EXPECT_EQ(loop.got.size(), 30U);
    }
}

INSTANTIATE_TEST_SUITE_P(Formats, EncodeTest,
                         testing::Values(Format{"ipfix", ipfix::make_encoder, true, true},
                                         Format{"v9", netflow::make_v9_encoder, true, true},
                                         Format{"v5", netflow::make_v5_encoder, false, false}),
                         [](const auto& format) { return format.param.name; });

}  // namespace
}  // namespace octroi::exporter
