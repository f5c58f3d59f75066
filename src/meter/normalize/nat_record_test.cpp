// SPDX-License-Identifier: GPL-3.0-or-later
#include "meter/normalize/nat_record.hpp"

#include <gtest/gtest.h>

namespace octroi::normalize {
namespace {

using flow::bit;
using flow::Field;
using flow::FlowRecord;

const Address inside = Address::v4(0x0a000005U);
const Address outside = Address::v4(0xcb007105U);
const Address remote = Address::v4(0xc6336401U);

// An outgoing session of a host, as in RFC 8158 section 5.2: the source is translated.
FlowRecord session(int event, std::uint8_t proto = 6) {
    FlowRecord r;
    r.kind = flow::RecordKind::event;
    r.fields = bit(Field::nat_event) | bit(Field::src) | bit(Field::dst) | bit(Field::nat_src) |
               bit(Field::nat_dst);
    r.nat_event = static_cast<std::uint8_t>(event);
    r.proto = proto;
    r.src = inside;
    r.sport = 1234;
    r.nat_src = outside;
    r.nat_sport = 40000;
    r.dst = r.nat_dst = remote;
    r.dport = r.nat_dport = 443;
    return r;
}

Translation single(std::uint8_t proto, std::uint16_t port) {
    Translation t;
    t.outside = outside;
    t.protocol = proto;
    t.first_port = t.last_port = port;
    t.inside = inside;
    return t;
}

TEST(NatRecord, ASessionIsOfOneFarEnd) {
    Translation expected = single(6, 40000);
    expected.inside_port = 1234;
    expected.remote = remote;
    expected.remote_port = 443;
    for (const int event : {1, 4, 6}) {
        const auto got = nat_event_of(session(event));
        ASSERT_TRUE(got) << event;
        EXPECT_EQ(got->change, nat::MappingChange::created);
        EXPECT_EQ(got->mapping, expected);
    }
    for (const int event : {2, 5, 7}) {
        const auto got = nat_event_of(session(event));
        ASSERT_TRUE(got) << event;
        EXPECT_EQ(got->change, nat::MappingChange::deleted);
        EXPECT_EQ(got->mapping, expected);
    }
}

TEST(NatRecord, ABindingIsOfAllFarEnds) {
    Translation expected = single(17, 40000);
    expected.inside_port = 1234;
    for (const int event : {8, 9, 10, 11}) {
        const auto got = nat_event_of(session(event, 17));
        ASSERT_TRUE(got) << event;
        EXPECT_EQ(got->change == nat::MappingChange::created, event % 2 == 0);
        EXPECT_EQ(got->mapping, expected);
    }
}

TEST(NatRecord, PortsThatAreNotRepeatedAreTheSame) {
    FlowRecord r = session(4);
    r.nat_sport = r.nat_dport = 0;
    const auto got = nat_event_of(r);
    ASSERT_TRUE(got);
    EXPECT_EQ(got->mapping.first_port, 1234);
    EXPECT_EQ(got->mapping.remote_port, 443);
}

TEST(NatRecord, APublishedHostIsTranslatedAtTheDestination) {
    FlowRecord r = session(4);
    r.src = r.nat_src = remote;
    r.sport = r.nat_sport = 5555;
    r.dst = outside;
    r.dport = 80;
    r.nat_dst = inside;
    r.nat_dport = 8080;
    const auto got = nat_event_of(r);
    ASSERT_TRUE(got);
    Translation expected = single(6, 80);
    expected.inside_port = 8080;
    expected.remote = remote;
    expected.remote_port = 5555;
    EXPECT_EQ(got->mapping, expected);
}

TEST(NatRecord, Nat64LeadsFromIpv6ToIpv4) {
    FlowRecord r = session(6);
    r.src = *parse_address("2001:db8::7");
    r.dst = *parse_address("64:ff9b::c633:6401");
    const auto got = nat_event_of(r);
    ASSERT_TRUE(got);
    EXPECT_EQ(got->mapping.outside, outside);
    EXPECT_EQ(got->mapping.inside, r.src);
    EXPECT_EQ(got->mapping.remote, remote) << "as it is seen outside";
}

TEST(NatRecord, ProtocolsWithoutPortsHaveNone) {
    const auto got = nat_event_of(session(4, 1));
    ASSERT_TRUE(got);
    EXPECT_EQ(got->mapping.first_port, 0);
    EXPECT_EQ(got->mapping.last_port, 0);
    EXPECT_EQ(got->mapping.remote_port, 0);
}

TEST(NatRecord, ABindingOfAnAddressIsForAllPorts) {
    FlowRecord r = session(14);
    r.fields = bit(Field::nat_event) | bit(Field::src) | bit(Field::nat_src);
    const auto got = nat_event_of(r);
    ASSERT_TRUE(got);
    Translation expected;
    expected.outside = outside;
    expected.inside = inside;
    EXPECT_EQ(got->mapping, expected);
}

FlowRecord block(std::uint16_t first, std::uint16_t last, std::uint16_t step = 0,
                 std::uint16_t count = 0) {
    FlowRecord r = session(16, 0);
    r.fields |= bit(Field::port_range);
    r.port_first = first;
    r.port_last = last;
    r.port_step = step;
    r.port_count = count;
    return r;
}

TEST(NatRecord, ABlockHasItsPorts) {
    const auto ports = [](const FlowRecord& r) {
        const auto got = nat_event_of(r);
        return got ? std::array<int, 3>{got->mapping.first_port, got->mapping.last_port,
                                        got->mapping.port_step}
                   : std::array<int, 3>{};
    };
    EXPECT_EQ(ports(block(1024, 2047)), (std::array{1024, 2047, 1}));
    EXPECT_EQ(ports(block(1024, 0, 0, 512)), (std::array{1024, 1535, 1}));
    EXPECT_EQ(ports(block(1024, 0, 8, 64)), (std::array{1024, 1528, 8}));
    EXPECT_EQ(ports(block(1024, 0)), (std::array{1024, 1024, 1}));
    EXPECT_EQ(ports(block(2047, 1024)), (std::array{0, 0, 0})) << "turned round";
    EXPECT_EQ(ports(block(65000, 0, 1, 1000)), (std::array{0, 0, 0})) << "beyond the last port";
    FlowRecord none = block(1, 2);
    none.fields &= ~bit(Field::port_range);
    EXPECT_FALSE(nat_event_of(none));
}

TEST(NatRecord, GivesNoEventWithoutATranslation) {
    for (const int event : {0, 3, 12, 13, 18, 255})
        EXPECT_FALSE(nat_event_of(session(event))) << event;
    FlowRecord same = session(4);
    same.nat_src = same.src;
    same.nat_sport = same.sport;
    EXPECT_FALSE(nat_event_of(same));
    FlowRecord zeros = session(4);
    zeros.nat_src = Address::v4(0U);
    EXPECT_FALSE(nat_event_of(zeros));
    FlowRecord no_event = session(4);
    no_event.fields &= ~bit(Field::nat_event);
    EXPECT_FALSE(nat_event_of(no_event));
}

}  // namespace
}  // namespace octroi::normalize
