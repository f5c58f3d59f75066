// SPDX-License-Identifier: GPL-3.0-or-later
#include "support/network.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <nlohmann/json.hpp>

#include "support/netns.hpp"

namespace octroi::support {

using nlohmann::json;

namespace {

constexpr int transfer_port = 5001;

// The one side sends, the other one reads to the end and then closes.
constexpr const char* peer_program = R"(
import socket, sys
socket.setdefaulttimeout(30)
role, address, port, octets = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
family = socket.AF_INET6 if ":" in address else socket.AF_INET
if role.startswith("serve"):
    listener = socket.create_server((address, port), family=family)
    peer, _ = listener.accept()
else:
    peer = socket.create_connection((address, port))
if role.endswith("send"):
    peer.sendall(b"x" * octets)
    peer.shutdown(socket.SHUT_WR)
    peer.recv(1)
else:
    left = octets
    while left > 0:
        left -= len(peer.recv(65536))
peer.close()
)";

}  // namespace

Network::Network() {
    const std::string pid = std::to_string(::getpid());
    host_ = "octroi-host-" + pid;
    router_ = "octroi-router-" + pid;
    server_ = "octroi-server-" + pid;
    if (::geteuid() != 0) {
        missing_ = "needs root for network namespaces";
        return;
    }
    for (const std::string& space : {host_, router_, server_}) {
        missing_ = add_netns(space);
        if (!missing_.empty()) return;
        must({"ip", "-n", space, "link", "set", "lo", "up"});
    }
}

Network::~Network() {
    for (const std::string& space : {host_, router_, server_})
        (void)run({"ip", "netns", "del", space});
}

void Network::must(const Arguments& arguments) {
    const Ended ended = run(arguments);
    std::string line;
    for (const std::string& word : arguments) line += word + " ";
    ASSERT_EQ(ended.status, 0) << line << ": " << ended.err;
}

Arguments Network::in(const std::string& space, Arguments arguments) {
    arguments.insert(arguments.begin(), {"ip", "netns", "exec", space});
    return arguments;
}

void Network::cable(const std::string& space, const std::string& link, const std::string& other,
                    const std::string& other_link, bool offloads) {
    must({"ip", "link", "add", link, "netns", space, "type", "veth", "peer", "name", other_link,
          "netns", other});
    for (const auto& [where, name] : {std::pair{space, link}, std::pair{other, other_link}}) {
        const char* const state = offloads ? "on" : "off";
        must(in(where, {"ethtool", "-K", name, "tso", state, "gso", state, "gro", state}));
        must(without_probes(where, name));
        must({"ip", "-n", where, "link", "set", name, "up"});
    }
}

void Network::address(const std::string& space, const std::string& link, const std::string& v4,
                      const std::string& v6) {
    must({"ip", "-n", space, "addr", "add", v4, "dev", link});
    must({"ip", "-n", space, "addr", "add", v6, "dev", link, "nodad"});
}

void Network::forward() const {
    must(in(router_, {"sysctl", "-qw", "net.ipv4.ip_forward=1", "net.ipv6.conf.all.forwarding=1"}));
}

void Network::routed(bool offloads) {
    forward();
    cable(host_, "eth0", router_, "lan", offloads);
    cable(router_, "wan", server_, "eth0", offloads);
    address(host_, "eth0", "10.78.1.2/24", "fd78:1::2/64");
    address(router_, "lan", "10.78.1.1/24", "fd78:1::1/64");
    address(router_, "wan", "10.78.2.1/24", "fd78:2::1/64");
    address(server_, "eth0", "10.78.2.2/24", "fd78:2::2/64");
    must({"ip", "-n", host_, "route", "add", "default", "via", "10.78.1.1"});
    must({"ip", "-n", host_, "route", "add", "default", "via", "fd78:1::1"});
    must({"ip", "-n", router_, "route", "add", "default", "via", "10.78.2.2"});
    must({"ip", "-n", router_, "route", "add", "default", "via", "fd78:2::2"});
    must({"ip", "-n", server_, "route", "add", "default", "via", "10.78.2.1"});
    must({"ip", "-n", server_, "route", "add", "default", "via", "fd78:2::1"});
}

