// SPDX-License-Identifier: GPL-3.0-or-later
#include "routed_network.hpp"

#include <fmt/format.h>

#include <filesystem>

#include "store/sqlite/sqlite_ledger.hpp"

namespace octroi::ebpf_test {

using support::in_netns;

RoutedNetwork::RoutedNetwork(bool offloads) {
    const std::string pid = std::to_string(::getpid());
    host_ = "octroi-eh-" + pid;
    router_ = "octroi-er-" + pid;
    server_ = "octroi-es-" + pid;
    if (::geteuid() != 0) {
        missing_ = "needs root";
        return;
    }
    std::filesystem::create_directory(bpffs_);
    if (::mount("bpf", bpffs_.c_str(), "bpf", 0, nullptr) != 0) {
        missing_ = "no bpffs here";
        return;
    }
    for (const std::string& space : {host_, router_, server_}) {
        missing_ = support::add_netns(space);
        if (!missing_.empty()) return;
        must({"ip", "-n", space, "link", "set", "lo", "up"});
    }
    add_links(offloads);
    add_counters();
    configure("");
}

RoutedNetwork::~RoutedNetwork() {
    daemon_.reset();
    for (const std::string& space : {host_, router_, server_}) support::remove_netns(space);
    (void)::umount2(bpffs_.c_str(), MNT_DETACH);
}

void RoutedNetwork::must(const Arguments& arguments) {
    const Ended ended = support::run(arguments);
    std::string line;
    for (const std::string& word : arguments) line += word + " ";
    ASSERT_EQ(ended.status, 0) << line << ": " << ended.err << ended.out;
}

void RoutedNetwork::add_links(bool offloads) const {
    const char* const state = offloads ? "on" : "off";
    struct Link {
        std::string space;
        std::string name;
        std::string v4;
        std::string v6;
    };
    const std::array<std::pair<Link, Link>, 2> cables{{
        {{host_, "eth0", host_v4, host_v6}, {router_, "lan", "10.78.1.1", "fd78:1::1"}},
        {{server_, "eth0", server_v4, server_v6}, {router_, "wan", "10.78.2.1", "fd78:2::1"}},
    }};
    for (const auto& [end, middle] : cables) {
        must({"ip", "link", "add", end.name, "netns", end.space, "type", "veth", "peer", "name",
              middle.name, "netns", middle.space});
        for (const Link& link : {end, middle}) {
            must(in_netns(link.space,
                          {"ethtool", "-K", link.name, "tso", state, "gso", state, "gro", state}));
            must(support::without_probes(link.space, link.name));
            must({"ip", "-n", link.space, "link", "set", link.name, "up"});
            must({"ip", "-n", link.space, "addr", "add", link.v4 + "/24", "dev", link.name});
            must({"ip", "-n", link.space, "addr", "add", link.v6 + "/64", "dev", link.name,
                  "nodad"});
        }
        must({"ip", "-n", end.space, "route", "add", "default", "via", middle.v4});
        must({"ip", "-n", end.space, "route", "add", "default", "via", middle.v6});
    }
    must(in_netns(router_,
                  {"sysctl", "-qw", "net.ipv4.ip_forward=1", "net.ipv6.conf.all.forwarding=1"}));
}

void RoutedNetwork::add_counters() const {
    const std::string rules = folder_ / "count.nft";
    std::ofstream(rules)
        << "table inet count {\n counter up {\n }\n counter down {\n }\n"
           " chain incoming {\n  type filter hook prerouting priority -400; policy accept;\n"
           "  iifname \"lan\" ip saddr 10.78.1.0/24 counter name up\n"
           "  iifname \"lan\" ip6 saddr fd78:1::2 counter name up\n }\n"
           " chain outgoing {\n  type filter hook postrouting priority 400; policy accept;\n"
           "  oifname \"lan\" ip daddr 10.78.1.0/24 counter name down\n"
           "  oifname \"lan\" ip6 daddr fd78:1::2 counter name down\n }\n}\n";
    must(in_router({"nft", "-f", rules}));
}

void RoutedNetwork::add_rules(const std::string& space, const std::string& rules) const {
    const std::string file = folder_ / "rules.nft";
    std::ofstream(file) << rules;
    must(in_netns(space, {"nft", "-f", file}));
}

void RoutedNetwork::count_in(const std::string& space, const std::string& address) const {
    add_rules(
        space,
        fmt::format("table inet own {{\n counter sent {{\n }}\n counter received {{\n }}\n"
                    " chain o {{\n  type filter hook postrouting priority 400;\n"
                    "  oifname != \"lo\" ip saddr {0} ip protocol != igmp counter name sent\n }}\n"
                    " chain i {{\n  type filter hook prerouting priority -400;\n"
                    "  iifname != \"lo\" ip daddr {0} counter name received\n }}\n}}\n",
                    address));
}

void RoutedNetwork::masquerade() const {
    add_rules(router_,
              "table inet nat {\n chain post {\n"
              "  type nat hook postrouting priority srcnat; policy accept;\n"
              "  oifname \"wan\" masquerade\n }\n}\n");
}

Count RoutedNetwork::counted(const std::string& counter) const {
    return counted_in(router_, counter, "count");
}

Count RoutedNetwork::counted_in(const std::string& space, const std::string& counter,
                                const std::string& table) const {
    const Ended listed =
        support::run(in_netns(space, {"nft", "-j", "list", "counter", "inet", table, counter}));
    const json document = json::parse(listed.out, nullptr, false);
    const json entries = document.value("nftables", json::array());
    for (const json& entry : entries)
        if (entry.contains("counter"))
            return {entry["counter"]["bytes"], entry["counter"]["packets"]};
    ADD_FAILURE() << listed.out << listed.err;
    return {};
}

void RoutedNetwork::transfer(const Arguments& options) const {
    Process serving(in_netns(server_, {"iperf3", "-s", "-1"}));
    ASSERT_TRUE(support::wait_until(
        [&] {
            return support::run(in_netns(server_, {"ss", "-Hltn", "sport", "=", ":5201"}))
                       .out.size() > 5;
        },
        std::chrono::seconds(10)));
    Arguments client{"iperf3"};
    client.insert(client.end(), options.begin(), options.end());
    must(in_netns(host_, client));
    (void)serving.wait();
}

namespace {

// Listens for UDP at a port and for TCP at the next one; or sends `times` datagrams and makes
// as many connections.
constexpr const char* talk_program = R"(
import socket, sys, threading
role, address, port, times = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
socket.setdefaulttimeout(20)
if role == "serve":
    udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    udp.bind(("", port))
    listener = socket.create_server(("", port + 1), backlog=128)
    def echo():
        for _ in range(times):
            data, peer = udp.recvfrom(4000)
            udp.sendto(data * 2, peer)
    thread = threading.Thread(target=echo)
    thread.start()
    for _ in range(times):
        peer, _ = listener.accept()
        with peer:
            while peer.recv(4000): pass
            peer.sendall(b"a" * 1200)  # one segment: nft in a sender counts before they are made
    thread.join()
else:
    for n in range(times):
        udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        udp.sendto(bytes(100 + n), (address, port))
        udp.recvfrom(4000)
        udp.close()
    for n in range(times):
        with socket.create_connection((address, port + 1)) as tcp:
            tcp.sendall(bytes(1200))
            tcp.shutdown(socket.SHUT_WR)
            while tcp.recv(4000): pass
)";

}  // namespace

