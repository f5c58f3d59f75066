// SPDX-License-Identifier: GPL-3.0-or-later
// Other programs read the exports of Octroi correctly: nfcapd with nfdump, nfacctd, and Octroi
// itself must report for each 5-tuple the bytes and packets of `octroi inspect packets`.

#include <gtest/gtest.h>

#include <fmt/format.h>

#include <map>
#include <nlohmann/json.hpp>
#include <sstream>
#include <tuple>

#include "base/address.hpp"
#include "collecting.hpp"
#include "support/traffic.hpp"

namespace octroi::real {
namespace {

using nlohmann::json;
using std::chrono::seconds;
using support::Ended;

// Source, destination, ports, protocol. Collectors store the ICMP type in different fields, so ICMP
// has no ports here.
using Tuple = std::tuple<std::string, std::string, int, int, int>;
using Flows = std::map<Tuple, Amount>;

void add(Flows& flows, const std::string& src, const std::string& dst, int sport, int dport,
         int proto, const Amount& amount) {
    const bool icmp = proto == 1 || proto == 58;
    const auto source = parse_address(src);
    const auto destination = parse_address(dst);
    ASSERT_TRUE(source && destination) << src << " " << dst;
    flows[{to_string(*source), to_string(*destination), icmp ? 0 : sport, icmp ? 0 : dport,
           proto}] += amount;
}

// Rows of `octroi inspect`; with v4_only those of IPv4.
Flows flows_printed(const support::Arguments& inspect, bool v4_only) {
    const support::Folder folder;
    const Ended ended = support::run(support::octroi(folder / "none.db", inspect));
    EXPECT_EQ(ended.status, 0) << ended.err;
    Flows flows;
    std::istringstream lines(ended.out);
    for (std::string line; std::getline(lines, line);) {
        const json row = json::parse(line);
        if (!row.contains("src") || !row.contains("bytes")) continue;
        const std::string src = row["src"];
        if (v4_only && src.find(':') != std::string::npos) continue;
        add(flows, src, row["dst"], row.value("sport", 0), row.value("dport", 0),
            row.value("proto", 0), {row["bytes"], row["packets"]});
    }
    return flows;
}

Flows flows_of(const std::string& capture, bool v4_only) {
    return flows_printed({"inspect", "packets", capture, "--ndjson"}, v4_only);
}

// nfacctd writes names of protocols.
int protocol_of(const std::string& word) {
    static const std::map<std::string, int> names = {
        {"icmp", 1}, {"igmp", 2}, {"tcp", 6}, {"udp", 17}, {"ipv6-icmp", 58}};
    if (const auto found = names.find(word); found != names.end()) return found->second;
    return word.find_first_not_of("0123456789") == std::string::npos ? std::stoi(word) : -1;
}

// Reads lines of seven values: two addresses, two ports, a protocol, bytes and packets, or packets
// and bytes with packets_first.
Flows flows_in(const std::string& text, char separator, bool packets_first) {
    Flows flows;
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line);) {
        std::vector<std::string> words;
        std::istringstream parts(line);
        for (std::string word; std::getline(parts, word, separator);) {
            word.erase(0, word.find_first_not_of(' '));
            words.push_back(word.substr(0, word.find(' ')));
        }
        if (words.size() != 7 || !parse_address(words[0])) continue;
        const std::uint64_t a = std::stoull(words[5]);
        const std::uint64_t b = std::stoull(words[6]);
        add(flows, words[0], words[1], std::stoi(words[2]), std::stoi(words[3]),
            protocol_of(words[4]), packets_first ? Amount{b, a} : Amount{a, b});
    }
    return flows;
}

Ended export_packets(const std::string& capture, const std::string& to, const std::string& format) {
    const support::Folder folder;
    return support::run(support::octroi(
        folder / "none.db", {"export", "packets", capture, "--to", to, "--format", format}));
}

