// SPDX-License-Identifier: GPL-3.0-or-later
#include "side_by_side.hpp"

#include <fmt/format.h>
#include <sys/mount.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <filesystem>

#include "store/sqlite/sqlite_ledger.hpp"

namespace octroi::all_meters {

using support::Arguments;
using support::Ended;
using support::octroi;
using support::Process;

namespace {

constexpr const char* server_v4 = "10.78.2.2";
constexpr const char* server_v6 = "fd78:2::2";

// Datagrams that need fragments and are sent back, many connections, and a datagram to a port that
// nobody listens on.
constexpr const char* talk_program = R"(
import socket, sys
socket.setdefaulttimeout(30)
role, address = sys.argv[1], sys.argv[2]
family = socket.AF_INET6 if ":" in address else socket.AF_INET
datagrams, connections, data = 20, 300, b"x" * 4000
udp = socket.socket(family, socket.SOCK_DGRAM)
if role == "serve":
    udp.bind((address, 5002))
    listener = socket.create_server((address, 5003), family=family, backlog=512)
    for _ in range(datagrams):
        received, peer = udp.recvfrom(65536)
        udp.sendto(received, peer)
    for _ in range(connections):
        peer, _ = listener.accept()
        peer.sendall(b"y" * 100)
        peer.close()
else:
    for _ in range(datagrams):
        udp.sendto(data, (address, 5002))
        udp.recvfrom(65536)
    for _ in range(connections):
        with socket.create_connection((address, 5003)) as peer:
            while peer.recv(4096): pass
    udp.sendto(data, (address, 5004))
)";

std::string meter_options(std::string_view meter, const std::string& bpffs) {
    if (meter == "capture") return "interfaces = [\"lan\", \"wan\"]\n";
    if (meter == "ebpf")
        return fmt::format("interfaces = [\"lan\", \"wan\"]\npoll = \"1s\"\nbpffs = \"{}\"\n",
                           bpffs);
    if (meter == "nflog") return "group = 5\n";
    if (meter == "interfaces") return "interfaces = [\"lan\"]\npoll = \"1s\"\n";
    return "poll = \"1s\"\n";  // conntrack, nftables
}

}  // namespace

SideBySide::SideBySide() = default;

SideBySide::~SideBySide() { (void)::umount2(bpffs_.c_str(), MNT_DETACH); }

void SideBySide::SetUp() {
    if (!network_.missing().empty()) GTEST_SKIP() << network_.missing();
    std::filesystem::create_directory(bpffs_);
    if (::mount("bpf", bpffs_.c_str(), "bpf", 0, nullptr) != 0) GTEST_SKIP() << "no bpffs here";
}

void SideBySide::connect(bool with_nat) {
    network_.routed();
    start_counting("lan", with_nat);
}

bool SideBySide::connect_by_vlan(bool with_nat) {
    network_.routed();
    for (const std::string& space : {network_.host(), network_.router()}) {
        const bool is_host = space == network_.host();
        const std::string link = is_host ? "eth0" : "lan";
        if (support::run({"ip", "-n", space, "link", "add", "link", link, "name", "vlan10", "type",
                          "vlan", "id", "10"})
                .status != 0)
            return false;
        Network::must({"ip", "-n", space, "addr", "flush", "dev", link, "scope", "global"});
        Network::must({"ip", "-n", space, "link", "set", "vlan10", "up"});
        Network::address(space, "vlan10", is_host ? "10.78.1.2/24" : "10.78.1.1/24",
                         is_host ? "fd78:1::2/64" : "fd78:1::1/64");
    }
    for (const char* via : {"10.78.1.1", "fd78:1::1"})
        Network::must({"ip", "-n", network_.host(), "route", "replace", "default", "via", via});
    start_counting("vlan10", with_nat);
    return true;
}

