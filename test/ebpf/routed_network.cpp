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

void RoutedNetwork::masquerade() const {
    const std::string rules = folder_ / "nat.nft";
    std::ofstream(rules) << "table inet nat {\n chain post {\n"
                            "  type nat hook postrouting priority srcnat; policy accept;\n"
                            "  oifname \"wan\" masquerade\n }\n}\n";
    must(in_router({"nft", "-f", rules}));
}

Count RoutedNetwork::counted(const std::string& counter) const {
    const Ended listed =
        support::run(in_router({"nft", "-j", "list", "counter", "inet", "count", counter}));
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

void RoutedNetwork::configure(const std::string& more, const std::string& local) const {
    std::ofstream(config_) << fmt::format(
        "[ledger]\ncommit_interval = \"1s\"\n[attribute]\nlocal = [{}]\n[[meter]]\n"
        "name = \"edge\"\nkind = \"ebpf\"\ninterfaces = [\"lan\", \"wan\"]\npoll = \"1s\"\n"
        "bpffs = \"{}\"\n{}",
        local, bpffs_, more);
}

void RoutedNetwork::configure_sockets(const std::string& by) const {
    std::ofstream(config_) << fmt::format(
        "[ledger]\ncommit_interval = \"1s\"\n[[meter]]\nname = \"edge\"\nkind = \"sockets\"\n"
        "by = \"{}\"\npoll = \"1s\"\nbpffs = \"{}\"\n",
        by, bpffs_);
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
    return at_sockets == 2 || at_interfaces == 4 ||
           filters.out.find("egress_eth") != std::string::npos;
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

RoutedNetwork::Booked RoutedNetwork::booked(const std::string& key, const std::string& name) const {
    const Ended ended = support::run(support::octroi(ledger_, {"--json", "usage", "--by", key}));
    const json answer = json::parse(ended.out, nullptr, false);
    const json rows = answer.value("rows", json::array());
    for (const json& row : rows)
        if (row.value(key, "") == name)
            return {{row.value("received_bytes", 0ULL), row.value("received_packets", 0ULL)},
                    {row.value("sent_bytes", 0ULL), row.value("sent_packets", 0ULL)}};
    ADD_FAILURE() << "no " << name << " in " << ended.out << ended.err;
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
