// SPDX-License-Identifier: GPL-3.0-or-later
// pmacctd reads captures and exports them with its plugins nfprobe (NetFlow v9, IPFIX) and sfprobe
// (sFlow, each packet a sample) to three collectors.
//
// pmacctd 1.7.7 has two properties that make its output for a file unpredictable. At the end of the
// file it stops its plugins, even if they have not read all packets. If it is configured to wait
// there, it passes the last packets to them a second time when it is stopped. And sfprobe sends an
// incomplete datagram only when another packet arrives. So pmacctd reads a pipe here: the capture,
// a pause, and then marks. A mark is a packet of a size that no capture has. So only marks are
// repeated or not sent.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include "collecting.hpp"
#include "support/traffic.hpp"

namespace octroi::real {
namespace {

using std::chrono::seconds;

constexpr std::uint64_t mark_bytes = 1313;
constexpr int marks = 2;

// A packet as a record of a pcap file in this machine's byte order.
std::string mark() {
    packet::build::Frame frame;
    packet::build::Ipv4 header;
    header.src = Address::v4(0xc0000201U);
    header.dst = Address::v4(0xc0000202U);
    frame.ethernet({{2, 0, 0, 0, 0, 1}}, {{2, 0, 0, 0, 0, 2}}).ipv4(header).udp(9, 9);
    frame.payload(mark_bytes - 28);
    const std::string octets = frame.octets();
    std::string file;
    pcap::PcapWriter writer(file, {.snap_length = 64});
    const std::size_t begin = file.size();
    writer.frame(UtcTime::from_seconds(1'767'225'600), octets,
                 static_cast<std::uint32_t>(octets.size()));
    return file.substr(begin);
}

// An Ethernet pcap in this machine's byte order: marks can be appended to it.
bool can_be_marked(const std::string& capture) {
    const std::string begin = support::text_of(capture).substr(0, 24);
    const bool micro = begin.starts_with("\xd4\xc3\xb2\xa1");
    const bool nano = begin.starts_with("\x4d\x3c\xb2\xa1");
    return begin.size() == 24 && (micro || nano) && begin.substr(20) == std::string("\1\0\0\0", 4);
}

class Pmacctd {
public:
    Pmacctd(const Collecting& v9, const Collecting& ipfix, const Collecting& sflow) {
        EXPECT_EQ(::mkfifo(pipe_.c_str(), 0600), 0);
        const std::string config = folder_ / "pmacctd.conf";
        std::ofstream(config)
            << "pcap_savefile: " << pipe_ << "\npcap_savefile_wait: true\n"
            << "plugins: nfprobe[nine], nfprobe[ten], sfprobe[samples]\n"
            << "plugin_buffer_size: 400\nplugin_pipe_size: 10240000\n"
            << "aggregate[nine]: src_host, dst_host, src_port, dst_port, proto, tos\n"
            << "aggregate[ten]: src_host, dst_host, src_port, dst_port, proto, tos\n"
            << "nfprobe_version[nine]: 9\nnfprobe_receiver[nine]: " << v9.address() << "\n"
            << "nfprobe_version[ten]: 10\nnfprobe_receiver[ten]: " << ipfix.address() << "\n"
            << "sfprobe_agentip[samples]: 127.0.0.1\n"
            << "sfprobe_receiver[samples]: " << sflow.address() << "\n";
        process_ = std::make_unique<support::Process>(support::Arguments{"pmacctd", "-f", config},
                                                      [] { ::setpgid(0, 0); });
    }
    ~Pmacctd() {
        if (process_) process_->signal_group(SIGKILL);
    }
    Pmacctd(const Pmacctd&) = delete;
    Pmacctd& operator=(const Pmacctd&) = delete;

    void read(const std::string& capture) {
        const Fd pipe(::open(pipe_.c_str(), O_WRONLY | O_CLOEXEC));
        write(pipe, support::text_of(capture));
        for (int i = 0; i < marks; ++i) {
            support::pass(seconds(2));
            write(pipe, mark());
        }
        support::pass(seconds(1));
        process_->signal(SIGINT);
        EXPECT_TRUE(support::wait_until([&] { return process_->has_ended(); }, seconds(20)));
    }

private:
    static void write(const Fd& pipe, const std::string& octets) {
        for (std::size_t at = 0; at < octets.size();) {
            const auto done = ::write(pipe.get(), octets.data() + at, octets.size() - at);
            ASSERT_GT(done, 0);
            at += static_cast<std::size_t>(done);
        }
    }
    support::Folder folder_;
    std::string pipe_ = folder_ / "capture";
    std::unique_ptr<support::Process> process_;
};

// The rest without the marks.
Amount without_marks(Amount amount, const Amount& expected) {
    while (amount.packets > expected.packets && amount.bytes >= mark_bytes)
        amount = {amount.bytes - mark_bytes, amount.packets - 1};
    return amount;
}

class PmacctdTest : public testing::Test {
protected:
    void SetUp() override {
        if (!installed("pmacctd")) GTEST_SKIP() << "pmacctd is not installed (./dev install)";
        ::signal(SIGPIPE, SIG_IGN);
    }
    void compare(const std::vector<std::string>& captures) {
        Collecting v9;
        Collecting ipfix;
        Collecting sflow;
        Amount expected;
        std::size_t used = 0;
        for (const std::string& capture : captures) {
            ASSERT_TRUE(can_be_marked(capture)) << capture;
            Pmacctd pmacctd(v9, ipfix, sflow);
            pmacctd.read(capture);
            expected += summary_of(capture).ip;
            ++used;
        }
        EXPECT_EQ(without_marks(v9.stop(), expected), expected);
        EXPECT_EQ(without_marks(ipfix.stop(), expected), expected);
        EXPECT_EQ(without_marks(sflow.stop(), expected), expected);
        for (const Collecting* each : {&v9, &ipfix, &sflow})
            EXPECT_THAT(each->losses(), testing::IsEmpty());
        std::cout << used << " captures, " << expected << ", by v9, by IPFIX and by sFlow\n";
    }
};

TEST_F(PmacctdTest, TheLedgerHasARealCaptureForEachProtocol) {
    const char* data = std::getenv("OCTROI_TESTDATA");
    if (data == nullptr) GTEST_SKIP() << "no test data here (OCTROI_TESTDATA)";
    std::vector<std::string> captures;
    for (const char* name :
         {"ndpi/inputs/bitcoin.pcap", "ndpi/inputs/iphone.pcap", "ndpi/inputs/teams.pcap",
          "zeek/inputs/ssh__ssh.server-side-half-duplex.pcap"})
        captures.push_back(std::string(data) + "/packets/" + name);
    compare(captures);
}

TEST_F(PmacctdTest, TheLedgerHasAGeneratedCaptureForEachProtocol) {
    const support::Folder folder;
    const std::string capture = folder / "generated.pcap";
    (void)support::write_traffic(capture, {.packets = 20'000, .flows = 800});
    compare({capture});
}

}  // namespace
}  // namespace octroi::real
