// SPDX-License-Identifier: GPL-3.0-or-later
// The seeds of both fuzz targets, made by the builders: one for each branch of the decoders. The
// files in test/corpus/ must equal them (`./dev golden --update` writes them).

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <string>

#include "support/golden.hpp"
#include "wire/packet/testing/frames.hpp"
#include "wire/pcap/testing/writer.hpp"

namespace octroi {
namespace {

using namespace packet::testing_frames;
using packet::LinkType;
using packet::build::Frame;
using Seeds = std::map<std::string, std::string>;

std::string frame_seed(LinkType link, const Frame& frame, std::uint16_t cut_off = 0) {
    ByteWriter w;
    w.be16(static_cast<std::uint16_t>(link));
    w.be16(cut_off);
    w.raw(frame.octets());
    return w.drain();
}

Frame tcp4(Frame frame) { return frame.ipv4(v4_header()).tcp(40000, 80, 0x18).payload(6); }
Frame udp6(Frame frame) { return frame.ipv6(v6_header()).udp(40000, 53).payload(6); }

Seeds ethernet_seeds() {
    auto fragment = v4_header();
    fragment.id = 77;
    fragment.fragment_offset = 3;
    auto options = v4_header();
    options.options = "\x01\x01\x01\x01";
    auto empty4 = v4_header();
    empty4.without_length = true;
    auto empty6 = v6_header();
    empty6.without_length = true;
    const auto eth = [](const Frame& frame, std::uint16_t cut_off = 0) {
        return frame_seed(LinkType::ethernet, frame, cut_off);
    };
    return {
        {"tcp4", eth(tcp4(ethernet()))},
        {"udp6", eth(udp6(ethernet()))},
        {"icmp", eth(ethernet().ipv4(v4_header()).icmp(8, 0).padded_to(60))},
        {"icmpv6", eth(ethernet().ipv6(v6_header()).icmpv6(135, 0).payload(16))},
        {"vlan", eth(tcp4(ethernet().vlan(7)), 1000)},
        {"qinq", eth(udp6(ethernet().vlan(7, 0x88a8).vlan(8)))},
        {"snap", eth(tcp4(ethernet().snap()))},
        {"pppoe", eth(tcp4(ethernet().pppoe(1)))},
        {"mpls", eth(tcp4(ethernet().mpls(16, false).mpls(17, true)))},
        {"pseudowire", eth(tcp4(ethernet().mpls(16, true).payload(4).ethernet(mac_a, mac_b)))},
        {"backbone", eth(udp6(ethernet().type(0x88e7).payload(4).ethernet(mac_a, mac_b)))},
        {"arp", eth(ethernet().type(0x0806).payload(28))},
        {"options", eth(ethernet().ipv4(options).udp(1, 2))},
        {"fragment4", eth(ethernet().ipv4(fragment).protocol(17).payload(24))},
        {"fragment6", eth(ethernet().ipv6(v6_header()).fragment(0, true, 9).tcp(1, 2, 2))},
        {"offload4", eth(ethernet().ipv4(empty4).tcp(1, 2, 16), 60'000)},
        {"offload6", eth(ethernet().ipv6(empty6).tcp(1, 2, 16), 60'000)},
        {"jumbo", eth(ethernet().ipv6(empty6).jumbo(65'540).tcp(1, 2, 16), 65'535)},
        {"chain", eth(ethernet()
                          .ipv6(v6_header())
                          .extension(0, "\x05\x02")
                          .extension(43, std::string(14, '\0'))
                          .authentication(5)
                          .extension(60, "")
                          .udp(1, 2))},
        {"gre", eth(ethernet().ipv4(v4_header()).protocol(47).payload(4))},
    };
}

Seeds link_seeds() {
    const auto raw = [](LinkType link, std::string_view head) {
        return frame_seed(link, tcp4(Frame().raw(head)));
    };
    using namespace std::string_view_literals;
    return {
        {"raw", raw(LinkType::raw, "")},
        {"ipv6", frame_seed(LinkType::ipv6, udp6(Frame()))},
        {"null", frame_seed(LinkType::null, udp6(Frame().loopback(30, false)))},
        {"loop", frame_seed(LinkType::loop, tcp4(Frame().loopback(2, true)))},
        {"sll", frame_seed(LinkType::linux_sll, tcp4(Frame().cooked_v1(4, mac_a)))},
        {"sll2", frame_seed(LinkType::linux_sll2, udp6(Frame().cooked_v2(0, mac_a).vlan(3)))},
        {"ppp", frame_seed(LinkType::ppp, tcp4(Frame().ppp(true)))},
        {"ppp_compressed", raw(LinkType::ppp_hdlc, "\x21")},
        {"cisco", raw(LinkType::ppp_hdlc, "\x0f\x00\x08\x00"sv)},
        {"pppd", raw(LinkType::ppp_pppd, "\x01\x03\x00\x21"sv)},
        {"pflog", raw(LinkType::pflog, "\x05\x02\x00\x00\x00\x00\x00\x00"sv)},
        {"null_ethertype", raw(LinkType::null, "\0\0\x08\0"sv)},
        {"frame_relay", raw(LinkType::frame_relay, "\x18\x41\x03\0\x80\0\0\0\x08\0"sv)},
        {"token_ring", raw(LinkType::token_ring,
                           "\x10\x40\2\0\0\0\0\x0b\x82\0\0\0\0\x0a\2\0"
                           "\xaa\xaa\3\0\0\0\x08\0"sv)},
        {"fddi", raw(LinkType::fddi, "\x50\2\0\0\0\0\x0b\2\0\0\0\0\x0a\xaa\xaa\3\0\0\0\x08\0"sv)},
        {"arcnet", raw(LinkType::arcnet_bsd, "\1\2\xd4\xff\xff\xff\xd4\0\0\7"sv)},
        {"radiotap", raw(LinkType::radiotap,
                         "\0\0\x09\0\2\0\0\0\x20\x88\1\0\0\2\0\0\0\0\x0c"
                         "\2\0\0\0\0\x0a\2\0\0\0\0\x0b\0\0\0\0\0\0"
                         "\xaa\xaa\3\0\0\0\x08\0"sv)},
        {"ppi", raw(LinkType::ppi, "\0\0\x08\0\x0c\0\0\0"sv)},
        {"nflog",
         raw(LinkType::nflog, "\x02\x00\x00\x05\x05\x00\x0a\x00x\x00\x00\x00\x2c\x00\x09\x00"sv)},
    };
}

constexpr UtcTime t0{1'700'000'000'123'456'789};

std::string pcap_seed(const pcap::PcapOptions& options) {
    std::string file("\x00\x13", 2);
    pcap::PcapWriter writer(file, options);
    writer.frame(t0, tcp4(ethernet()).octets(), 1500);
    writer.frame(t0 + Duration::milliseconds(1), udp6(ethernet().vlan(3)).octets());
    return file;
}

std::string pcapng_seed(bool big_endian) {
    std::string file("\x00\x41", 2);
    pcap::PcapngWriter writer(file, big_endian);
    writer.interface({.name = "eth0", .resolution = 6});
    writer.interface({.link = LinkType::raw, .resolution = 0x80 | 10, .offset_s = 99});
    writer.frame(0, t0, tcp4(ethernet()).octets(),
                 {.direction = packet::Direction::in, .dropped = 2});
    writer.frame(1, t0, udp6(Frame()).octets());
    writer.block(0x0bad, "something else");
    writer.simple_frame(tcp4(ethernet()).octets());
    writer.obsolete_frame(1, 3, t0, tcp4(Frame()).octets());
    writer.statistics(0, 5);
    writer.section(!big_endian);
    writer.interface({.link = LinkType::raw});
    writer.frame(0, t0, tcp4(Frame()).octets());
    return file;
}

Seeds pcap_seeds() {
    return {
        {"micro", pcap_seed({})},
        {"nano", pcap_seed({.nanoseconds = true})},
        {"micro_big", pcap_seed({.big_endian = true})},
        {"nano_big", pcap_seed({.nanoseconds = true, .big_endian = true})},
        {"kuznetzov", pcap_seed({.kuznetzov = true})},
        {"version_2_2", pcap_seed({.minor_version = 2})},
        {"version_2_3", pcap_seed({.minor_version = 3})},
        {"pcapng", pcapng_seed(false)},
        {"pcapng_big", pcapng_seed(true)},
    };
}

void expect_corpus(const std::string& target, const Seeds& seeds) {
    const std::filesystem::path folder = support::source_root() / "test" / "corpus" / target;
    for (const auto& [name, octets] : seeds) {
        if (std::getenv("OCTROI_UPDATE_GOLDEN") != nullptr) {
            std::filesystem::create_directories(folder);
            std::ofstream(folder / name, std::ios::binary) << octets;
        }
        EXPECT_TRUE(support::read_text(folder / name) == octets)
            << target << '/' << name << " differs: ./dev golden --update writes it";
    }
}

TEST(Seeds, AreInTheCorpus) {
    expect_corpus("packet_fuzz", ethernet_seeds());
    expect_corpus("packet_fuzz", link_seeds());
    expect_corpus("pcap_fuzz", pcap_seeds());
}

}  // namespace
}  // namespace octroi
