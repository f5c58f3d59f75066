// SPDX-License-Identifier: GPL-3.0-or-later
// Compares live capture with the counters of the kernel, between two network namespaces.

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <nlohmann/json.hpp>

#include "store/sqlite/sqlite_ledger.hpp"
#include "support/netns.hpp"
#include "support/process.hpp"

namespace octroi {
namespace {

using nlohmann::json;
using support::Arguments;
using support::Ended;
using support::Folder;
using support::octroi;
using support::Process;

// Two namespaces joined by a veth pair. nft counters in `near` count all IP packets that pass its
// end. The bytes of an nft counter are those of the IP packet (skb->len after the link header).
class LiveTest : public testing::Test {
protected:
    void SetUp() override {
        if (::geteuid() != 0) GTEST_SKIP() << "needs root for network namespaces";
        for (const std::string& space : {near_, far_})
            if (const std::string why = support::add_netns(space); !why.empty())
                GTEST_SKIP() << why;
        must({"ip", "link", "add", "vnear", "netns", near_, "type", "veth", "peer", "name", "vfar",
              "netns", far_});
        configure(near_, "vnear", "10.77.0.1/24", "fd77::1/64");
        configure(far_, "vfar", "10.77.0.2/24", "fd77::2/64");
        const std::string rules = folder_ / "rules.nft";
        // At the receiver: a sender counts segments before it splits them.
        for (const char* const link : {"vnear", "vfar"})
            std::ofstream(rules + link) << "table inet count {\n counter seen {\n }\n"
                                           " chain incoming {\n  type filter hook prerouting "
                                           "priority -400; policy accept;\n"
                                           "  iifname \""
                                        << link << "\" counter name seen\n }\n}\n";
        // The kernel sends router solicitations when the link comes up. Wait until they are over
        // before counting.
        support::pass(std::chrono::milliseconds(300));
        must(in(near_, {"nft", "-f", rules + "vnear"}));
        must(in(far_, {"nft", "-f", rules + "vfar"}));
    }
    void TearDown() override {
        support::remove_netns(near_);
        support::remove_netns(far_);
    }
    static void must(const Arguments& arguments) {
        const Ended ended = support::run(arguments);
        ASSERT_EQ(ended.status, 0) << arguments[0] << " " << arguments[1] << ": " << ended.err;
    }
    static Arguments in(const std::string& space, Arguments arguments) {
        return support::in_netns(space, std::move(arguments));
    }
    static void configure(const std::string& space, const std::string& link, const std::string& v4,
                          const std::string& v6) {
        // No router solicitations and no duplicate address detection: only traffic of the test.
        must(in(space, {"sysctl", "-qw", "net.ipv6.conf." + link + ".router_solicitations=0"}));
        must(in(space, {"sysctl", "-qw", "net.ipv6.conf." + link + ".accept_dad=0"}));
        // With segmentation offload nft counts frames of up to 64 KiB, with one header each.
        must(in(space, {"ethtool", "-K", link, "tso", "off", "gso", "off", "gro", "off"}));
        must({"ip", "-n", space, "addr", "add", v4, "dev", link});
        must({"ip", "-n", space, "addr", "add", v6, "dev", link, "nodad"});
        must({"ip", "-n", space, "link", "set", "lo", "up"});
        must(support::without_probes(space, link));
        must({"ip", "-n", space, "link", "set", link, "up"});
    }
    // Traffic in both directions, both IP versions, TCP and ICMP.
    void talk(int seconds) const {
        for (const char* target : {"10.77.0.2", "fd77::2"}) {
            for (const bool reverse : {false, true}) {
                Process server(in(far_, {"iperf3", "-s", "-1"}));
                ASSERT_TRUE(support::wait_until(
                    [&] {
                        return support::run(in(far_, {"ss", "-Hltn", "sport", "=", ":5201"}))
                                   .out.size() > 5;
                    },
                    std::chrono::seconds(5)));
                Arguments client =
                    in(near_, {"iperf3", "-c", target, "-t", std::to_string(seconds), "-b", "2G"});
                if (reverse) client.emplace_back("-R");
                must(client);
                (void)server.wait();
            }
            must(in(near_, {"ping", "-q", "-c", "20", "-i", "0.02", "-s", "1200", target}));
        }
    }
    struct Count {
        std::uint64_t bytes = 0;
        std::uint64_t packets = 0;
    };
    [[nodiscard]] Count kernel_count() const {
        Count sum;
        for (const std::string& space : {near_, far_}) {
            const Ended listed =
                support::run(in(space, {"nft", "-j", "list", "counter", "inet", "count", "seen"}));
            const json document = json::parse(listed.out);
            for (const json& entry : document["nftables"]) {
                if (!entry.contains("counter")) continue;
                sum.bytes += entry["counter"]["bytes"].get<std::uint64_t>();
                sum.packets += entry["counter"]["packets"].get<std::uint64_t>();
            }
        }
        return sum;
    }
    void reset_kernel_count() const {
        for (const std::string& space : {near_, far_})
            must(in(space, {"nft", "reset", "counters"}));
    }

