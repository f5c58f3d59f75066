// SPDX-License-Identifier: GPL-3.0-or-later
#include "wire/sflow/sflow.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <vector>

#include "support/golden.hpp"
#include "wire/packet/testing/frames.hpp"
#include "wire/sflow/testing/datagram.hpp"

namespace octroi::sflow {
namespace {

using namespace packet::testing_frames;
using namespace sflow::testing;
using flow::Field;
using flow::FlowRecord;
using flow::Outcome;
using flow::RecordKind;

const Address agent = Address::v4(0xcb007105);

class Collected final : public flow::RecordSink {
public:
    void records(const flow::MessageContext& in, std::span<const FlowRecord> found) override {
        context = in;
        all.insert(all.end(), found.begin(), found.end());
    }
    void gap(const flow::MessageContext& /*in*/, const flow::SequenceGap& /*gap*/) override {}
    flow::MessageContext context;
    std::vector<FlowRecord> all;
};

struct Decoded {
    explicit Decoded(std::string octets) : octets_(std::move(octets)) {
        flow::MessageContext context{.exporter = v4_a};
        outcome = decode(as_octets(octets_), context, counters, sink, reports);
        exporter = context.exporter;
        records = sink.all;
    }
    explicit Decoded(const Datagram& datagram) : Decoded(datagram.octets()) {}

