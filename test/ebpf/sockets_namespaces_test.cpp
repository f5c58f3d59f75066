// SPDX-License-Identifier: GPL-3.0-or-later
// `octroi run` with a meter of kind sockets, and processes in other network and user namespaces, as
// in containers: against counters of nft at the server.
#include <gtest/gtest.h>

#include <filesystem>

#include "routed_network.hpp"

namespace octroi::ebpf_test {
namespace {

constexpr const char* user = "61003";  // that no other process of the machine has
constexpr const char* inner_address = "10.78.7.2";

// Becomes a user, perhaps in a user and network namespace of its own. Waits for its address, then
// sends datagrams that come back.
constexpr const char* client = R"(
import ctypes, os, socket, sys, time
address, server, uid, alone = sys.argv[1:5]
os.setgid(int(uid)); os.setuid(int(uid))
if alone == 'alone' and ctypes.CDLL(None).unshare(0x10000000 | 0x40000000) != 0: sys.exit(77)
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.settimeout(20)
for _ in range(400):
    try:
        s.bind((address, 5555)); break
    except OSError: time.sleep(0.05)
time.sleep(1)
for n in range(100):
    s.sendto(bytes(10 * n), (server, 7000)); s.recv(4000)
)";

constexpr const char* echo = R"(
import socket
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.bind(('', 7000)); s.settimeout(60)
for n in range(100):
    data, peer = s.recvfrom(4000); s.sendto(data + b'back', peer)
)";

class SocketNamespaces : public testing::Test {
protected:
    void SetUp() override {
        if (!network.missing().empty()) GTEST_SKIP() << network.missing();
        if (text_of_mounts().find(" cgroup2 ") == std::string::npos)
            GTEST_SKIP() << "no control groups of version 2 here";
        network.count_in(network.server(), server_v4);
    }
    void TearDown() override {
        if (!network.missing().empty() || IsSkipped()) return;
        EXPECT_EQ(network.command({"audit"}).status, 0);
    }
    static std::string text_of_mounts() { return support::text_of("/proc/self/mounts"); }
    // The daemon is on the host; the router is another namespace.
    void start(const std::string& namespaces) {
        network.configure_sockets("user", namespaces);
        network.start_at(network.host());
    }
    [[nodiscard]] Ended detach() const {
        return support::run(support::in_netns(
            network.host(), support::octroi(network.ledger(), {"--config", network.config(), "run",
                                                               "--detach-kernel"})));
    }
    void send_from_router() const {
        Process serving(support::in_netns(network.server(), {"python3", "-c", echo}));
        support::pass(std::chrono::seconds(1));
        RoutedNetwork::must(support::in_netns(
            network.router(), {"python3", "-c", client, "10.78.2.1", server_v4, user, "beside"}));
        EXPECT_EQ(serving.wait().status, 0);
    }
    void expect_user_counted() const {
        const auto booked = network.booked("identity", std::string("uid ") + user);
        EXPECT_EQ(booked.sent.packets, 100U);
        EXPECT_EQ(booked.sent, network.counted_in(network.server(), "received"));
        EXPECT_EQ(booked.received, network.counted_in(network.server(), "sent"));
    }

    RoutedNetwork network{false};
};

TEST_F(SocketNamespaces, OthersCountIfAllDo) {
    start("all");
    send_from_router();
    (void)network.stop();
    expect_user_counted();
    EXPECT_EQ(detach().status, 0);
}

TEST_F(SocketNamespaces, OthersDoNotCountByDefault) {
    start("own");
    send_from_router();
    (void)network.stop();
    const Ended usage =
        support::run(support::octroi(network.ledger(), {"--json", "usage", "--by", "identity"}));
    EXPECT_EQ(usage.out.find(user), std::string::npos) << usage.out;
    EXPECT_EQ(detach().status, 0);
}

// In its namespace the process is user 0.
TEST_F(SocketNamespaces, TheUserIsThatOfTheWholeMachine) {
    const Folder folder;
    const std::string pid_file = folder / "pid";
    start("all");
    Process serving(support::in_netns(network.server(), {"python3", "-c", echo}));
    Process inside({"sh", "-c",
                    "echo $$ > " + pid_file + "; exec python3 -c \"$0\" " + inner_address + " " +
                        server_v4 + " " + user + " alone",
                    client});
    ASSERT_TRUE(support::wait_until([&] { return support::text_of(pid_file).size() > 1; },
                                    std::chrono::seconds(10)));
    std::string pid = support::text_of(pid_file);
    pid.pop_back();
    const auto namespace_of = [](const std::string& process) {
        std::error_code error;
        return std::filesystem::read_symlink("/proc/" + process + "/ns/net", error).string();
    };
    if (!support::wait_until([&] { return namespace_of(pid) != namespace_of("self"); },
                             std::chrono::seconds(5)))
        GTEST_SKIP() << "users cannot make namespaces here";
    RoutedNetwork::must({"ip", "link", "add", "inner", "netns", network.router(), "type", "veth",
                         "peer", "name", "eth0", "netns", pid});
    RoutedNetwork::must({"ip", "-n", network.router(), "link", "set", "inner", "up"});
    RoutedNetwork::must(
        {"ip", "-n", network.router(), "addr", "add", "10.78.7.1/24", "dev", "inner"});
    const auto in_inner = [&](Arguments arguments) {
        arguments.insert(arguments.begin(), {"nsenter", "-t", pid, "-n", "--", "ip"});
        RoutedNetwork::must(arguments);
    };
    RoutedNetwork::must(
        {"nsenter", "-t", pid, "-n", "--", "sysctl", "-qw", "net.ipv6.conf.all.disable_ipv6=1"});
    in_inner({"link", "set", "eth0", "up"});
    in_inner({"addr", "add", std::string(inner_address) + "/24", "dev", "eth0"});
    in_inner({"route", "add", "default", "via", "10.78.7.1"});
    EXPECT_EQ(inside.wait().status, 0);
    EXPECT_EQ(serving.wait().status, 0);
    (void)network.stop();
    expect_user_counted();
    EXPECT_EQ(detach().status, 0);
}

}  // namespace
}  // namespace octroi::ebpf_test
