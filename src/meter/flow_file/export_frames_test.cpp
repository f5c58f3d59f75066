// SPDX-License-Identifier: GPL-3.0-or-later
#include "meter/flow_file/export_frames.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <map>
#include <string>
#include <vector>

#include "support/golden.hpp"
#include "wire/packet/testing/frames.hpp"

namespace octroi::flow_file {
namespace {

using namespace packet::testing_frames;
using packet::LinkType;

struct Sent {
    LinkType link;
    std::string octets;
};

std::string message(std::uint16_t length) {
    ByteWriter w;
    w.be16(10);
    w.be16(length);
    w.raw(std::string(length - 4U, 'm'));
    return w.drain();
}

std::string udp(const std::string& payload) {
    ByteWriter w;
    w.be16(50'000);
    w.be16(2055);
    w.be16(static_cast<std::uint16_t>(8 + payload.size()));
    w.be16(0);
    w.raw(payload);
    return w.drain();
}

Sent segment(std::uint32_t sequence, const std::string& octets) {
    ByteWriter header;
    header.be32(50'000U << 16U | 4739U);
    header.be32(sequence);
    header.be32(0);
    header.be32(0x5018'0000);
    header.be32(0);
    return {LinkType::ipv4,
            Frame().ipv4(v4_header()).protocol(6).raw(header.octets()).raw(octets).octets()};
}

Sent fragment(const std::string& datagram, std::size_t begin, std::size_t end) {
    const bool more = end < datagram.size();
    return {LinkType::ipv6, Frame()
                                .ipv6(v6_header())
                                .fragment(static_cast<std::uint16_t>(begin / 8), more, 5)
                                .protocol(17)
                                .raw(datagram.substr(begin, end - begin))
                                .octets()};
}

std::map<std::string, std::vector<Sent>> seeds() {
    const std::string large = udp(message(100));
    const std::string stream = message(40) + message(50);
    return {
        {"udp",
         {{LinkType::ethernet,
           ethernet().ipv4(v4_header()).protocol(17).raw(udp("datagram")).padded_to(60).octets()}}},
        {"fragments", {fragment(large, 64, 108), fragment(large, 0, 64)}},
        {"stream",
         {segment(1, stream.substr(0, 30)), segment(61, stream.substr(60)),
          segment(31, stream.substr(30, 40))}},
        {"gap", {segment(1, stream.substr(0, 30)), segment(41, stream.substr(40))}},
    };
}

class Seen final : public DatagramSink {
public:
    void datagram(const exporter::Datagram& d) override { udp.push_back(d.octets.size()); }
    void message(const exporter::Datagram& m) override { tcp.push_back(m.octets.size()); }
    void session_ended(const Address& /*from*/, std::uint16_t /*session*/) override {}
    std::vector<std::size_t> udp;
    std::vector<std::size_t> tcp;
};

Seen take(const std::vector<Sent>& frames) {
    ExportFrames unpacked;
    Seen seen;
    for (const Sent& frame : frames) {
        const ByteSpan octets = as_octets(frame.octets);
        const auto length = static_cast<std::uint32_t>(octets.size());
        unpacked.on_frame({.data = octets.data(),
                           .captured_length = length,
                           .wire_length = length,
                           .time = UtcTime{},
                           .link = frame.link,
                           .interface = 0,
                           .direction = packet::Direction::unknown,
                           .timed = true},
                          seen);
    }
    unpacked.finish(UtcTime{}, seen);
    return seen;
}

TEST(ExportFrames, DatagramsAndMessages) {
    EXPECT_EQ(take(seeds().at("udp")).udp, std::vector<std::size_t>{8});
    EXPECT_EQ(take(seeds().at("fragments")).udp, std::vector<std::size_t>{100});
    EXPECT_EQ(take(seeds().at("stream")).tcp, (std::vector<std::size_t>{40, 50}));
    EXPECT_EQ(take(seeds().at("gap")).tcp, std::vector<std::size_t>{50});
}

TEST(ExportFrames, TheCorpusContainsTheComposedSeeds) {
    const auto folder = support::source_root() / "test" / "corpus" / "export_frames_fuzz";
    for (const auto& [name, frames] : seeds()) {
        ByteWriter w;
        for (const Sent& frame : frames) {
            w.be16(static_cast<std::uint16_t>(frame.link));
            w.be16(static_cast<std::uint16_t>(frame.octets.size()));
            w.raw(frame.octets);
        }
        if (std::getenv("OCTROI_UPDATE_GOLDEN") != nullptr)
            std::ofstream(folder / name, std::ios::binary) << w.octets();
        EXPECT_TRUE(support::read_text(folder / name) == w.octets())
            << name << " differs: ./dev golden --update writes it";
    }
}

}  // namespace
}  // namespace octroi::flow_file