class ReadBackTest : public testing::TestWithParam<const char*> {
protected:
    ReadBackTest() {
        (void)support::write_traffic(generated_, {.packets = 30'000, .flows = 3000});
        captures_.push_back(generated_);
        if (const char* data = std::getenv("OCTROI_TESTDATA"); data != nullptr)
            for (const char* name :
                 {"ndpi/inputs/iphone.pcap", "ndpi/inputs/teams.pcap",
                  "zeek/inputs/icmp__icmp6-ping.pcap", "ipfixprobe/inputs/wg.pcap"})
                if (const std::string path = std::string(data) + "/packets/" + name;
                    std::filesystem::exists(path))
                    captures_.push_back(path);
    }
    [[nodiscard]] bool v4_only() const { return std::string(GetParam()) == "v5"; }
    void SetUp() override {
        std::cout << captures_.size() << " captures (more with OCTROI_TESTDATA)\n";
    }
    // Exports a capture to the collector that listens on the port, waits until the collector has
    // received everything, and stops it.
    void export_to(support::Process& collector, std::uint16_t port, const std::string& capture) {
        ASSERT_TRUE(support::wait_until([&] { return listens(port); }, seconds(10)));
        const Ended ended =
            export_packets(capture, fmt::format("udp/127.0.0.1:{}", port), GetParam());
        ASSERT_EQ(ended.status, 0) << ended.err;
        ASSERT_TRUE(support::wait_until([&] { return drained(port); }, seconds(10)));
        support::pass(seconds(2));
        collector.signal(SIGINT);
        ASSERT_TRUE(support::wait_until([&] { return collector.has_ended(); }, seconds(20)));
    }

    const support::Folder folder_;
    const std::string generated_ = folder_ / "generated.pcap";
    std::vector<std::string> captures_;
};

TEST_P(ReadBackTest, ByNfcapdAndNfdump) {
    if (!installed("nfcapd")) GTEST_SKIP() << "nfdump is not installed (./dev install)";
    for (const std::string& capture : captures_) {
        const support::Folder flows;
        const std::uint16_t port = free_port();
        support::Process nfcapd(
            {"nfcapd", "-w", flows.path(), "-b", "127.0.0.1", "-p", std::to_string(port)});
        export_to(nfcapd, port, capture);
        const Ended read = support::run({"nfdump", "-R", flows.path(), "-q", "-N", "-6", "-o",
                                         "fmt:%sa|%da|%sp|%dp|%pr|%byt|%pkt"});
        EXPECT_EQ(flows_in(read.out, '|', false), flows_of(capture, v4_only())) << capture;
    }
}

TEST_P(ReadBackTest, ByNfacctd) {
    if (!installed("nfacctd")) GTEST_SKIP() << "pmacct is not installed (./dev install)";
    for (const std::string& capture : captures_) {
        const support::Folder folder;
        const std::uint16_t port = free_port();
        const std::string config = folder / "nfacctd.conf";
        std::ofstream(config) << "nfacctd_ip: 127.0.0.1\nnfacctd_port: " << port
                              << "\nplugins: print[all]\n"
                              << "plugin_pipe_size: 10240000\nnfacctd_pipe_size: 10240000\n"
                              << "print_output_file_append[all]: true\n"
                              << "aggregate[all]: src_host, dst_host, src_port, dst_port, proto\n"
                              << "print_output[all]: csv\nprint_cache_entries[all]: 100003\n"
                              << "print_refresh_time[all]: 3600\nprint_output_file[all]: "
                              << folder / "flows.csv" << "\n";
        support::Process nfacctd({"nfacctd", "-f", config}, [] { ::setpgid(0, 0); });
        export_to(nfacctd, port, capture);
        // Another process of nfacctd writes the file, also behind the end of the first one.
        const auto complete = flows_of(capture, v4_only());
        (void)support::wait_until(
            [&] { return flows_in(support::text_of(folder / "flows.csv"), ',', true) == complete; },
            seconds(10));
        nfacctd.signal_group(SIGKILL);
        EXPECT_EQ(flows_in(support::text_of(folder / "flows.csv"), ',', true), complete) << capture;
    }
}

TEST_P(ReadBackTest, FromAFile) {
    for (const std::string& capture : captures_) {
        const Flows expected = flows_of(capture, v4_only());
        // Without flows there are no messages, and an empty file is not a flow file.
        if (expected.empty()) continue;
        const std::string file = folder_ / "flows";
        const Ended ended = export_packets(capture, "file:" + file, GetParam());
        ASSERT_EQ(ended.status, 0) << ended.err;
        EXPECT_EQ(flows_printed({"inspect", "flow", file, "--ndjson"}, v4_only()), expected)
            << capture;
    }
}

// A chain: exporter, a collector that exports its records again, a second collector.
TEST_P(ReadBackTest, ThroughADaemonThatExports) {
    Collecting last;
    Collecting between(
        fmt::format("[[export]]\nto = \"udp/{}\"\nformat = \"{}\"\n", last.address(), GetParam()));
    const Ended ended = export_packets(generated_, "udp/" + between.address(), "ipfix");
    ASSERT_EQ(ended.status, 0) << ended.err;
    const Summary sent = summary_of(generated_);
    EXPECT_EQ(between.stop(), sent.ip);
    EXPECT_EQ(last.stop(), v4_only() ? sent.v4 : sent.ip);
    EXPECT_TRUE(last.losses().empty());
}

INSTANTIATE_TEST_SUITE_P(Formats, ReadBackTest, testing::Values("ipfix", "v9", "v5"),
                         [](const auto& format) { return std::string(format.param); });

TEST(ExportTest, ByTcpToACollector) {
    const support::Folder folder;
    const std::string capture = folder / "generated.pcap";
    (void)support::write_traffic(capture, {.packets = 30'000, .flows = 3000});
    Collecting collecting;
    const Ended ended = export_packets(capture, "tcp/" + collecting.address(), "ipfix");
    ASSERT_EQ(ended.status, 0) << ended.err;
    const Amount sent = summary_of(capture).ip;
    EXPECT_TRUE(support::wait_until([&] { return collecting.booked() == sent; }, seconds(10)));
    EXPECT_EQ(collecting.stop(), sent);
    EXPECT_TRUE(collecting.losses().empty());
}

TEST(ExportTest, ImpossibleExportsAreErrors) {
    const support::Folder folder;
    const std::string capture = folder / "generated.pcap";
    (void)support::write_traffic(capture, {.packets = 5000, .flows = 1000});
    EXPECT_EQ(export_packets(capture, "tcp/127.0.0.1:4739", "v9").status, 2);
    EXPECT_EQ(export_packets(capture, "nowhere", "v9").status, 2);
    const std::string nobody = fmt::format("127.0.0.1:{}", free_port());
    for (const char* way : {"udp/", "tcp/"}) {
        const Ended ended = export_packets(capture, way + nobody, "ipfix");
        EXPECT_EQ(ended.status, 1) << way;
        EXPECT_NE(ended.err.find("127.0.0.1"), std::string::npos) << ended.err;
    }
    const Ended v5 = export_packets(capture, "file:" + (folder / "flows"), "v5");
    EXPECT_EQ(v5.status, 0);
    EXPECT_NE(v5.err.find("not exported"), std::string::npos) << v5.err;
}

}  // namespace
}  // namespace octroi::real
