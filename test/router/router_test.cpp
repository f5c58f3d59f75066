// SPDX-License-Identifier: GPL-3.0-or-later
// `octroi run` on a router, against the counters of nft: accounts that are bound by what only one
// of two interfaces shows, address translation, and merged segments. Real namespaces, IPv4 and
// IPv6.

#include <gtest/gtest.h>

#include <chrono>
#include <optional>

#include "store/sqlite/sqlite_ledger.hpp"
#include "support/network.hpp"

namespace octroi {
namespace {

using support::Arguments;
using support::Ended;
using support::Folder;
using support::Network;
using support::octroi;
using support::Process;
using Count = Network::Count;

constexpr std::uint64_t transferred = 2'000'000;

class RouterTest : public testing::Test {
protected:
    void SetUp() override {
        if (!network_.missing().empty()) GTEST_SKIP() << network_.missing();
    }
    void bind(Arguments identity) const {
        Network::must(octroi(ledger_, {"account", "add", "chem"}));
        identity.insert(identity.begin(), "bind");
        identity.emplace_back("chem");
        Network::must(octroi(ledger_, identity));
    }
    // Runs the daemon in the router while the host downloads and sends over both families.
    void meter(const std::string& v4, const std::string& v6, const Arguments& options = {}) {
        // Without neighbour discovery, which the kernel sends at any time.
        Arguments command{"run", "--filter", "tcp or (vlan and tcp)"};
        command.insert(command.end(), options.begin(), options.end());
        Process daemon(network_.in(network_.router(), octroi(ledger_, command)));
        ASSERT_TRUE(support::wait_until(
            [&] { return daemon.err_so_far().find("Ctrl-C") != std::string::npos; },
            std::chrono::seconds(20)))
            << daemon.err_so_far();
        for (const std::string& at : {v4, v6}) {
            network_.transfer(at, transferred, true);
            network_.transfer(at, transferred / 2, false);
        }
        support::pass(std::chrono::milliseconds(300));
        daemon.signal(SIGINT);
        const Ended ended = daemon.wait();
        ASSERT_EQ(ended.status, 0) << ended.err;
        said_ = ended.err;
        EXPECT_EQ(support::run(octroi(ledger_, {"audit"})).status, 0);
    }

    struct Booked {
        Count received;  // by chem
        Count sent;
        Count total;  // of all that is not excluded
        Count duplicate;
    };
    [[nodiscard]] Booked booked() const {
        Booked sums;
        const auto ledger = SqliteLedger::open(ledger_, {.mode = OpenMode::read_only});
        EXPECT_TRUE(ledger.has_value()) << ledger.error().text;
        const auto all = (*ledger)->sums({});
        for (const TransferSum& sum : *all) {
            const auto add = [&](Count& to) {
                to.bytes += sum.volume.bytes.value();
                to.packets += sum.volume.packets.value();
            };
            const bool excluded = sum.from.kind == PartyKind::excluded;
            if (excluded && sum.from.name == "duplicate") add(sums.duplicate);
            if (excluded) continue;
            add(sums.total);
            if (sum.to.name == "chem") add(sums.received);
            if (sum.from.name == "chem") add(sums.sent);
        }
        return sums;
    }
    // All traffic of the host is that of chem, and counts once.
    void expect_all_is_of_chem() const {
        const Booked ledger = booked();
        const Network::Counts kernel = network_.counted();
        EXPECT_GT(kernel.down.bytes, 2 * transferred);
        EXPECT_EQ(ledger.received.bytes, kernel.down.bytes);
        EXPECT_EQ(ledger.received.packets, kernel.down.packets);
        EXPECT_EQ(ledger.sent.bytes, kernel.up.bytes);
        EXPECT_EQ(ledger.sent.packets, kernel.up.packets);
        EXPECT_EQ(ledger.total.bytes, kernel.down.bytes + kernel.up.bytes);
        EXPECT_EQ(ledger.duplicate.bytes, ledger.total.bytes);
        EXPECT_EQ(ledger.duplicate.packets, ledger.total.packets);
    }
    [[nodiscard]] std::string host_mac() const {
        const Ended ended =
            support::run(network_.in(network_.host(), {"cat", "/sys/class/net/eth0/address"}));
        return ended.out.substr(0, 17);
    }