void RoutedNetwork::talk(const std::string& client, const std::string& address, int port,
                         const std::string& server, int server_port, int times) const {
    const std::string count = std::to_string(times);
    Process serving(in_netns(server, {"python3", "-c", talk_program, "serve", "any",
                                      std::to_string(server_port), count}));
    ASSERT_TRUE(support::wait_until(
        [&] {
            const std::string at = ":" + std::to_string(server_port + 1);
            return support::run(in_netns(server, {"ss", "-Hltn", "sport", "=", at})).out.size() > 5;
        },
        std::chrono::seconds(20)));
    must(in_netns(client,
                  {"python3", "-c", talk_program, "talk", address, std::to_string(port), count}));
    EXPECT_EQ(serving.wait().status, 0);
    support::pass(std::chrono::milliseconds(300));  // the last packets of connections
}

void RoutedNetwork::configure(const std::string& more, const std::string& local,
                              const std::string& interfaces) const {
    std::ofstream(config_) << fmt::format(
        "[ledger]\ncommit_interval = \"1s\"\n[attribute]\nlocal = [{}]\n[[meter]]\n"
        "name = \"edge\"\nkind = \"ebpf\"\ninterfaces = [{}]\npoll = \"1s\"\n"
        "bpffs = \"{}\"\n{}",
        local, interfaces, bpffs_, more);
}