// With these entries the kernel sends no neighbour discovery, which it does at any time.
void SideBySide::add_neighbours() const {
    struct Side {
        std::string space;
        std::string link;
        std::string v4;
        std::string v6;
    };
    const std::string host_link = lan_ == "lan" ? "eth0" : lan_;
    const std::array<std::pair<Side, Side>, 2> cables{{
        {{network_.host(), host_link, "10.78.1.2", "fd78:1::2"},
         {network_.router(), lan_, "10.78.1.1", "fd78:1::1"}},
        {{network_.server(), "eth0", server_v4, server_v6},
         {network_.router(), "wan", "10.78.2.1", "fd78:2::1"}},
    }};
    const auto add = [&](const Side& at, const Side& other) {
        const Ended mac = support::run(Network::in(
            other.space, {"cat", fmt::format("/sys/class/net/{}/address", other.link)}));
        for (const std::string& address : {other.v4, other.v6})
            Network::must({"ip", "-n", at.space, "neigh", "replace", address, "lladdr",
                           mac.out.substr(0, 17), "dev", at.link, "nud", "permanent"});
    };
    for (const auto& [end, middle] : cables) {
        add(end, middle);
        add(middle, end);
    }
}

void SideBySide::start_counting(const std::string& lan, bool with_nat) {
    lan_ = lan;
    with_nat_ = with_nat;
    if (with_nat) network_.masquerade();
    add_neighbours();
    Truth::add_counters(network_, lan_);
    Network::must(
        network_.in(network_.router(), {"sysctl", "-qw", "net.netfilter.nf_conntrack_acct=1"}));
    bind_accounts();
}

void SideBySide::bind_accounts() const {
    Network::must(octroi(ledger_, {"account", "add", "chem"}));
    for (const Arguments& identity :
         {Arguments{"10.78.1.2"}, {"fd78:1::2"}, {"rule", "host4"}, {"rule", "host6"}}) {
        Arguments command{"bind"};
        command.insert(command.end(), identity.begin(), identity.end());
        command.emplace_back("chem");
        Network::must(octroi(ledger_, command));
    }
}

void SideBySide::configure(const std::vector<std::string_view>& meters) const {
    std::string text =
        "[ledger]\ncommit_interval = \"1s\"\n"
        "[attribute]\nlocal = [\"10.78.1.0/24\", \"fd78:1::/64\"]\n";
    for (const std::string_view meter : meters)
        text +=
            fmt::format("[[meter]]\nname = \"{0}\"\nkind = \"{0}\"\nrole = \"{1}\"\n{2}", meter,
                        meter == meters.front() ? "bill" : "witness", meter_options(meter, bpffs_));
    if (std::ranges::find(meters, "nftables") != meters.end())
        text +=
            "[[rule]]\nname = \"host4\"\naddress = \"10.78.1.2\"\n"
            "[[rule]]\nname = \"host6\"\naddress = \"fd78:1::2\"\n";
    std::ofstream(config_) << text;
}

Truth SideBySide::when_quiet() const {
    Truth before = Truth::read(network_);
    EXPECT_TRUE(support::wait_until(
        [&] {
            support::pass(std::chrono::milliseconds(700));
            return std::exchange(before, Truth::read(network_)) == before;
        },
        std::chrono::seconds(20)));
    return before;
}

std::unique_ptr<Process> SideBySide::start(Truth& begin) const {
    begin = when_quiet();
    auto daemon = std::make_unique<Process>(
        network_.in(network_.router(), octroi(ledger_, {"--config", config_, "run"})));
    EXPECT_TRUE(support::wait_until(
        [&] { return daemon->err_so_far().find("Ctrl-C") != std::string::npos; },
        std::chrono::seconds(20)))
        << daemon->err_so_far();
    // The first reading of each meter is where its figures begin.
    support::pass(std::chrono::milliseconds(2500));
    EXPECT_EQ(Truth::read(network_), begin) << "packets of others than the test";
    return daemon;
}

void SideBySide::talk(const std::string& address) const {
    const auto program = [&](const std::string& role) {
        return Arguments{"python3", "-c", talk_program, role, address};
    };
    Process serving(network_.in(network_.server(), program("serve")));
    Network::wait_for_listener(network_.server(), 5003);
    Network::must(network_.in(network_.host(), program("connect")));
    EXPECT_EQ(serving.wait().status, 0);
}

