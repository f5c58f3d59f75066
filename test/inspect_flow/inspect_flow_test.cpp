// SPDX-License-Identifier: GPL-3.0-or-later
// Runs `octroi inspect flow` and checks the output formats, and the messages for wrong files.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <string>

#include "support/process.hpp"
#include "wire/packet/testing/frames.hpp"
#include "wire/pcap/testing/writer.hpp"
#include "wire/sflow/testing/datagram.hpp"

namespace octroi {
namespace {

using namespace packet::testing_frames;
using support::Ended;
using support::Folder;
using ::testing::HasSubstr;

constexpr std::int64_t sent_s = 1'700'000'000;

// One v5 record, sampled 1 in 64: 1500 octets in 3 packets, from 5 s to 1 s before the export.
std::string netflow_v5() {
    ByteWriter w;
    w.be16(5);
    w.be16(1);
    w.be32(60'000);
    w.be32(static_cast<std::uint32_t>(sent_s));
    w.be32(250'000'000);
    w.be32(1);
    w.be16(0x0102);
    w.be16(0x4000U | 64U);
    w.be32(0x0a000001);
    w.be32(0xc6336402);
    w.be32(0);
    w.be32(0x0003'0004);
    w.be32(3);
    w.be32(1500);
    w.be32(55'000);
    w.be32(59'000);
    w.be16(40'000);
    w.be16(443);
    w.be32(0x0018'0600);
    w.be32(64'500U << 16U | 64'501U);
    w.be32(0x1810'0000);
    return w.drain();
}

std::string sflow_v5() {
    const std::string arp = ethernet().type(0x0806).payload(46).octets();
    sflow::testing::Datagram datagram(Address::v4(0xcb007105));
    datagram.flow_sample({}, {sflow::testing::sampled_ipv4(99, 17, v4_b, v4_a, 53, 5353)});
    datagram.flow_sample({}, {sflow::testing::raw_header(arp)});
    return datagram.octets();
}

std::string capture() {
    std::string file;
    pcap::PcapWriter writer(file);
    UtcTime now = UtcTime::from_seconds(sent_s);
    for (const std::string& message : {netflow_v5(), std::string("no export"), sflow_v5()}) {
        now = now + Duration::milliseconds(500);
        writer.frame(now, ethernet().ipv4(v4_header()).udp(50'000, 2055).raw(message).octets());
    }
    return file;
}

class InspectFlow : public ::testing::Test {
protected:
    std::string write(const std::string& name, const std::string& content) const {
        const std::string path = folder_ / name;
        std::ofstream(path, std::ios::binary) << content;
        return path;
    }
    Ended inspect(support::Arguments arguments) const {
        arguments.insert(arguments.begin(), {"inspect", "flow"});
        return support::run(support::octroi(folder_ / "none.db", arguments));
    }
    Folder folder_;
};

constexpr std::string_view rows =
    R"({"exporter":"192.0.2.1","protocol":"netflow","version":5,"domain":258,"src":"10.0.0.1",)"
    R"("sport":40000,"dst":"198.51.100.2","dport":443,"proto":6,"packets":3,"bytes":1500,)"
    R"("sampling":64,"first":"2023-11-14T22:13:15.250Z","last":"2023-11-14T22:13:19.250Z",)"
    R"("received":"2023-11-14T22:13:20.500000Z","tcp_flags":24,"tos":0,"in_if":3,"out_if":4,)"
    R"("src_as":64500,"dst_as":64501,"src_mask":24,"dst_mask":16,"next_hop":"0.0.0.0"})"
    "\n"
    R"({"exporter":"203.0.113.5","protocol":"sflow","version":5,"domain":0,"src":"198.51.100.2",)"
    R"("sport":53,"dst":"192.0.2.1","dport":5353,"proto":17,"packets":1,"bytes":99,"sampling":256,)"
    R"("sampler":3,"received":"2023-11-14T22:13:21.500000Z","tos":32,"in_if":3,"out_if":4,)"
    R"("direction":"in"})"
    "\n"
    R"({"kind":"non-ip","exporter":"203.0.113.5","protocol":"sflow","version":5,"domain":0,)"
    R"("packets":1,"bytes":60,"sampling":256,"sampler":3,)"
    R"("received":"2023-11-14T22:13:21.500000Z","ethertype":2054,)"
    R"("src_mac":"02:00:00:00:00:0a","dst_mac":"02:00:00:00:00:0b","in_if":3,"out_if":4,)"
    R"("direction":"in","frame_bytes":60})"
    "\n";

TEST_F(InspectFlow, PrintsARowForEachRecord) {
    const std::string file = write("exports.pcap", capture());
    const Ended lines = inspect({file, "--ndjson"});
    EXPECT_EQ(lines.status, 0) << lines.err;
    EXPECT_EQ(lines.out, rows);
    EXPECT_EQ(lines.err, "");
    const Ended table = inspect({file});
    EXPECT_THAT(table.out, HasSubstr("10.0.0.1"));
    EXPECT_THAT(table.out, HasSubstr("1.46 KiB"));
    const Ended csv = inspect({file, "--csv"});
    EXPECT_EQ(csv.out.substr(0, 30), "kind,exporter,protocol,version");
    EXPECT_FALSE(std::filesystem::exists(folder_ / "none.db"));
}

TEST_F(InspectFlow, ReadsAPipe) {
    const std::string file = write("exports.pcap", capture());
    const std::string program = support::octroi("", {})[0];
    const Ended piped = support::run(
        {"sh", "-c", "gzip -c " + file + " | " + program + " inspect flow - --ndjson"});
    EXPECT_EQ(piped.status, 0) << piped.err;
    EXPECT_EQ(piped.out, rows);
}

TEST_F(InspectFlow, MessagesWithoutACaptureHaveNoExporter) {
    const Ended lines = inspect({write("messages", netflow_v5() + netflow_v5()), "--ndjson"});
    EXPECT_EQ(lines.status, 0) << lines.err;
    EXPECT_EQ(lines.out.find("exporter"), std::string::npos);
    EXPECT_EQ(lines.out.find("received"), std::string::npos);
}

TEST_F(InspectFlow, SummaryHasARowForEachExporter) {
    const Ended summary = inspect({write("exports.pcap", capture()), "--summary", "--ndjson"});
    EXPECT_EQ(summary.status, 0) << summary.err;
    EXPECT_THAT(summary.out, HasSubstr(R"("exporter":"192.0.2.1","protocols":["netflow 5","sf)"));
    EXPECT_THAT(summary.out, HasSubstr(R"("messages":2,"records":3)"));
}

TEST_F(InspectFlow, ReportsTruncatedAndWrongFiles) {
    const std::string whole = capture();
    const Ended cut = inspect({write("cut", whole.substr(0, whole.size() - 10)), "--ndjson"});
    EXPECT_EQ(cut.status, 1);
    EXPECT_EQ(cut.out, rows.substr(0, rows.find('\n') + 1));
    EXPECT_THAT(cut.err, HasSubstr("ends in the middle of a record"));
    const Ended other = inspect({write("other", "hello"), "--ndjson"});
    EXPECT_EQ(other.status, 1);
    EXPECT_THAT(other.err, HasSubstr("neither a capture"));
    std::string web;
    pcap::PcapWriter(web).frame(UtcTime::from_seconds(sent_s),
                                ethernet().ipv4(v4_header()).tcp(1, 80, 2).octets());
    const Ended none = inspect({write("web.pcap", web), "--ndjson"});
    EXPECT_EQ(none.status, 0);
    EXPECT_THAT(none.err, HasSubstr("no NetFlow, IPFIX or sFlow in it"));
}

}  // namespace
}  // namespace octroi