void RoutedNetwork::configure_sockets(const std::string& by, const std::string& namespaces) const {
    std::ofstream(config_) << fmt::format(
        "[ledger]\ncommit_interval = \"1s\"\n[[meter]]\nname = \"edge\"\nkind = \"sockets\"\n"
        "by = \"{}\"\nnamespaces = \"{}\"\npoll = \"1s\"\nbpffs = \"{}\"\n",
        by, namespaces, bpffs_);
}

void RoutedNetwork::start_at(const std::string& space) {
    daemon_ = std::make_unique<Process>(
        in_netns(space, support::octroi(ledger_, {"--config", config_, "run"})));
    ASSERT_TRUE(support::wait_until(
        [&] {
            return has_programs() &&
                   support::run(support::octroi(ledger_, {"meters"})).out.find("edge") !=
                       std::string::npos;
        },
        std::chrono::seconds(90)))
        << daemon_->err_so_far();
    support::pass(std::chrono::milliseconds(1500));  // the first reading is where counting begins
}

bool RoutedNetwork::has_programs() const {
    std::error_code error;
    std::size_t at_interfaces = 0;
    std::size_t at_sockets = 0;
    const std::filesystem::recursive_directory_iterator pinned(pins(), error);
    for (auto at = pinned; !error && at != end(pinned); at.increment(error)) {
        const std::string name = at->path().filename();
        if (name.starts_with("link_sockets_"))
            ++at_sockets;
        else if (name.starts_with("link_"))
            ++at_interfaces;
    }
    const Ended filters = support::run(in_router({"tc", "filter", "show", "dev", "wan", "egress"}));
    return at_sockets == 2 || at_interfaces >= 2 ||
           filters.out.find("egress_eth") != std::string::npos;
}

std::string RoutedNetwork::pin_folder() const {
    std::error_code error;
    for (const auto& entry : std::filesystem::directory_iterator(pins(), error))
        if (entry.path().filename().string().starts_with("edge-")) return entry.path().string();
    return "";
}

void RoutedNetwork::kill() {
    daemon_->signal(SIGKILL);
    (void)daemon_->wait();
}

Ended RoutedNetwork::stop() {
    support::pass(std::chrono::milliseconds(2500));
    daemon_->signal(SIGINT);
    return daemon_->wait();
}

Ended RoutedNetwork::command(Arguments arguments) const {
    arguments.insert(arguments.begin(), {"--config", config_});
    return support::run(in_router(support::octroi(ledger_, std::move(arguments))));
}

RoutedNetwork::Booked RoutedNetwork::booked(const std::string& key, const std::string& name,
                                            bool may_lack) const {
    const Ended ended = support::run(support::octroi(ledger_, {"--json", "usage", "--by", key}));
    const json answer = json::parse(ended.out, nullptr, false);
    const json rows = answer.value("rows", json::array());
    for (const json& row : rows)
        if (row.value(key, "") == name)
            return {{row.value("received_bytes", 0ULL), row.value("received_packets", 0ULL)},
                    {row.value("sent_bytes", 0ULL), row.value("sent_packets", 0ULL)}};
    if (!may_lack) ADD_FAILURE() << "no " << name << " in " << ended.out << ended.err;
    return {};
}

Count RoutedNetwork::excluded(const std::string& reason) const {
    Count sum;
    const auto ledger = SqliteLedger::open(ledger_, {.mode = OpenMode::read_only});
    if (!ledger) {
        ADD_FAILURE() << ledger.error().text;
        return sum;
    }
    const auto all = (*ledger)->sums({});
    for (const TransferSum& transfer : *all)
        if (transfer.from.kind == PartyKind::excluded && transfer.from.name == reason) {
            sum.bytes += transfer.volume.bytes.value();
            sum.packets += transfer.volume.packets.value();
        }
    return sum;
}

}  // namespace octroi::ebpf_test