void Network::masquerade() const {
    const std::string rules = folder_ / "nat.nft";
    std::ofstream(rules) << "table inet nat {\n chain post {\n"
                            "  type nat hook postrouting priority srcnat; policy accept;\n"
                            "  oifname \"wan\" masquerade\n }\n}\n";
    must(in(router_, {"nft", "-f", rules}));
}

void Network::count_at(const std::string& link, const std::string& family) const {
    const std::string rules = folder_ / "count.nft";
    const bool bridge = family == "bridge";
    const std::string incoming = bridge ? "-300" : "-400";
    std::ofstream(rules) << fmt::format(
        "table {0} count {{\n counter up {{\n }}\n counter down {{\n }}\n"
        " chain incoming {{\n  type filter hook prerouting priority {2}; policy accept;\n"
        "  iifname \"{1}\" meta l4proto tcp counter name up\n }}\n"
        " chain outgoing {{\n  type filter hook postrouting priority 400; policy accept;\n"
        "  oifname \"{1}\" meta l4proto tcp counter name down\n }}\n}}\n",
        family, link, incoming);
    must(in(router_, {"nft", "-f", rules}));
}

Network::Counts Network::counted() const {
    const Ended listed = run(in(router_, {"nft", "-j", "list", "counters"}));
    Counts counts;
    const json document = json::parse(listed.out);
    for (const json& entry : document["nftables"]) {
        if (!entry.contains("counter")) continue;
        const json& counter = entry["counter"];
        Count& count = counter["name"] == "down" ? counts.down : counts.up;
        count = {counter["bytes"], counter["packets"]};
    }
    return counts;
}

void Network::transfer(const std::string& at, std::uint64_t octets, bool download) const {
    const auto peer = [&](const std::string& role) {
        return Arguments{"python3",
                         "-c",
                         peer_program,
                         role,
                         at,
                         std::to_string(transfer_port),
                         std::to_string(octets)};
    };
    Process serving(in(server_, peer(download ? "serve-send" : "serve")));
    wait_for_listener(server_, transfer_port);
    must(in(host_, peer(download ? "connect" : "connect-send")));
    EXPECT_EQ(serving.wait().status, 0);
}

void Network::iperf(const Arguments& options) const {
    constexpr int iperf_port = 5201;
    Process serving(in(server_, {"iperf3", "-s", "-1"}));
    wait_for_listener(server_, iperf_port);
    Arguments client{"iperf3"};
    client.insert(client.end(), options.begin(), options.end());
    must(in(host_, client));
    EXPECT_EQ(serving.wait().status, 0);
}

void Network::wait_for_listener(const std::string& space, int port) {
    const Arguments list{"ss", "-Hltn", "sport", "=", ":" + std::to_string(port)};
    ASSERT_TRUE(
        wait_until([&] { return run(in(space, list)).out.size() > 5; }, std::chrono::seconds(60)))
        << "no program listens on port " << port;
}

Network::Segments Network::segments_sent(const std::string& space) {
    const Ended read = run(in(space, {"cat", "/proc/net/snmp"}));
    std::istringstream lines(read.out);
    std::string names;
    std::string values;
    while (std::getline(lines, names) && std::getline(lines, values)) {
        if (!names.starts_with("Tcp:")) continue;
        std::istringstream name(names);
        std::istringstream value(values);
        std::string one;
        std::string other;
        Segments segments;
        while (name >> one && value >> other) {
            if (one == "RetransSegs") segments.again = std::stoull(other);
            if (one == "OutSegs" || one == "RetransSegs") segments.sent += std::stoull(other);
        }
        return segments;
    }
    ADD_FAILURE() << "no counters of TCP: " << read.out << read.err;
    return {};
}

}  // namespace octroi::support