void SideBySide::send_traffic() const {
    for (const std::string server : {server_v4, server_v6}) {
        network_.transfer(server, 1'000'000, true);
        network_.transfer(server, 500'000, false);
        network_.iperf({"-c", server, "-u", "-b", "50M", "-n", "500K"});
        network_.iperf({"-c", server, "-u", "-b", "50M", "-n", "500K", "-R"});
        for (const char* octets : {"56", "4000"})  // the latter in fragments
            Network::must(network_.in(
                network_.host(), {"ping", "-q", "-c", "10", "-i", "0.02", "-s", octets, server}));
        talk(server);
    }
}

SideBySide::Booked SideBySide::booked(std::string_view meter) const {
    Booked found;
    const auto ledger = SqliteLedger::open(ledger_, {.mode = OpenMode::read_only});
    EXPECT_TRUE(ledger.has_value()) << ledger.error().text;
    SumQuestion question;
    question.meter = std::string(meter);
    question.by_meter = true;
    question.by_identity = true;
    const auto all = (*ledger)->sums(question);
    const auto is_host = [&](const Party& party) {
        return meter == "interfaces" ? party.identity == "interface " + lan_ : party.name == "chem";
    };
    for (const TransferSum& sum : *all) {
        found.is_witness = sum.role == MeterRole::witness;
        // An interface receives what the host sends.
        const bool at_router = meter == "interfaces";
        if (is_host(sum.from))
            (at_router ? found.octets.down : found.octets.up) += sum.volume.bytes.value();
        if (is_host(sum.to))
            (at_router ? found.octets.up : found.octets.down) += sum.volume.bytes.value();
    }
    return found;
}

void SideBySide::expect_promise(const Promise& promise, const Truth& counted) const {
    const Octets ledger = booked(promise.meter).octets;
    const Octets kernel = counted.octets(promise.against);
    const Octets bound = counted.bound(promise.nat_bound, with_nat_);
    EXPECT_GT(kernel.up, 1'000'000U);
    EXPECT_GT(kernel.down, 2'000'000U);
    const auto compare = [&](std::string_view direction, std::uint64_t octets, std::uint64_t nft,
                             std::uint64_t limit) {
        const auto difference = static_cast<std::int64_t>(octets - nft);
        fmt::print("| {} | {} | {} | {} | {} | {} | {} |\n", promise.meter, promise.layer,
                   direction, octets, nft, difference,
                   limit == 0 ? "0" : fmt::format("≤ {}", limit));
        EXPECT_LE(std::abs(difference), static_cast<std::int64_t>(limit))
            << promise.meter << ", " << direction;
    };
    compare("from the host", ledger.up, kernel.up, bound.up);
    compare("to the host", ledger.down, kernel.down, bound.down);
}

void SideBySide::expect_promises(const std::vector<std::string_view>& meters) {
    configure(meters);
    Truth begin;
    const auto daemon = start(begin);
    send_traffic();
    const Truth end = when_quiet();
    support::pass(std::chrono::milliseconds(2500));
    daemon->signal(SIGINT);
    const Ended ended = daemon->wait();
    ASSERT_EQ(ended.status, 0) << ended.err;
    EXPECT_EQ(support::run(octroi(ledger_, {"audit"})).status, 0);
    fmt::print(
        "| meter | layer | direction | octets | nft | difference | promise |\n"
        "| --- | --- | --- | --- | --- | --- | --- |\n");
    for (const Promise& promise : promises) {
        if (std::ranges::find(meters, promise.meter) == meters.end()) continue;
        expect_promise(promise, end.since(begin));
        EXPECT_EQ(booked(promise.meter).is_witness, promise.meter != meters.front());
    }
    const Ended losses = support::run(octroi(ledger_, {"meters", "--losses"}));
    EXPECT_NE(losses.out.find("No losses"), std::string::npos) << losses.out;
}

}  // namespace octroi::all_meters