    Network network_;
    const Folder folder_;
    const std::string ledger_ = folder_ / "ledger.db";
    std::string said_;
};

TEST_F(RouterTest, AnAccountBoundByMacGetsItsDownloads) {
    network_.routed();
    network_.count_at("lan");
    bind({"mac", host_mac()});
    meter("10.78.2.2", "fd78:2::2");
    expect_all_is_of_chem();
    EXPECT_NE(said_.find("of wan, which has the default route"), std::string::npos) << said_;
}

TEST_F(RouterTest, AnAccountBoundByInterfaceGetsItsDownloads) {
    network_.routed();
    network_.count_at("lan");
    bind({"interface", "lan"});
    meter("10.78.2.2", "fd78:2::2");
    expect_all_is_of_chem();
}

// The LAN is a VLAN: the frames of the interface below show it.
TEST_F(RouterTest, AnAccountBoundByVlanGetsItsDownloads) {
    network_.routed();
    if (support::run({"ip", "-n", network_.router(), "link", "add", "link", "lan", "name", "test",
                      "type", "vlan", "id", "20"})
            .status != 0)
        GTEST_SKIP() << "this kernel has no VLAN devices";
    for (const std::string& space : {network_.host(), network_.router()}) {
        const bool is_host = space == network_.host();
        const std::string link = is_host ? "eth0" : "lan";
        Network::must({"ip", "-n", space, "addr", "flush", "dev", link, "scope", "global"});
        Network::must({"ip", "-n", space, "link", "add", "link", link, "name", "vlan10", "type",
                       "vlan", "id", "10"});
        Network::must({"ip", "-n", space, "link", "set", "vlan10", "up"});
        Network::address(space, "vlan10", is_host ? "10.78.1.2/24" : "10.78.1.1/24",
                         is_host ? "fd78:1::2/64" : "fd78:1::1/64");
    }
    Network::must({"ip", "-n", network_.host(), "route", "replace", "default", "via", "10.78.1.1"});
    Network::must({"ip", "-n", network_.host(), "route", "replace", "default", "via", "fd78:1::1"});
    network_.count_at("vlan10");
    bind({"vlan", "10"});
    meter("10.78.2.2", "fd78:2::2");
    expect_all_is_of_chem();
}

TEST_F(RouterTest, AnAccountBoundByThePortOfABridgeGetsItsDownloads) {
    Network::cable(network_.host(), "eth0", network_.router(), "port1", false);
    Network::cable(network_.server(), "eth0", network_.router(), "port2", false);
    Network::must({"ip", "-n", network_.router(), "link", "add", "br0", "type", "bridge"});
    for (const char* const port : {"port1", "port2"})
        Network::must({"ip", "-n", network_.router(), "link", "set", port, "master", "br0"});
    Network::must({"ip", "-n", network_.router(), "link", "set", "br0", "up"});
    Network::address(network_.host(), "eth0", "10.78.1.2/24", "fd78:1::2/64");
    Network::address(network_.server(), "eth0", "10.78.1.3/24", "fd78:1::3/64");
    network_.count_at("port1", "bridge");
    bind({"interface", "port1"});
    meter("10.78.1.3", "fd78:1::3", {"--interface", "port1", "--interface", "port2"});
    expect_all_is_of_chem();
    const Ended doctor = support::run(network_.in(network_.router(), octroi(ledger_, {"doctor"})));
    EXPECT_NE(doctor.out.find("port1, port2"), std::string::npos) << doctor.out;
}

// Before and after the translation a packet has other addresses.
TEST_F(RouterTest, ATranslatedPacketCountsOnce) {
    network_.routed();
    network_.masquerade();
    network_.count_at("lan");
    bind({"mac", host_mac()});
    meter("10.78.2.2", "fd78:2::2");
    expect_all_is_of_chem();
}

// Without CAP_NET_ADMIN the translations cannot be read: the inner side is metered.
TEST_F(RouterTest, WhereTranslationsCannotBeReadTheInnerSideIsMetered) {
    network_.routed();
    network_.masquerade();
    network_.count_at("lan");
    // The kernel tracks connections from the first packet on.
    network_.transfer("10.78.2.2", 1000, true);
    Process daemon(network_.in(network_.router(), [&] {
        Arguments command = octroi(ledger_, {"run", "--for", "1s"});
        command.insert(command.begin(),
                       {"setpriv", "--bounding-set=-net_admin", "--inh-caps=-net_admin"});
        return command;
    }()));
    const Ended ended = daemon.wait();
    EXPECT_EQ(ended.status, 0) << ended.err;
    EXPECT_NE(ended.err.find("only lan is metered, because of NAT"), std::string::npos)
        << ended.err;
}

// Frames of up to 64 KiB stand for segments, which the sender counts. Each has headers of 52 octets
// (IPv4) or 72 (IPv6) with TCP's timestamps; the first packet of either side has 8 more.
TEST_F(RouterTest, MergedSegmentsCountAsOnTheWire) {
    network_.routed(true);
    network_.count_at("lan");
    bind({"mac", host_mac()});
    const Network::Segments server_then = Network::segments_sent(network_.server());
    const Network::Segments host_then = Network::segments_sent(network_.host());
    meter("10.78.2.2", "fd78:2::2");
    const Network::Segments server_now = Network::segments_sent(network_.server());
    const std::uint64_t down = server_now.sent - server_then.sent;
    const std::uint64_t up = Network::segments_sent(network_.host()).sent - host_then.sent;
    const Booked ledger = booked();
    const Network::Counts kernel = network_.counted();
    EXPECT_LT(kernel.down.packets, down / 2) << "nothing was merged";
    EXPECT_EQ(ledger.received.packets, down);
    EXPECT_EQ(ledger.sent.packets, up);
    const std::uint64_t payload = 2 * transferred;
    const std::uint64_t sent_again = 1448 * (server_now.again - server_then.again);
    EXPECT_GE(ledger.received.bytes, payload + 52 * down);
    EXPECT_LE(ledger.received.bytes, payload + sent_again + 72 * down + 2 * 8);
    EXPECT_EQ(ledger.duplicate.packets, ledger.total.packets);
    EXPECT_EQ(ledger.received.bytes + ledger.sent.bytes, ledger.total.bytes);
}

}  // namespace
}  // namespace octroi
