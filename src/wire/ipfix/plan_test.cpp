// SPDX-License-Identifier: GPL-3.0-or-later
#include "wire/ipfix/plan.hpp"

#include <gtest/gtest.h>

#include <deque>
#include <string>
#include <vector>

#include "wire/ipfix/elements.hpp"
#include "wire/ipfix/roles.hpp"
#include "wire/ipfix/run.hpp"
#include "wire/ipfix/testing/messages.hpp"

namespace octroi::ipfix {
namespace {

using namespace ipfix::testing;
using flow::bit;
using flow::Counting;
using flow::Field;
using flow::FlowRecord;
using flow::RecordKind;

Template make(const Fields& fields) {
    Template t;
    t.id = 300;
    for (const FieldSpec& f : fields) t.fields.push_back({f.enterprise, f.id, f.length});
    return t;
}

struct Decoded {
    std::vector<FlowRecord> records;
    std::uint64_t counted = 0;
    Fill fill = Fill::done;
    std::size_t left = 0;
};

Decoded decode(const Fields& fields, const std::string& octets, const Origin& origin = {},
               std::uint64_t wanted = ~std::uint64_t{0}) {
    const Plan plan = compile(make(fields), wanted);
    Batch batch;
    Decoded out;
    // Texts in the records point into these.
    static std::deque<std::string> kept;
    ByteCursor cursor(as_octets(kept.emplace_back(octets)));
    do {
        out.fill = fill(plan, cursor, origin, batch, out.counted);
        out.records.insert(out.records.end(), batch.records().begin(), batch.records().end());
        batch.clear();
    } while (out.fill == Fill::full);
    out.left = cursor.left();
    return out;
}

FlowRecord one(const Fields& fields, const std::string& octets, const Origin& origin = {}) {
    const Decoded got = decode(fields, octets, origin);
    EXPECT_EQ(got.records.size(), 1U);
    return got.records.empty() ? FlowRecord{} : got.records[0];
}

// The destination port of ICMP holds type and code.
constexpr Origin from_v9{.exported = {}, .icmp_in_port = true};

TEST(Elements, AreThoseOfTheRegistry) {
    ASSERT_NE(find_element(0, 1), nullptr);
    EXPECT_EQ(find_element(0, 1)->name, "octetDeltaCount");
    EXPECT_EQ(find_element(0, 1)->unit, Unit::octets);
    EXPECT_EQ(find_element(0, 85)->semantics, Semantics::totalCounter);
    EXPECT_EQ(find_element(0, 305)->name, "samplingPacketInterval");
    EXPECT_EQ(find_element(0, 56702)->name, "paloAltoUser");
    EXPECT_EQ(find_element(6871, 21)->name, "reverseFlowDeltaMilliseconds");
    EXPECT_EQ(find_element(0, 0), nullptr);
    EXPECT_EQ(find_element(9, 1), nullptr);
    EXPECT_GT(elements().size(), 480U);
}

// Only counters may be summed: elements that fill counts must be counters.
TEST(Elements, CountsAreFilledByCounters) {
    for (const Role& role : roles()) {
        const Element* element = find_element(role.enterprise, role.id);
        ASSERT_NE(element, nullptr) << role.id;
        if (role.slot != Slot::bytes && role.slot != Slot::packets && role.slot != Slot::flows)
            continue;
        EXPECT_TRUE(element->semantics == Semantics::deltaCounter ||
                    element->semantics == Semantics::totalCounter)
            << element->name;
    }
}

TEST(Plan, ReadsAPlainRecord) {
    const FlowRecord r = one(
        {{8, 4},  {12, 4}, {7, 2},  {11, 2}, {4, 1}, {5, 1}, {6, 1},  {10, 4},  {14, 2},  {16, 4},
         {17, 2}, {9, 1},  {13, 1}, {15, 4}, {1, 8}, {2, 4}, {61, 1}, {148, 8}, {152, 8}, {153, 8}},
        values()
            .u32(0x0a000001)
            .u32(0xc0000201)
            .u16(1024)
            .u16(443)
            .u8(6)
            .u8(0x20)
            .u8(0x1b)
            .u32(70000)
            .u16(9)
            .u32(4200000001)
            .u16(64500)
            .u8(24)
            .u8(16)
            .u32(0xc0000209)
            .u64(1ULL << 40U)
            .u32(77)
            .u8(1)
            .u64(99)
            .u64(1'790'000'000'123)
            .u64(1'790'000'001'456));
    EXPECT_EQ(to_string(r.src), "10.0.0.1");
    EXPECT_EQ(to_string(r.dst), "192.0.2.1");
    EXPECT_EQ(to_string(r.next_hop), "192.0.2.9");
    EXPECT_EQ(r.sport, 1024);
    EXPECT_EQ(r.dport, 443);
    EXPECT_EQ(r.proto, 6);
    EXPECT_EQ(r.tos, 0x20);
    EXPECT_EQ(r.tcp_flags, 0x1b);
    EXPECT_EQ(r.in_if, 70000U);
    EXPECT_EQ(r.out_if, 9U);
    EXPECT_EQ(r.src_as, 4200000001U);
    EXPECT_EQ(r.dst_as, 64500U);
    EXPECT_EQ(r.src_mask, 24);
    EXPECT_EQ(r.dst_mask, 16);
    EXPECT_EQ(r.bytes, 1ULL << 40U);
    EXPECT_EQ(r.packets, 77U);
    EXPECT_EQ(r.direction, 1);
    EXPECT_EQ(r.flow_id, 99U);
    EXPECT_EQ(r.first.ns, 1'790'000'000'123'000'000);
    EXPECT_EQ(r.last.ns, 1'790'000'001'456'000'000);
    EXPECT_TRUE(r.has(Field::direction) && r.has(Field::first) && !r.has(Field::vlan));
    EXPECT_EQ(r.kind, RecordKind::traffic);
}

TEST(Plan, ReadsNumbersOfAnyLength) {
    for (unsigned octets = 1; octets <= 8; ++octets) {
        const auto length = static_cast<std::uint16_t>(octets);
        const std::uint64_t value = 0x1122334455667788ULL >> (64 - 8 * octets);
        const FlowRecord r = one({{1, length}, {2, length}, {10, length}, {7, length}, {4, length}},
                                 values()
                                     .put(value, octets)
                                     .put(3, octets)
                                     .put(5, octets)
                                     .put(80, octets)
                                     .put(17, octets));
        EXPECT_EQ(r.bytes, value) << octets;
        EXPECT_EQ(r.packets, 3U);
        EXPECT_EQ(r.in_if, 5U);
        EXPECT_EQ(r.sport, 80);
        EXPECT_EQ(r.proto, 17);
    }
}

TEST(Plan, IncomingCountersWinAndAreNeverAdded) {
    const FlowRecord r = one({{23, 4}, {24, 4}, {1, 4}, {2, 4}, {85, 8}, {86, 8}},
                             values().u32(1000).u32(10).u32(1100).u32(11).u64(9999).u64(99));
    EXPECT_EQ(r.bytes, 1100U);
    EXPECT_EQ(r.packets, 11U);
    EXPECT_EQ(r.counting, Counting::delta);
    const FlowRecord post = one({{23, 4}, {24, 4}}, values().u32(1000).u32(10));
    EXPECT_EQ(post.bytes, 1000U);
    EXPECT_EQ(post.packets, 10U);
}

TEST(Plan, TotalsCountOnlyWithoutADelta) {
    const FlowRecord r = one({{85, 8}, {86, 8}}, values().u64(9999).u64(99));
    EXPECT_EQ(r.bytes, 9999U);
    EXPECT_EQ(r.packets, 99U);
    EXPECT_EQ(r.counting, Counting::total);
    // Octets since the last record and packets since the flow began do not belong together.
    const FlowRecord mixed = one({{1, 8}, {86, 8}}, values().u64(100).u64(99));
    EXPECT_EQ(mixed.bytes, 100U);
    EXPECT_EQ(mixed.counting, Counting::delta);
    EXPECT_FALSE(mixed.has(Field::packets));
}

TEST(Plan, InitiatorAndResponderAreTwoRecords) {
    const Fields fields{{8, 4},   {12, 4},  {7, 2},  {11, 2}, {4, 1},   {231, 4}, {232, 4},
                        {298, 4}, {299, 4}, {10, 2}, {14, 2}, {225, 4}, {6, 1}};
    const std::string both = values()
                                 .u32(1)
                                 .u32(2)
                                 .u16(1000)
                                 .u16(80)
                                 .u8(6)
                                 .u32(500)
                                 .u32(7000)
                                 .u32(5)
                                 .u32(7)
                                 .u16(3)
                                 .u16(4)
                                 .u32(9)
                                 .u8(0x12);
    const Decoded got = decode(fields, both);
    ASSERT_EQ(got.records.size(), 2U);
    EXPECT_EQ(got.counted, 1U);
    const FlowRecord& there = got.records[0];
    const FlowRecord& back = got.records[1];
    EXPECT_EQ(there.bytes, 500U);
    EXPECT_EQ(there.packets, 5U);
    EXPECT_FALSE(there.reverse);
    EXPECT_EQ(back.bytes, 7000U);
    EXPECT_EQ(back.packets, 7U);
    EXPECT_TRUE(back.reverse);
    EXPECT_EQ(back.src, there.dst);
    EXPECT_EQ(back.dst, there.src);
    EXPECT_EQ(back.sport, 80);
    EXPECT_EQ(back.dport, 1000);
    EXPECT_EQ(back.in_if, 4U);
    EXPECT_EQ(back.nat_dst, there.nat_src);
    EXPECT_TRUE(back.has(Field::nat_dst) && !back.has(Field::nat_src));
    EXPECT_FALSE(back.has(Field::tcp_flags));

    const std::string silent = values()
                                   .u32(1)
                                   .u32(2)
                                   .u16(1000)
                                   .u16(80)
                                   .u8(6)
                                   .u32(500)
                                   .u32(0)
                                   .u32(5)
                                   .u32(0)
                                   .u16(3)
                                   .u16(4)
                                   .u32(9)
                                   .u8(0x12);
    EXPECT_EQ(decode(fields, silent + both + silent).records.size(), 4U);
}

TEST(Plan, ReadsBiflows) {
    const std::uint32_t reverse = reverse_enterprise;
    const Fields fields{{8, 4},   {12, 4},         {1, 8},          {2, 8},
                        {6, 1},   {1, 8, reverse}, {2, 8, reverse}, {6, 1, reverse},
                        {152, 8}, {153, 8},        {21, 4, 6871},   {8, 4, reverse}};
    const Decoded got = decode(fields, values()
                                           .u32(1)
                                           .u32(2)
                                           .u64(100)
                                           .u64(1)
                                           .u8(2)
                                           .u64(300)
                                           .u64(3)
                                           .u8(0x12)
                                           .u64(5000)
                                           .u64(9000)
                                           .u32(250)
                                           .u32(77));
    ASSERT_EQ(got.records.size(), 2U);
    EXPECT_EQ(got.records[0].tcp_flags, 2);
    EXPECT_EQ(got.records[1].tcp_flags, 0x12);
    EXPECT_EQ(got.records[1].bytes, 300U);
    EXPECT_EQ(got.records[1].packets, 3U);
    EXPECT_EQ(got.records[1].first.ns, 5'250'000'000);
    EXPECT_EQ(got.records[1].last.ns, 9'000'000'000);
    EXPECT_EQ(got.records[1].src, got.records[0].dst);
}

TEST(Plan, TheFirstOfARepeatedElementCounts) {
    const FlowRecord r = one({{8, 4}, {12, 4}, {8, 4}, {12, 4}, {1, 4}, {1, 4}},
                             values().u32(1).u32(2).u32(3).u32(4).u32(100).u32(60));
    EXPECT_EQ(r.src, Address::v4(1));
    EXPECT_EQ(r.dst, Address::v4(2));
    EXPECT_EQ(r.bytes, 100U);
}

TEST(Plan, OfTwoAddressesTheOneThatIsNotZeroCounts) {
    const Fields v4_first{{8, 4}, {12, 4}, {27, 16}, {28, 16}, {9, 1}, {29, 1}};
    const Fields v6_first{{27, 16}, {28, 16}, {8, 4}, {12, 4}, {29, 1}, {9, 1}};
    const std::string a6 = values().u64(0x20010db800000000).u64(1);
    const std::string b6 = values().u64(0x20010db800000000).u64(2);
    const std::string none6(16, '\0');
    const std::string a4 = values().u32(0x0a000001);
    const std::string none4(4, '\0');

    FlowRecord r = one(v4_first, none4 + none4 + a6 + b6 + std::string(values().u8(0).u8(64)));
    EXPECT_EQ(to_string(r.src), "2001:db8::1");
    EXPECT_EQ(to_string(r.dst), "2001:db8::2");
    EXPECT_EQ(r.src_mask, 64);
    r = one(v6_first, none6 + none6 + a4 + a4 + std::string(values().u8(0).u8(8)));
    EXPECT_EQ(to_string(r.src), "10.0.0.1");
    EXPECT_EQ(r.src_mask, 8);
    r = one(v6_first, a6 + b6 + none4 + none4 + std::string(values().u8(48).u8(0)));
    EXPECT_EQ(to_string(r.src), "2001:db8::1");
    // An end with two zero addresses has the IP version of the other end.
    r = one(v6_first, none6 + none6 + none4 + a4 + std::string(2, '\0'));
    EXPECT_EQ(to_string(r.src), "0.0.0.0");
    EXPECT_EQ(to_string(r.dst), "10.0.0.1");
}

// Records of one IP version in places where records of the other stood.
TEST(Plan, NothingStaysOfTheRecordBefore) {
    const Fields fields{{8, 4}, {27, 16}, {4, 1}, {11, 2}, {311, 8}, {231, 4}, {232, 4}};
    const std::string v6 = values()
                               .u32(0)
                               .u64(~0ULL)
                               .u64(~0ULL)
                               .u8(58)
                               .u16(0x8100)
                               .u64(0x3fb999999999999a)
                               .u32(1)
                               .u32(2);
    const std::string v4 =
        values().u32(0x0a000001).u64(0).u64(0).u8(6).u16(443).u64(0).u32(1).u32(0);
    const Plan plan = compile(make(fields));
    Batch batch;
    std::uint64_t counted = 0;
    for (const std::string& octets : {joined({v6, v6, v6}), joined({v4, v4, v4, v4})}) {
        batch.clear();
        ByteCursor cursor(as_octets(octets));
        EXPECT_EQ(fill(plan, cursor, from_v9, batch, counted), Fill::done);
    }
    // And where the reverse of a record stood.
    batch.clear();
    const std::string again = joined({v4, v4, v4, v4});
    ByteCursor cursor(as_octets(again));
    EXPECT_EQ(fill(plan, cursor, from_v9, batch, counted), Fill::done);
    ASSERT_EQ(batch.records().size(), 4U);
    const FlowRecord alone = decode(fields, v4, from_v9).records.at(0);
    for (const FlowRecord& r : batch.records()) {
        EXPECT_EQ(r.src, alone.src);
        EXPECT_EQ(r.dport, alone.dport);
        EXPECT_EQ(r.sport, 0);
        EXPECT_EQ(r.fields, alone.fields);
        EXPECT_EQ(r.sampling, 0U);
        EXPECT_EQ(r.icmp_type, 0);
        EXPECT_FALSE(r.reverse);
    }
}

TEST(Plan, IcmpComesFromItsElementsOrFromThePort) {
    FlowRecord r = one({{4, 1}, {32, 2}, {11, 2}}, values().u8(1).u16(0x0301).u16(80));
    EXPECT_EQ(r.icmp_type, 3);
    EXPECT_EQ(r.icmp_code, 1);
    r = one({{4, 1}, {178, 1}, {179, 1}}, values().u8(58).u8(129).u8(2));
    EXPECT_EQ(r.icmp_type, 129);
    EXPECT_EQ(r.icmp_code, 2);
    r = one({{4, 1}, {11, 2}}, values().u8(1).u16(0x0800), from_v9);
    EXPECT_TRUE(r.has(Field::icmp));
    EXPECT_EQ(r.icmp_type, 8);
    r = one({{4, 1}, {11, 2}}, values().u8(1).u16(0x0800));
    EXPECT_FALSE(r.has(Field::icmp));
    r = one({{4, 1}, {11, 2}}, values().u8(6).u16(0x0800), from_v9);
    EXPECT_FALSE(r.has(Field::icmp));
}

TEST(Plan, ReadsTimesOfEveryForm) {
    const Origin origin{
        .exported = UtcTime::from_seconds(1'790'000'000), .has_uptime = true, .uptime_ms = 100'000};
    FlowRecord r = one({{22, 4}, {21, 4}}, values().u32(40'000).u32(99'500), origin);
    EXPECT_EQ(r.first.ns, (1'790'000'000LL - 60) * 1'000'000'000);
    EXPECT_EQ(r.last.ns, 1'790'000'000'000'000'000 - 500'000'000);
    // The uptime wrapped between the flow and the message, or the flow is a little ahead.
    r = one({{22, 4}, {21, 4}}, values().u32(0xfffffc18).u32(100'200), origin);
    EXPECT_EQ(r.first.ns, 1'790'000'000'000'000'000 - 101'000'000'000);
    EXPECT_EQ(r.last.ns, 1'790'000'000'000'000'000 + 200'000'000);
    r = one({{150, 4}, {151, 4}}, values().u32(1000).u32(2000));
    EXPECT_EQ(r.first.ns, 1000'000'000'000);
    EXPECT_EQ(r.last.ns, 2000'000'000'000);
    // 1790000000 + 2208988800 seconds, and half a second.
    const std::uint64_t ntp = 3'998'988'800ULL << 32U | 0x80000000U;
    r = one({{154, 8}, {157, 8}}, values().u64(ntp | 0x7ffU).u64(ntp));
    EXPECT_EQ(r.first.ns, 1'790'000'000'500'000'000);
    EXPECT_EQ(r.last.ns, 1'790'000'000'500'000'000);
    r = one({{158, 4}, {159, 4}}, values().u32(3'000'000).u32(1'000'000), origin);
    EXPECT_EQ(r.first.ns, 1'789'999'997'000'000'000);
    EXPECT_EQ(r.last.ns, 1'789'999'999'000'000'000);
    r = one({{152, 8}, {161, 4}}, values().u64(5000).u32(2500));
    EXPECT_EQ(r.last.ns, 7'500'000'000);
    r = one({{151, 4}, {162, 4}}, values().u32(100).u32(2'500'000));
    EXPECT_EQ(r.first.ns, 97'500'000'000);
    r = one({{323, 8}}, values().u64(77));
    EXPECT_EQ(r.first.ns, 77'000'000);
    EXPECT_EQ(r.last.ns, 77'000'000);
    r = one({{152, 8}}, values().u64(~0ULL));
    EXPECT_EQ(r.first, UtcTime::max());
}

TEST(Plan, UptimeInIpfixNeedsTheStartOfTheExporter) {
    const Fields fields{{22, 4}, {21, 4}, {1, 4}};
    const std::string octets = values().u32(40'000).u32(50'000).u32(1);
    Origin origin{.exported = UtcTime::from_seconds(1'790'000'000)};
    EXPECT_FALSE(one(fields, octets, origin).has(Field::first));
    // About 50 days before: the uptime wrapped once.
    origin.init_ms = 1'790'000'000'000 - (1LL << 32U) - 55'000;
    FlowRecord r = one(fields, octets, origin);
    EXPECT_EQ(r.first.ns, 1'789'999'985'000'000'000);
    EXPECT_EQ(r.last.ns, 1'789'999'995'000'000'000);
    r = one({{22, 4}, {160, 8}}, values().u32(40'000).u64(1'789'999'900'000), origin);
    EXPECT_EQ(r.first.ns, 1'789'999'940'000'000'000);
}

TEST(Plan, ReadsSamplingOfTheRecord) {
    EXPECT_EQ(one({{34, 4}}, values().u32(512)).sampling, 512U);
    EXPECT_EQ(one({{305, 4}, {306, 4}}, values().u32(1).u32(99)).sampling, 100U);
    EXPECT_EQ(one({{310, 4}, {309, 4}}, values().u32(1000).u32(2)).sampling, 500U);
    EXPECT_EQ(one({{311, 8}}, values().u64(0x3fb999999999999a)).sampling, 10U);  // 0.1
    EXPECT_EQ(one({{311, 4}}, values().u32(0x3c23d70a)).sampling, 100U);         // 0.01f
    EXPECT_EQ(one({{311, 8}}, values().u64(0x7ff8000000000000)).sampling, 0U);   // not a number
    const FlowRecord r = one({{305, 4}, {310, 4}}, values().u32(1).u32(99));
    EXPECT_FALSE(r.has(Field::sampling));
    const FlowRecord zero = one({{34, 4}}, values().u32(0));
    EXPECT_FALSE(zero.has(Field::sampling));
    EXPECT_EQ(one({{302, 8}}, values().u64(7)).sampler, 7U);
}

TEST(Plan, ReadsFieldsOfVariableLength) {
    const std::uint16_t v = variable_length;
    const Fields fields{{8, 4}, {371, v}, {1, 8}, {82, v}, {2, v}, {12, 4}};
    const std::string long_name(300, 'x');
    const Decoded got =
        decode(fields,
               joined({values().u32(1).variable("ann").u64(10).variable("").variable("\x05").u32(2),
                       values()
                           .u32(3)
                           .variable(long_name)
                           .u64(20)
                           .variable("eth0", true)
                           .variable("")
                           .u32(4)}));
    ASSERT_EQ(got.records.size(), 2U);
    EXPECT_EQ(got.fill, Fill::done);
    EXPECT_EQ(got.records[0].user, "ann");
    EXPECT_EQ(got.records[0].packets, 5U);
    EXPECT_EQ(got.records[0].dst, Address::v4(2));
    EXPECT_EQ(got.records[1].user, long_name);
    EXPECT_EQ(got.records[1].packets, 0U);
    EXPECT_EQ(got.records[1].bytes, 20U);
    EXPECT_EQ(got.records[1].dst, Address::v4(4));
}

// RFC 6313: lists have a variable length, and are skipped by it.
TEST(Plan, SkipsLists) {
    const std::uint16_t v = variable_length;
    const std::string nested = values().u8(3).u16(291).u16(v).variable("a").variable("bb");
    const FlowRecord r =
        one({{291, v}, {292, v}, {293, v}, {1, 4}}, joined({values()
                                                                .variable(nested)
                                                                .variable("x", true)
                                                                .variable(std::string(2000, '\xff'))
                                                                .u32(99)}));
    EXPECT_EQ(r.bytes, 99U);
}

TEST(Plan, StopsAtImpossibleRecords) {
    const Fields fields{{371, variable_length}, {1, 4}};
    const Decoded got = decode(fields, joined({values().variable("ok").u32(1), "\x09xx", "12345"}));
    EXPECT_EQ(got.records.size(), 1U);
    EXPECT_EQ(got.fill, Fill::malformed);
    EXPECT_EQ(decode({{1, 0}, {2, 0}}, "abcd").fill, Fill::malformed);
}

TEST(Plan, PaddingAndEmptyFieldsAreNormal) {
    for (std::size_t padding = 0; padding < 8; ++padding) {
        const Decoded got = decode({{1, 4}, {7, 0}, {371, 0}, {2, 4}},
                                   values().u32(10).u32(1).u32(20).u32(2).zeros(padding % 8));
        EXPECT_EQ(got.records.size(), 2U) << padding;
        EXPECT_EQ(got.records[1].bytes, 20U);
        EXPECT_FALSE(got.records[1].has(Field::sport));
        EXPECT_EQ(got.left, padding);
    }
}

TEST(Plan, TextEndsAtItsFirstZero) {
    const FlowRecord r = one({{40000, 8}, {1, 1}}, values().raw("bob").zeros(5).u8(1));
    EXPECT_EQ(r.user, "bob");
    EXPECT_EQ(one({{56702, 4}}, values().raw("anna")).user, "anna");
}

TEST(Plan, EventsWithoutCountsAreNoTraffic) {
    EXPECT_EQ(one({{230, 1}, {225, 4}}, values().u8(4).u32(1)).kind, RecordKind::event);
    const Fields fields{{233, 1}, {231, 4}, {232, 4}};
    EXPECT_EQ(one(fields, values().u8(1).u32(0).u32(0)).kind, RecordKind::event);
    const Decoded got = decode(fields, values().u8(5).u32(0).u32(9));
    ASSERT_EQ(got.records.size(), 2U);
    EXPECT_EQ(got.records[1].kind, RecordKind::traffic);
}

TEST(Plan, ReadsOtherFields) {
    const FlowRecord r = one({{58, 2},
                              {245, 2},
                              {56, 6},
                              {80, 6},
                              {89, 4},
                              {256, 2},
                              {352, 8},
                              {226, 4},
                              {227, 2},
                              {228, 2},
                              {62, 16},
                              {3, 4}},
                             values()
                                 .u16(100)
                                 .u16(200)
                                 .put(0x020000000001, 6)
                                 .put(0x020000000002, 6)
                                 .u32(0x80)
                                 .u16(0x0800)
                                 .u64(1514)
                                 .u32(7)
                                 .u16(1)
                                 .u16(2)
                                 .u64(0x20010db800000000)
                                 .u64(9)
                                 .u32(5));
    EXPECT_EQ(r.vlan, 100);
    EXPECT_EQ(r.inner_vlan, 200);
    EXPECT_EQ(to_string(r.src_mac), "02:00:00:00:00:01");
    EXPECT_EQ(to_string(r.dst_mac), "02:00:00:00:00:02");
    EXPECT_EQ(r.forwarding_status, 0x80);
    EXPECT_EQ(r.ethertype, 0x0800);
    EXPECT_EQ(r.frame_bytes, 1514U);
    EXPECT_EQ(r.nat_dst, Address::v4(7));
    EXPECT_EQ(r.nat_sport, 1);
    EXPECT_EQ(r.nat_dport, 2);
    EXPECT_EQ(to_string(r.next_hop), "2001:db8::9");
    EXPECT_EQ(r.flows, 5U);
}

TEST(Plan, ABlockOfPortsIsAnEventWithItsRange) {
    const FlowRecord r =
        decode({{323, 8}, {230, 1}, {8, 4}, {225, 4}, {361, 2}, {362, 2}, {363, 2}, {364, 2}},
               values()
                   .u64(1'790'000'000'250)
                   .u8(16)
                   .u32(5)
                   .u32(6)
                   .u16(1024)
                   .u16(2047)
                   .u16(8)
                   .u16(128))
            .records.at(0);
    EXPECT_EQ(r.kind, flow::RecordKind::event);
    EXPECT_EQ(r.nat_event, 16);
    EXPECT_EQ(r.first, UtcTime::from_seconds(1'790'000'000) + Duration::milliseconds(250));
    EXPECT_EQ(r.last, r.first);
    EXPECT_TRUE(r.has(Field::port_range));
    EXPECT_EQ(r.port_first, 1024);
    EXPECT_EQ(r.port_last, 2047);
    EXPECT_EQ(r.port_step, 8);
    EXPECT_EQ(r.port_count, 128);
}

TEST(Plan, TheNextHopOfBgpIsPreferredUnlessItIsNone) {
    const Fields both{{18, 4}, {15, 4}, {1, 4}};
    EXPECT_EQ(to_string(one(both, values().u32(0xc0000201).u32(0xc0000202).u32(1)).next_hop),
              "192.0.2.1");
    EXPECT_EQ(to_string(one(both, values().u32(0).u32(0xc0000202).u32(1)).next_hop), "192.0.2.2");
    const Fields reversed{{62, 16}, {371, variable_length}, {63, 16}, {1, 4}};
    const auto next_hops = [](std::uint64_t plain, std::uint64_t bgp) {
        constexpr std::uint64_t net = 0x20010db800000000;
        return values().u64(net).u64(plain).variable("ann").u64(bgp == 0 ? 0 : net).u64(bgp).u32(1);
    };
    EXPECT_EQ(to_string(one(reversed, next_hops(2, 1)).next_hop), "2001:db8::1");
    EXPECT_EQ(to_string(one(reversed, next_hops(2, 0)).next_hop), "2001:db8::2");
    // Nothing stays of the record before.
    const Decoded alone = decode({{18, 4}, {1, 4}}, values().u32(0xc0000201).u32(1).u32(0).u32(1));
    ASSERT_EQ(alone.records.size(), 2U);
    EXPECT_EQ(to_string(alone.records[0].next_hop), "192.0.2.1");
    EXPECT_EQ(to_string(alone.records[1].next_hop), "0.0.0.0");
    EXPECT_TRUE(alone.records[1].has(Field::next_hop));
}

TEST(Plan, UnwantedFieldsAreSkipped) {
    const Fields fields{{8, 4}, {12, 4}, {1, 4}, {58, 2}, {371, variable_length}};
    const std::string octets = values().u32(1).u32(2).u32(3).u16(4).variable("ann");
    const Decoded got = decode(fields, octets, {}, bit(Field::src));
    ASSERT_EQ(got.records.size(), 1U);
    EXPECT_EQ(got.records[0].fields, bit(Field::src) | bit(Field::bytes));
    EXPECT_EQ(got.records[0].user, "");
}

TEST(Plan, FillsBatchesOfAnyNumber) {
    Values octets;
    for (std::uint32_t i = 1; i <= 200; ++i) octets.u32(i).u32(i % 3);
    const Decoded got = decode({{231, 4}, {232, 4}}, octets);
    EXPECT_EQ(got.counted, 200U);
    EXPECT_EQ(got.records.size(), 334U);  // every third has no reverse direction
    std::uint64_t sum = 0;
    for (const FlowRecord& r : got.records) sum += r.bytes;
    EXPECT_EQ(sum, 200U * 201 / 2 + 201);
}

}  // namespace
}  // namespace octroi::ipfix
