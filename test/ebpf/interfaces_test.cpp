// SPDX-License-Identifier: GPL-3.0-or-later
// Interfaces that appear and go while the daemon counts, and daemons in two network namespaces that
// share one bpffs.
#include <gtest/gtest.h>

#include <filesystem>

#include "routed_network.hpp"

namespace octroi::ebpf_test {
namespace {

constexpr const char* second_host = "10.78.6.2";

class EbpfInterfaces : public testing::Test {
protected:
    void SetUp() override {
        if (!network.missing().empty()) GTEST_SKIP() << network.missing();
    }
    void TearDown() override {
        if (!network.missing().empty() || IsSkipped()) return;
        EXPECT_EQ(network.command({"audit"}).status, 0);
    }
    static void ip(const std::string& space, const Arguments& arguments) {
        Arguments command{"ip", "-n", space};
        command.insert(command.end(), arguments.begin(), arguments.end());
        RoutedNetwork::must(command);
    }
    // A cable from the router to the host, with another network. index: of the interface in the
    // router; 0: any.
    void add_cable(const std::string& name, int index) const {
        Arguments add{"link", "add", name};
        if (index != 0) add.insert(add.end(), {"index", std::to_string(index)});
        add.insert(add.end(), {"type", "veth", "peer", "name", "eth1", "netns", network.host()});
        ip(network.router(), add);
        ip(network.router(), {"link", "set", name, "up"});
        ip(network.router(), {"addr", "add", "10.78.6.1/24", "dev", name});
        ip(network.host(), {"link", "set", "eth1", "up"});
        ip(network.host(), {"addr", "add", std::string(second_host) + "/24", "dev", "eth1"});
        ip(network.host(), {"route", "add", "10.78.2.0/24", "via", "10.78.6.1"});
    }
    [[nodiscard]] int index_of(const std::string& name) const {
        const Ended shown = support::run(
            support::in_netns(network.router(), {"cat", "/sys/class/net/" + name + "/ifindex"}));
        return std::atoi(shown.out.c_str());
    }
    // Bytes and packets of the host in the second network, by interface.
    [[nodiscard]] Count sent_at(const std::string& interface) const {
        const Ended ended =
            support::run(support::octroi(network.ledger(), {"--json", "usage", "--by", "account"}));
        const json answer = json::parse(ended.out, nullptr, false);
        const json rows = answer.value("rows", json::array());
        for (const json& row : rows)
            if (row.value("account", "") == interface)
                return {row.value("sent_bytes", 0ULL) + row.value("received_bytes", 0ULL),
                        row.value("sent_packets", 0ULL) + row.value("received_packets", 0ULL)};
        return {};
    }

    RoutedNetwork network{false};
};

TEST_F(EbpfInterfaces, OneThatAppearsCountsAndOneThatIsGoneKeepsItsCounts) {
    network.count_in(network.host(), second_host);
    network.configure("", R"("10.78.1.0/24", "10.78.6.0/24")", R"("lan*", "wan")");
    for (const char* name : {"lan7", "lan8"}) {
        EXPECT_EQ(network.command({"account", "add", name}).status, 0);
        EXPECT_EQ(network.command({"bind", std::string("interface ") + name, name}).status, 0);
    }
    network.start();
    add_cable("lan7", 0);
    support::pass(std::chrono::milliseconds(2500));
    network.talk(network.server(), second_host, 7000, network.host(), 7000, 40);
    const auto total = [&] {
        const Count sent = network.counted_in(network.host(), "sent");
        const Count received = network.counted_in(network.host(), "received");
        return Count{sent.bytes + received.bytes, sent.packets + received.packets};
    };
    const Count first = total();
    const int index = index_of("lan7");
    // At once: nobody has read the counts since.
    ip(network.router(), {"link", "del", "lan7"});
    add_cable("lan8", index);
    ASSERT_EQ(index_of("lan8"), index);
    support::pass(std::chrono::milliseconds(2500));
    network.talk(network.server(), second_host, 7000, network.host(), 7000, 40);
    (void)network.stop();
    const Count all = total();
    EXPECT_GT(first.packets, 300U);
    EXPECT_EQ(sent_at("lan7"), first);
    EXPECT_EQ(sent_at("lan8"), (Count{all.bytes - first.bytes, all.packets - first.packets}));
    EXPECT_NE(network.command({"meters", "--losses"}).out.find("No losses"), std::string::npos);
}

TEST_F(EbpfInterfaces, DaemonsOfTwoNamespacesHaveCountsOfTheirOwn) {
    network.count_in(network.host(), host_v4);
    network.start();
    // The same configuration, and the same name, in the namespace of the host.
    const Folder other;
    const std::string config = other / "octroi.toml";
    std::ofstream(config) << "[ledger]\ncommit_interval = \"1s\"\n[attribute]\n"
                             "local = [\"10.78.1.0/24\"]\n[[meter]]\nname = \"edge\"\n"
                             "kind = \"ebpf\"\ninterfaces = [\"eth0\"]\npoll = \"1s\"\nbpffs = \"" +
                                 std::filesystem::path(network.pins()).parent_path().string() +
                                 "\"\n";
    Process second(support::in_netns(
        network.host(), support::octroi(other / "ledger.db", {"--config", config, "run"})));
    ASSERT_TRUE(
        support::wait_until([&] { return second.err_so_far().find("Ctrl-C") != std::string::npos; },
                            std::chrono::seconds(20)))
        << second.err_so_far();
    support::pass(std::chrono::milliseconds(1500));
    network.talk(network.host(), server_v4, 7000, network.server(), 7000, 40);
    const Arguments detach =
        support::octroi(other / "ledger.db", {"--config", config, "run", "--detach-kernel"});
    support::pass(std::chrono::milliseconds(1500));
    second.signal(SIGINT);
    EXPECT_EQ(second.wait().status, 0);
    const Ended detached = support::run(support::in_netns(network.host(), detach));
    EXPECT_EQ(detached.status, 0) << detached.err;
    network.talk(network.host(), server_v4, 7000, network.server(), 7000, 40);
    (void)network.stop();
    EXPECT_TRUE(network.has_programs());
    const auto booked = network.booked("identity", host_v4);
    EXPECT_EQ(booked.sent, network.counted_in(network.host(), "sent"));
    EXPECT_EQ(booked.received, network.counted_in(network.host(), "received"));
}

}  // namespace
}  // namespace octroi::ebpf_test