    // IP traffic and losses in the ledger.
    struct Booked {
        Count ip;
        std::uint64_t losses = 0;
        std::uint64_t bounded_bytes = 0;
        bool unbounded = false;
    };
    [[nodiscard]] static Booked booked(const std::string& path) {
        Booked result;
        const auto ledger = SqliteLedger::open(path, {.mode = OpenMode::read_only});
        EXPECT_TRUE(ledger.has_value()) << ledger.error().text;
        const auto sums = (*ledger)->sums({});
        for (const TransferSum& sum : *sums) {
            if (sum.from.kind == PartyKind::excluded) continue;
            result.ip.bytes += sum.volume.bytes.value();
            result.ip.packets += sum.volume.packets.value();
        }
        const auto losses = (*ledger)->losses({});
        for (const MeterLoss& loss : *losses) {
            ++result.losses;
            result.bounded_bytes += loss.loss.bytes_bound.value_or(0);
            result.unbounded = result.unbounded || !loss.loss.bytes_bound;
        }
        return result;
    }
    [[nodiscard]] static bool is_capturing(const Process& daemon) {
        return support::wait_until(
            [&] { return daemon.err_so_far().find("Ctrl-C") != std::string::npos; },
            std::chrono::seconds(10));
    }

    // A run with a meter of kind capture, whatever kind this machine would choose.
    [[nodiscard]] Arguments capturing(const std::string& ledger, const Arguments& more) const {
        const std::string config = folder_ / "capture.toml";
        std::ofstream(config) << "[[meter]]\nname = \"wire\"\nkind = \"capture\"\n";
        Arguments command = octroi(ledger, {"--config", config, "run"});
        command.insert(command.end(), more.begin(), more.end());
        return command;
    }