    std::string octets_;  // FlowRecord::user points here
    Collected sink;
    Outcome outcome = Outcome::ok;
    Address exporter;
    Counters counters;
    SourceReports reports;
    std::vector<FlowRecord> records;
};

std::string tcp_frame(std::size_t payload = 100) {
    return ethernet().ipv4(v4_header()).tcp(40000, 443, 0x18).payload(payload).octets();
}

Datagram one(std::initializer_list<Part> records, const Sample& sample = {}) {
    return Datagram(agent).flow_sample(sample, records);
}

TEST(Sflow, APacketHeaderIsOnePacketOfItsIpLength) {
    // The agent sampled 64 octets of the frame and stripped 4 (the checksum).
    const std::string frame = tcp_frame(1000);
    const Decoded d(
        one({raw_header(frame.substr(0, 64), 1, static_cast<std::uint32_t>(frame.size() + 4), 4)}));
    EXPECT_EQ(d.outcome, Outcome::ok);
    EXPECT_EQ(d.exporter, agent);
    ASSERT_EQ(d.records.size(), 1U);
    const FlowRecord& r = d.records[0];
    EXPECT_EQ(r.kind, RecordKind::traffic);
    EXPECT_EQ(r.bytes, 1040U);
    EXPECT_EQ(r.packets, 1U);
    EXPECT_EQ(r.frame_bytes, frame.size() + 4);
    EXPECT_EQ(r.src, v4_a);
    EXPECT_EQ(r.dst, v4_b);
    EXPECT_EQ(r.sport, 40000);
    EXPECT_EQ(r.dport, 443);
    EXPECT_EQ(r.proto, 6);
    EXPECT_EQ(r.tcp_flags, 0x18);
    EXPECT_EQ(r.src_mac, mac_a);
    EXPECT_EQ(r.dst_mac, mac_b);
    EXPECT_EQ(r.ethertype, 0x0800);
    EXPECT_EQ(r.sampling, 256U);
    EXPECT_EQ(r.sampler, 3U);
    EXPECT_EQ(r.in_if, 3U);
    EXPECT_EQ(r.out_if, 4U);
    EXPECT_TRUE(r.has(Field::direction));
    EXPECT_EQ(r.direction, 0);
    EXPECT_FALSE(r.has(Field::first) || r.has(Field::vlan) || r.has(Field::icmp));
}

TEST(Sflow, HeadersOfOtherLinks) {
    const std::string v4 = Frame().ipv4(v4_header()).udp(1, 53).payload(4).octets();
    const std::string v6 = Frame().ipv6(v6_header()).udp(2, 53).payload(4).octets();
    const std::string ppp = Frame().ppp(true).ipv4(v4_header()).udp(3, 53).payload(4).octets();
    const Decoded d(one({raw_header(v4, 11)})
                        .flow_sample({}, {raw_header(v6, 12)})
                        .expanded_sample({}, {raw_header(ppp, 7)})
                        .flow_sample({}, {raw_header("token ring", 3)})
                        .flow_sample({}, {raw_header("\x18\x41\x03\xcc" + v4, 5)}));
    ASSERT_EQ(d.records.size(), 5U);
    EXPECT_EQ(d.records[0].bytes, 32U);
    EXPECT_EQ(d.records[1].bytes, 52U);
    EXPECT_EQ(d.records[1].src.family, Family::v6);
    EXPECT_EQ(d.records[2].sport, 3);
    EXPECT_EQ(d.records[3].kind, RecordKind::non_ip);
    EXPECT_EQ(d.records[3].bytes, 10U);
    EXPECT_EQ(d.records[4].kind, RecordKind::traffic);  // Frame Relay
    EXPECT_EQ(d.records[4].bytes, 32U);
}

TEST(Sflow, AFrameWithoutIpIsNoTraffic) {
    const std::string arp = ethernet().type(0x0806).payload(46).octets();
    const Decoded d(one({raw_header(arp, 1, 64, 4)})
                        .flow_sample({}, {sampled_ethernet(90, mac_a, mac_b, 0x88cc)}));
    ASSERT_EQ(d.records.size(), 2U);
    EXPECT_EQ(d.records[0].kind, RecordKind::non_ip);
    EXPECT_EQ(d.records[0].bytes, 60U);
    EXPECT_EQ(d.records[0].frame_bytes, 64U);
    EXPECT_EQ(d.records[0].ethertype, 0x0806);
    EXPECT_EQ(d.records[1].kind, RecordKind::non_ip);
    EXPECT_EQ(d.records[1].bytes, 90U);
    EXPECT_EQ(d.records[1].ethertype, 0x88cc);
    EXPECT_EQ(d.records[1].src_mac, mac_a);
}

TEST(Sflow, AWrongFrameLengthIsADoubt) {
    const std::string shown = tcp_frame(1000).substr(0, 128);
    for (const std::uint32_t length : {64U, 128U, 0xffff'ffffU}) {
        const Decoded d(one({raw_header(shown, 1, length)}));
        ASSERT_EQ(d.records.size(), 1U);
        EXPECT_EQ(d.records[0].kind, RecordKind::traffic);
        EXPECT_EQ(d.records[0].bytes, 1040U);
        EXPECT_TRUE(d.records[0].doubtful_length);
        EXPECT_EQ(d.counters.doubtful_lengths, 1U);
        EXPECT_LE(d.records[0].frame_bytes, 128U);
    }
    Part zero = raw_header(shown);
    zero.content.replace(4, 4, std::string(4, '\0'));
    const Decoded d(one({zero}).flow_sample({}, {raw_header(shown, 1, 1054)}));
    ASSERT_EQ(d.records.size(), 2U);
    EXPECT_EQ(d.records[0].bytes, 1040U);
    EXPECT_FALSE(d.records[0].has(Field::frame_bytes));
    EXPECT_EQ(d.records[1].bytes, 1040U);
    EXPECT_FALSE(d.records[1].doubtful_length);
    EXPECT_EQ(d.counters.doubtful_lengths, 1U);
}

TEST(Sflow, AnIpLengthBeyondTheFrameIsNoTraffic) {
    std::string forged = tcp_frame(20);  // 74 octets
    forged[16] = forged[17] = '\xff';
    const Part header = raw_header(forged, 1, 78, 4);
    const Part copied = sampled_ipv4(65'535, 6, v4_a, v4_b, 7, 8);
    for (const Datagram& datagram : {one({header}), one({header, copied}), one({copied, header}),
                                     one({copied, sampled_ethernet(74, mac_a, mac_b, 0x0800)})}) {
        const Decoded d(datagram);
        ASSERT_EQ(d.records.size(), 1U);
        EXPECT_EQ(d.records[0].kind, RecordKind::non_ip);
        EXPECT_LE(d.records[0].bytes, 78U);
        EXPECT_TRUE(d.records[0].src.empty());
        EXPECT_GE(d.counters.bad_headers, 1U);
    }
}

TEST(Sflow, NoStructureStatesAVolumeAlone) {
    const Decoded d(one({sampled_ipv4(0xffff'ffff, 6, v4_a, v4_b, 7, 8)})
                        .flow_sample({}, {sampled_ipv6(65'576, 6, v6(1), v6(2), 7, 8)})
                        .flow_sample({}, {sampled_ethernet(0xffff'ffff, mac_a, mac_b, 0x88cc)})
                        .flow_sample({}, {raw_header("token ring", 3, 0xffff'ffff)}));
    EXPECT_EQ(d.counters.malformed_records, 3U);
    EXPECT_EQ(d.counters.empty_samples, 3U);
    ASSERT_EQ(d.records.size(), 1U);
    EXPECT_EQ(d.records[0].bytes, 10U);
}

TEST(Sflow, ThePacketHeaderCountsBeforeSampledIp) {
    const Part header = raw_header(tcp_frame());
    const Part sampled_ip = sampled_ipv4(99, 17, v4_b, v4_a, 7, 8);
    for (const Datagram& datagram : {one({header, sampled_ip}), one({sampled_ip, header})}) {
        const Decoded d(datagram);
        ASSERT_EQ(d.records.size(), 1U);
        EXPECT_EQ(d.records[0].bytes, 140U);
        EXPECT_EQ(d.records[0].src, v4_a);
        EXPECT_EQ(d.records[0].proto, 6);
    }
    // But not if it was cut off before the IP header.
    const Part cut_off = raw_header(tcp_frame().substr(0, 16), 1, 154);
    for (const Datagram& datagram : {one({cut_off, sampled_ip}), one({sampled_ip, cut_off})}) {
        const Decoded d(datagram);
        ASSERT_EQ(d.records.size(), 1U);
        EXPECT_EQ(d.records[0].kind, RecordKind::traffic);
        EXPECT_EQ(d.records[0].bytes, 99U);
        EXPECT_EQ(d.records[0].dport, 8);
        EXPECT_EQ(d.records[0].frame_bytes, 154U);
        EXPECT_EQ(d.counters.bad_headers, 1U);
    }
}

TEST(Sflow, SampledIpAlone) {
    const Decoded d(one({sampled_ipv4(1500, 6, v4_a, v4_b, 1, 2)})
                        .flow_sample({}, {sampled_ipv6(80, 58, v6(1), v6(2), 128, 0)}));
    ASSERT_EQ(d.records.size(), 2U);
    EXPECT_EQ(d.records[0].bytes, 1500U);
    EXPECT_EQ(d.records[0].tcp_flags, 0x12);
    EXPECT_EQ(d.records[0].tos, 0x20);
    EXPECT_EQ(d.records[1].src, v6(1));
    EXPECT_FALSE(d.records[1].has(Field::sport));
    EXPECT_FALSE(d.records[1].has(Field::tcp_flags));
}

TEST(Sflow, ReadsStructuresOfSwitchesAndRouters) {
    const Decoded d(
        one({extended_switch(100, 200), extended_router(v4_b, 24, 16),
             extended_gateway(v4_a, 64500, 2, {64501, 64502}), raw_header(tcp_frame()),
             extended_user("", "alice"), extended_nat(v4_b, v4_a), extended_nat_port(1024, 80)}));
    ASSERT_EQ(d.records.size(), 1U);
    const FlowRecord& r = d.records[0];
    EXPECT_EQ(r.vlan, 100);
    EXPECT_EQ(r.next_hop, v4_a) << "BGP's";
    EXPECT_EQ(r.src_mask, 24);
    EXPECT_EQ(r.dst_mask, 16);
    EXPECT_EQ(r.src_as, 64500U);
    EXPECT_EQ(r.dst_as, 64502U);
    EXPECT_EQ(r.user, "alice");
    EXPECT_EQ(r.nat_src, v4_b);
    EXPECT_EQ(r.nat_dst, v4_a);
    EXPECT_EQ(r.nat_sport, 1024);
    EXPECT_EQ(r.nat_dport, 80);
}

TEST(Sflow, TheNextHopOfBgpIsPreferredUnlessItIsNone) {
    const Part none = extended_gateway(Address::v4(0U), 64500, 2, {64501});
    const Part bgp = extended_gateway(v4_a, 64500, 2, {64501});
    const Part next = extended_router(v4_b, 24, 16);
    const Part header = raw_header(tcp_frame());
    const Decoded d(one({header, bgp, next}).flow_sample({}, {header, next, none}));
    ASSERT_EQ(d.records.size(), 2U);
    EXPECT_EQ(d.records[0].next_hop, v4_a);
    EXPECT_EQ(d.records[1].next_hop, v4_b);
}

TEST(Sflow, ASetOfAsesIsNoOrigin) {
    const Decoded d(one({raw_header(tcp_frame()), extended_gateway(v4_a, 1, 1, {5, 6})}));
    ASSERT_EQ(d.records.size(), 1U);
    EXPECT_FALSE(d.records[0].has(Field::dst_as));
}

TEST(Sflow, TheTagOfTheFrameCountsBeforeTheSwitch) {
    const std::string tagged = ethernet().vlan(7).ipv4(v4_header()).udp(1, 2).octets();
    const Decoded d(one({raw_header(tagged), extended_switch(100, 200)})
                        .flow_sample({}, {raw_header(tcp_frame()), extended_switch(~0U, 5)}));
    ASSERT_EQ(d.records.size(), 2U);
    EXPECT_EQ(d.records[0].vlan, 7);
    EXPECT_FALSE(d.records[1].has(Field::vlan));
}

TEST(Sflow, InterfacesThatAreNone) {
    const Part header = raw_header(tcp_frame());
    const Decoded d(one({header}, {.in_value = 0x3fff'ffff, .out_format = 2, .out_value = 5})
                        .flow_sample({.source_index = 4, .out_format = 0}, {header})
                        .expanded_sample({.out_format = 1, .out_value = 258}, {header})
                        .flow_sample({.out_format = 1, .out_value = 256}, {header}));
    ASSERT_EQ(d.records.size(), 4U);
    EXPECT_FALSE(d.records[0].has(Field::in_if) || d.records[0].has(Field::out_if));
    EXPECT_FALSE(d.records[0].has(Field::direction));
    EXPECT_EQ(d.records[1].direction, 1);
    EXPECT_FALSE(d.records[1].has(Field::forwarding_status));
    EXPECT_EQ(d.records[2].forwarding_status, 129);
    EXPECT_EQ(d.records[2].out_if, 0U);
    EXPECT_EQ(d.records[3].forwarding_status, 128);
}

TEST(Sflow, ReadsTheHeadAndReportsOfSources) {
    Datagram datagram(v6(9));
    datagram.sub_agent = 7;
    datagram.sequence = 1234;
    datagram.flow_sample({.sequence = 11, .pool = 512, .drops = 2}, {raw_header(tcp_frame())});
    datagram.expanded_sample({.sequence = 12, .source_type = 1, .source_index = 0x0100'0000},
                             {raw_header(tcp_frame())});
    datagram.counter_sample(5, 3);
    const std::string octets = datagram.octets();
    ByteCursor cursor(as_octets(octets));
    DatagramHead head;
    ASSERT_TRUE(read_head(cursor, head));
    EXPECT_EQ(head.agent, v6(9));
    EXPECT_EQ(head.sub_agent, 7U);
    EXPECT_EQ(head.sequence, 1234U);
    EXPECT_EQ(head.uptime_ms, 60'000U);
    EXPECT_EQ(head.samples, 3U);
    const Decoded d(datagram);
    EXPECT_EQ(d.exporter, v6(9));
    EXPECT_EQ(d.sink.context.observation_domain, 7U);
    const auto reports = d.reports.all();
    ASSERT_EQ(reports.size(), 3U);
    EXPECT_EQ(reports[0].index, 3U);
    EXPECT_EQ(reports[0].drops, 2U);
    EXPECT_EQ(reports[1].type, 1);
    EXPECT_EQ(reports[1].index, 0x0100'0000U);
    EXPECT_TRUE(reports[2].counter_sample);
    EXPECT_EQ(d.records.size(), 2U);
    EXPECT_EQ(d.counters.counter_samples, 1U);
}

TEST(Sflow, UnknownStructuresAreSkippedByTheirLength) {
    const Decoded d(one({{4413U << 12U | 1U, "maker's own"}, raw_header(tcp_frame()), {1013, ""}})
                        .part(9U << 12U | 1U, "an unknown sample")
                        .flow_sample({}, {raw_header(tcp_frame())})
                        .flow_sample({}, {{4413U << 12U | 1U, "nothing else"}}));
    EXPECT_EQ(d.outcome, Outcome::ok);
    EXPECT_EQ(d.records.size(), 2U);
    EXPECT_EQ(d.counters.skipped_records, 3U);
    EXPECT_EQ(d.counters.unknown_samples, 1U);
    EXPECT_EQ(d.counters.empty_samples, 1U);
}

TEST(Sflow, SamplesBeforeTheDamageAreDecoded) {
    const std::string whole =
        one({raw_header(tcp_frame())}).flow_sample({}, {raw_header(tcp_frame())}).octets();
    const Decoded cut(whole.substr(0, whole.size() - 20));
    EXPECT_EQ(cut.outcome, Outcome::incomplete);
    EXPECT_EQ(cut.records.size(), 1U);
    EXPECT_EQ(cut.counters.malformed_datagrams, 1U);
    // A sample that counts more structures than it holds.
    const Decoded lies(Datagram(agent)
                           .part(1, words({1, 2, 3, 4, 5, 6, 7, 1000}) +
                                        parts(std::vector{raw_header(tcp_frame())}).substr(4))
                           .flow_sample({}, {raw_header(tcp_frame())}));
    EXPECT_EQ(lies.outcome, Outcome::ok);
    EXPECT_EQ(lies.records.size(), 2U);
    EXPECT_EQ(lies.counters.malformed_samples, 1U);
    EXPECT_EQ(Decoded(words({4, 1, 2})).outcome, Outcome::unsupported);
    EXPECT_EQ(Decoded(words({5, 3, 2})).outcome, Outcome::malformed);
    EXPECT_EQ(Decoded(std::string()).outcome, Outcome::malformed);
}

TEST(Sflow, ManySamplesComeInOrderAndReportsAreBounded) {
    Datagram datagram(agent);
    for (std::uint32_t i = 0; i < 200; ++i)
        datagram.flow_sample({.rate = i + 1}, {sampled_ipv4(100, 17, v4_a, v4_b, 1, 2)});
    const Decoded d(datagram);
    ASSERT_EQ(d.records.size(), 200U);
    for (std::uint32_t i = 0; i < 200; ++i) EXPECT_EQ(d.records[i].sampling, i + 1);
    EXPECT_EQ(d.reports.all().size(), SourceReports::most);
    EXPECT_EQ(d.reports.left_out, 200 - SourceReports::most);
}

TEST(Sflow, MeasuresADatagramAmongOthers) {
    const std::string first = one({raw_header(tcp_frame(1))}).octets();
    EXPECT_EQ(measure(as_octets(first + first)), first.size());
    EXPECT_EQ(measure(as_octets(first.substr(1))), 0U);
    EXPECT_EQ(measure(as_octets(first.substr(0, first.size() - 4))), 0U);
}

// The corpus of the fuzz target: one datagram for each path through the decoder.
std::map<std::string, std::string> seeds() {
    const Part header = raw_header(tcp_frame(20).substr(0, 64), 1, 200, 4);
    return {
        {"header", one({header}).octets()},
        {"ip", one({sampled_ipv4(60, 6, v4_a, v4_b, 1, 2)})
                   .expanded_sample({}, {sampled_ipv6(60, 17, v6(1), v6(2), 3, 4)})
                   .octets()},
        {"extended", one({extended_switch(1, 2), extended_router(v6(3), 64, 64), header,
                          extended_gateway(v4_a, 1, 2, {3, 4}), extended_user("a", "bc"),
                          extended_nat(v4_a, v6(4)), extended_nat_port(1, 2)})
                         .octets()},
        {"frames",
         one({sampled_ethernet(64, mac_a, mac_b, 0x0806)})
             .flow_sample({},
                          {raw_header(Frame().ppp(true).ipv6(v6_header()).udp(1, 2).octets(), 7)})
             .octets()},
        {"others", Datagram(v6(1))
                       .counter_sample(1, 2)
                       .part(9U << 12U, "unknown")
                       .flow_sample({.out_format = 1, .out_value = 257}, {header})
                       .octets()},
    };
}

TEST(Sflow, SeedsStandInTheCorpusAsComposed) {
    const auto folder = support::source_root() / "test" / "corpus" / "sflow_fuzz";
    for (const auto& [name, octets] : seeds()) {
        if (std::getenv("OCTROI_UPDATE_GOLDEN") != nullptr)
            std::ofstream(folder / name, std::ios::binary) << octets;
        EXPECT_TRUE(support::read_text(folder / name) == octets)
            << name << " differs: ./dev golden --update writes it";
    }
}

}  // namespace
}  // namespace octroi::sflow
