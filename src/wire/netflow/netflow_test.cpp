// SPDX-License-Identifier: GPL-3.0-or-later
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "wire/ipfix/testing/messages.hpp"
#include "wire/netflow/fixed.hpp"
#include "wire/netflow/v9.hpp"

namespace octroi::netflow {
namespace {

using namespace ipfix::testing;
using flow::Field;
using flow::FlowRecord;
using flow::Outcome;
using flow::Protocol;

std::vector<FlowRecord> decode(const std::string& octets, FixedMessage& message) {
    std::vector<FlowRecord> out;
    EXPECT_NE(parse_fixed(as_octets(octets), message), Outcome::malformed);
    ByteCursor cursor(message.records);
    ipfix::Batch batch;
    bool more = true;
    while (more) {
        more = fill(message, cursor, batch);
        out.insert(out.end(), batch.records().begin(), batch.records().end());
        batch.clear();
    }
    return out;
}

TEST(Fixed, ReadsVersion5) {
    FixedMessage m;
    const auto records = decode(
        v5_message({.sequence = 77, .engine = 0x0102, .sampling = 0x4064}, {v5_record(1500, 3)}),
        m);
    EXPECT_EQ(m.protocol, Protocol::netflow_v5);
    EXPECT_EQ(m.sequence, 77U);
    EXPECT_EQ(m.engine, 0x0102U);
    EXPECT_EQ(m.exported.ns, std::int64_t{export_seconds} * 1'000'000'000 + 500'000'000);
    ASSERT_EQ(records.size(), 1U);
    const FlowRecord& r = records[0];
    EXPECT_EQ(to_string(r.src), "10.0.0.1");
    EXPECT_EQ(to_string(r.dst), "192.0.2.1");
    EXPECT_EQ(to_string(r.next_hop), "192.0.2.2");
    EXPECT_EQ(r.in_if, 3U);
    EXPECT_EQ(r.out_if, 4U);
    EXPECT_EQ(r.bytes, 1500U);
    EXPECT_EQ(r.packets, 3U);
    EXPECT_EQ(r.sport, 1024);
    EXPECT_EQ(r.dport, 443);
    EXPECT_EQ(r.tcp_flags, 0x1b);
    EXPECT_EQ(r.proto, 6);
    EXPECT_EQ(r.tos, 0x20);
    EXPECT_EQ(r.src_as, 64500U);
    EXPECT_EQ(r.dst_as, 64501U);
    EXPECT_EQ(r.src_mask, 24);
    EXPECT_EQ(r.dst_mask, 16);
    EXPECT_EQ(r.sampling, 100U);
    EXPECT_EQ((m.exported - r.first).ns, 100'000'000'000);
    EXPECT_EQ((m.exported - r.last).ns, 50'000'000'000);
}

TEST(Fixed, NoSamplingIsStatedByZero) {
    FixedMessage m;
    EXPECT_FALSE(
        decode(v5_message({.sampling = 0x4000}, {v5_record(1, 1)}), m)[0].has(Field::sampling));
    EXPECT_EQ(decode(v5_message({.sampling = 10}, {v5_record(1, 1)}), m)[0].sampling, 10U);
}

TEST(Fixed, UptimeWraps) {
    FixedMessage m;
    const auto records =
        decode(v5_message({.uptime_ms = 1000},
                          {v5_record(1, 1, 0xfffffc18, 500), v5_record(1, 1, 0xffffffff, 2000)}),
               m);
    EXPECT_EQ((m.exported - records[0].first).ns, 2'000'000'000);
    EXPECT_EQ((m.exported - records[0].last).ns, 500'000'000);
    // All ones mean no time; and a time a little ahead of the header.
    EXPECT_GT((records[1].first - m.exported).ns, 49LL * 86400 * 1'000'000'000);
    EXPECT_EQ((records[1].last - m.exported).ns, 1'000'000'000);
}

std::string icmp_record(std::uint16_t type_and_code) {
    std::string record = v5_record(84, 1);
    record[34] = static_cast<char>(type_and_code >> 8U);
    record[35] = static_cast<char>(type_and_code);
    record[38] = 1;
    return record;
}

TEST(Fixed, IcmpStandsInTheDestinationPort) {
    FixedMessage m;
    const auto records = decode(v5_message({}, {icmp_record(0x0301), v5_record(1, 1)}), m);
    EXPECT_TRUE(records[0].has(Field::icmp));
    EXPECT_EQ(records[0].icmp_type, 3);
    EXPECT_EQ(records[0].icmp_code, 1);
    EXPECT_FALSE(records[1].has(Field::icmp));
}

TEST(Fixed, ReadsVersions1And7) {
    const std::string ends =
        values().u32(1).u32(2).u32(3).u16(4).u16(5).u32(6).u32(700).u32(0).u32(0).u16(80).u16(81);
    FixedMessage m;
    const std::string head1 = values().u16(1).u16(2).u32(1000).u32(export_seconds).u32(0);
    const std::string one = ends + std::string(values().u16(0).u8(17).u8(9).u8(0x10).zeros(7));
    auto records = decode(head1 + one + one, m);
    ASSERT_EQ(records.size(), 2U);
    EXPECT_EQ(m.octets, 16U + 2 * 48);
    EXPECT_EQ(records[1].bytes, 700U);
    EXPECT_EQ(records[1].proto, 17);
    EXPECT_EQ(records[1].tcp_flags, 0x10);
    EXPECT_FALSE(records[1].has(Field::src_as));

    const std::string head7 =
        values().u16(7).u16(1).u32(1000).u32(export_seconds).u32(0).u32(9).u32(0);
    records = decode(
        head7 + ends +
            std::string(
                values().u8(0).u8(2).u8(6).u8(0).u16(64500).u16(64501).u8(8).u8(9).u16(0).u32(7)),
        m);
    ASSERT_EQ(records.size(), 1U);
    EXPECT_EQ(m.octets, 24U + 52);
    EXPECT_EQ(m.sequence, 9U);
    EXPECT_EQ(records[0].dst_as, 64501U);
    EXPECT_EQ(records[0].dst_mask, 9);
}

TEST(Fixed, CompleteRecordsOfATruncatedMessageAreRead) {
    std::string octets = v5_message({}, {v5_record(1, 1), v5_record(2, 1)});
    octets.resize(octets.size() - 1);
    FixedMessage m;
    EXPECT_EQ(parse_fixed(as_octets(octets), m), Outcome::incomplete);
    EXPECT_EQ(m.count, 1U);
    EXPECT_EQ(m.octets, octets.size());
    EXPECT_EQ(parse_fixed(as_octets(octets).first(20), m), Outcome::malformed);
    EXPECT_EQ(parse_fixed(as_octets(octets).first(3), m), Outcome::malformed);
}

TEST(V9, EndsWhereTheNextMessageBegins) {
    const std::string first = v9_message(7, {data(256, "12345678")}, 3);
    const std::string second = v9_message(8, {data(257, "1234")}, 4);
    V9Message m;
    EXPECT_EQ(parse_v9(as_octets(first + second), m), Outcome::ok);
    EXPECT_EQ(m.octets, first.size());
    EXPECT_EQ(m.source_id, 7U);
    EXPECT_EQ(m.sequence, 3U);
    EXPECT_EQ(m.uptime_ms, 1'000'000U);
    const std::string all = first + second + std::string(10, '\0');
    EXPECT_EQ(parse_v9(as_octets(all).subspan(m.octets), m), Outcome::ok);
    EXPECT_EQ(m.source_id, 8U);
    EXPECT_EQ(m.octets, second.size() + 10);
    EXPECT_EQ(parse_v9(as_octets(first).first(19), m), Outcome::malformed);
}

}  // namespace
}  // namespace octroi::netflow
