// SPDX-License-Identifier: GPL-3.0-or-later
#include <gtest/gtest.h>

#include <string>

#include "wire/exporter/testing/receiver.hpp"
#include "wire/ipfix/testing/messages.hpp"

namespace octroi::exporter {
namespace {

using namespace ipfix::testing;
using namespace exporter::testing;
using flow::RecordKind;

// An IPv4 header of 1300 octets from 198.51.100.10 to 192.0.2.80, and the ports of TCP.
std::string ip_header() {
    return values()
        .u16(0x4500)
        .u16(1300)
        .u32(0)
        .u16(0x4006)
        .u16(0)
        .u32(0xc633640a)
        .u32(0xc0000250)
        .u16(1024)
        .u16(443)
        .u32(0);
}
std::string frame(std::uint16_t type = 0x0800) {
    return std::string("\2\0\0\0\0\1\2\0\0\0\0\2", 12) + std::string(values().u16(type)) +
           ip_header();
}

TEST(PacketSections, AFrameIsOnePacketOfItsIpLength) {
    Receiver r;
    const std::string section = frame();
    const Fields fields{{10, 4}, {312, 2}, {315, 65535}};
    const auto record = [&](const std::string& octets, std::uint16_t length) -> std::string {
        return values().u32(3).u16(length).u8(static_cast<std::uint8_t>(octets.size())).raw(octets);
    };
    r.decode(ipfix_message(1, {templates({{256, fields}}),
                               data(256, record(section, 1314) + record(frame(0x0806), 60))}));
    ASSERT_EQ(r.sink.all.size(), 2U);
    const flow::FlowRecord& packet = r.sink.all[0].record;
    EXPECT_EQ(packet.kind, RecordKind::traffic);
    EXPECT_EQ(packet.bytes, 1300U);
    EXPECT_EQ(packet.packets, 1U);
    EXPECT_EQ(packet.src, Address::v4(0xc633640a));
    EXPECT_EQ(packet.dport, 443);
    EXPECT_EQ(packet.in_if, 3U);
    // Nothing of the packet before stays in a record without IP.
    const flow::FlowRecord& arp = r.sink.all[1].record;
    EXPECT_EQ(arp.kind, RecordKind::non_ip);
    EXPECT_EQ(arp.bytes, 60U);
    EXPECT_TRUE(arp.src.empty());
    EXPECT_EQ(arp.dport, 0);
}

TEST(PacketSections, AnIpHeaderAlone) {
    Receiver r;
    const std::string section = ip_header();
    r.decode(
        ipfix_message(1, {templates({{256, {{313, static_cast<std::uint16_t>(section.size())}}}}),
                          data(256, section)}));
    ASSERT_EQ(r.sink.all.size(), 1U);
    EXPECT_EQ(r.sink.all[0].record.bytes, 1300U);
    EXPECT_EQ(r.sink.all[0].record.src, Address::v4(0xc633640a));
}

// The counts are those of the flow; the section shows one of its packets.
TEST(PacketSections, CountsOfTheRecordStay) {
    Receiver r;
    const std::string section = ip_header();
    r.decode(ipfix_message(
        1, {templates({{256, {{1, 4}, {313, static_cast<std::uint16_t>(section.size())}}}}),
            data(256, values().u32(5000).raw(section))}));
    ASSERT_EQ(r.sink.all.size(), 1U);
    EXPECT_EQ(r.sink.all[0].record.bytes, 5000U);
}

}  // namespace
}  // namespace octroi::exporter