    const std::string near_ = "octroi-near-" + std::to_string(::getpid());
    const std::string far_ = "octroi-far-" + std::to_string(::getpid());
    const Folder folder_;
    const std::string ledger_ = folder_ / "ledger.db";
};

// Sometimes the kernel itself sends a packet (neighbour discovery). If it passes between reading
// the counters and the begin or end of the capture, only one of the two figures includes it. Such a
// round proves nothing and is repeated.
TEST_F(LiveTest, TheLedgerHasTheBytesCountedByTheKernel) {
    bool undisturbed = false;
    for (int round = 0; round < 5 && !undisturbed; ++round) {
        const std::string ledger_file = folder_ / ("ledger-" + std::to_string(round) + ".db");
        const Count before = kernel_count();
        Process daemon(in(near_, capturing(ledger_file, {})));
        ASSERT_TRUE(is_capturing(daemon)) << daemon.err_so_far();
        const Count begin = kernel_count();
        talk(1);
        support::pass(std::chrono::milliseconds(300));
        const Count end = kernel_count();
        daemon.signal(SIGINT);
        const Ended ended = daemon.wait();
        const Count after = kernel_count();
        ASSERT_EQ(ended.status, 0) << ended.err;
        EXPECT_NE(ended.out.find("10.77.0.1"), std::string::npos) << ended.out;
        const Booked ledger = booked(ledger_file);
        EXPECT_EQ(ledger.losses, 0U);
        EXPECT_GT(end.bytes - begin.bytes, 100'000'000U) << "the generator sent too little";
        EXPECT_EQ(support::run(octroi(ledger_file, {"audit"})).status, 0);
        undisturbed = before.packets == begin.packets && end.packets == after.packets;
        if (!undisturbed) continue;
        EXPECT_EQ(ledger.ip.bytes, end.bytes - begin.bytes);
        EXPECT_EQ(ledger.ip.packets, end.packets - begin.packets);
    }
    EXPECT_TRUE(undisturbed) << "the kernel sent packets of its own in every round";
}

TEST_F(LiveTest, WithoutConfigurationTheMeterThatCostsLeastRunsAndLeavesNothingBehind) {
    const Count before = kernel_count();
    Process daemon(in(near_, octroi(ledger_, {"run"})));
    ASSERT_TRUE(is_capturing(daemon)) << daemon.err_so_far();
    support::pass(
        std::chrono::milliseconds(1000));  // the programs are attached at the first reading
    talk(1);
    support::pass(std::chrono::milliseconds(300));
    daemon.signal(SIGINT);
    const Ended ended = daemon.wait();
    ASSERT_EQ(ended.status, 0) << ended.err;
    const Count after = kernel_count();
    EXPECT_NE(ended.err.find("no meter is configured: ebpf runs, because"), std::string::npos)
        << ended.err;
    EXPECT_NE(ended.out.find("10.77.0.1"), std::string::npos) << ended.out;
    const Booked ledger = booked(ledger_);
    EXPECT_EQ(ledger.losses, 0U);
    EXPECT_GT(ledger.ip.bytes, 100'000'000U) << "the generator sent too little";
    // Neighbour discovery between reading the counters and the begin or end is in one figure only.
    EXPECT_NEAR(static_cast<double>(ledger.ip.bytes),
                static_cast<double>(after.bytes - before.bytes), 2000);
    EXPECT_EQ(support::run(octroi(ledger_, {"audit"})).status, 0);
    EXPECT_EQ(support::run(in(near_, {"tc", "filter", "show", "dev", "vnear", "ingress"})).out, "");
    const std::string queues = support::run(in(near_, {"tc", "qdisc", "show"})).out;
    EXPECT_EQ(queues.find("clsact"), std::string::npos) << queues;
}

TEST_F(LiveTest, RecordedLossesCoverTheDropsOfATinyRing) {
    const std::string config = folder_ / "tiny.toml";
    std::ofstream(config) << "[[meter]]\nname = \"tiny\"\nkind = \"capture\"\ninterfaces = "
                             "[\"vnear\"]\nring_size = \"64 KiB\"\n"
                             "snap_length = 65535\n";
    Arguments command = octroi(ledger_, {"run", "--config", config});
    Process daemon(in(near_, command));
    ASSERT_TRUE(is_capturing(daemon)) << daemon.err_so_far();
    reset_kernel_count();
    // While the daemon is stopped it cannot empty its ring.
    daemon.signal(SIGSTOP);
    must(in(near_, {"ping", "-q", "-f", "-c", "3000", "-s", "1200", "10.77.0.2"}));
    daemon.signal(SIGCONT);
    talk(1);
    support::pass(std::chrono::milliseconds(300));
    const Count kernel = kernel_count();
    daemon.signal(SIGINT);
    const Ended ended = daemon.wait();
    ASSERT_EQ(ended.status, 0) << ended.err;
    const Booked ledger = booked(ledger_);
    EXPECT_GT(ledger.losses, 0U) << "nothing was lost: the ring is too large for this test";
    EXPECT_LT(ledger.ip.bytes, kernel.bytes);
    EXPECT_FALSE(ledger.unbounded);
    EXPECT_GE(ledger.ip.bytes + ledger.bounded_bytes, kernel.bytes);
    EXPECT_EQ(support::run(octroi(ledger_, {"audit"})).status, 0);
}

TEST_F(LiveTest, TrafficWhileTheDaemonIsDownIsABoundedLoss) {
    {
        Process daemon(in(near_, capturing(ledger_, {"--for", "1s"})));
        EXPECT_EQ(daemon.wait().status, 0);
    }
    reset_kernel_count();
    Process killed(in(near_, capturing(ledger_, {})));
    ASSERT_TRUE(is_capturing(killed)) << killed.err_so_far();
    must(in(near_, {"ping", "-q", "-c", "50", "-i", "0.002", "-s", "1000", "10.77.0.2"}));
    killed.signal(SIGKILL);
    (void)killed.wait();
    must(in(near_, {"ping", "-q", "-c", "50", "-i", "0.002", "-s", "1000", "10.77.0.2"}));
    Process daemon(in(near_, capturing(ledger_, {"--for", "1s"})));
    const Ended ended = daemon.wait();
    ASSERT_EQ(ended.status, 0) << ended.err;
    const Booked ledger = booked(ledger_);
    EXPECT_GT(ledger.losses, 0U);
    EXPECT_GE(ledger.ip.bytes + ledger.bounded_bytes, kernel_count().bytes);
    EXPECT_EQ(support::run(octroi(ledger_, {"audit"})).status, 0);
}

TEST_F(LiveTest, AMissingPrivilegeIsNamedWithTheWayToGrantIt) {
    const Ended ended =
        support::run({"setpriv", "--bounding-set=-all", "--inh-caps=-all", "ip", "-V"});
    if (ended.status != 0) GTEST_SKIP() << "no setpriv here";
    Arguments command = octroi(ledger_, {"run", "--for", "1s"});
    command.insert(command.begin(), {"setpriv", "--bounding-set=-all", "--inh-caps=-all",
                                     "--reuid=65534", "--clear-groups"});
    ::chmod(folder_.path().c_str(), 0777);
    const Ended refused = support::run(command);
    EXPECT_EQ(refused.status, 1);
    EXPECT_NE(refused.err.find("CAP_NET_RAW"), std::string::npos) << refused.err;
    EXPECT_NE(refused.err.find("setcap"), std::string::npos) << refused.err;
}

}  // namespace
}  // namespace octroi
