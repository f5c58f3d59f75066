// SPDX-License-Identifier: GPL-3.0-or-later
#include "router_spaces.hpp"

#include <unistd.h>

#include <cstdint>

#include "support/netns.hpp"

namespace octroi::bench {
namespace {

std::string mac_of(const std::string& space, const std::string& link) {
    const std::string out =
        support::run(in_space(space, {"ip", "-br", "link", "show", "dev", link})).out;
    const std::size_t colon = out.find(':');
    constexpr std::size_t digits = 17;
    return colon == std::string::npos || colon < 2 ? "" : out.substr(colon - 2, digits);
}

}  // namespace

std::vector<std::string> in_space(const std::string& space, std::vector<std::string> command) {
    // It also mounts /sys, so that programs find the interfaces of the namespace there.
    command.insert(command.begin(), {"ip", "netns", "exec", space});
    return command;
}

RouterSpaces::RouterSpaces(const std::string& name) {
    const std::string prefix = "octroi-b" + std::to_string(::getpid()) + "-" + name;
    hosts_ = prefix + "-h";
    router_ = prefix + "-r";
    outside_ = prefix + "-o";
    if (::geteuid() != 0) {
        missing_ = "needs root for network namespaces";
        return;
    }
    for (const std::string& space : {hosts_, router_, outside_}) {
        missing_ = support::add_netns(space);
        if (!missing_.empty()) return;
        // No neighbour discovery, and no router solicitations.
        must(in_space(space, {"sysctl", "-qw", "net.ipv6.conf.default.disable_ipv6=1"}));
    }
    link(hosts_, "lan");
    link(outside_, "wan");
    lan_mac_ = mac_of(router_, "lan");
    must(in_space(router_, {"sysctl", "-qw", "net.ipv4.ip_forward=1",
                            "net.ipv4.conf.all.rp_filter=0", "net.ipv4.conf.lan.rp_filter=0"}));
    must({"ip", "-n", router_, "addr", "add", "10.64.0.1/15", "dev", "lan"});
    must({"ip", "-n", router_, "addr", "add", "192.0.2.1/24", "dev", "wan"});
    must({"ip", "-n", router_, "neigh", "add", "192.0.2.2", "lladdr", mac_of(outside_, "eth0"),
          "dev", "wan", "nud", "permanent"});
    must({"ip", "-n", router_, "route", "add", "default", "via", "192.0.2.2"});
}

RouterSpaces::~RouterSpaces() {
    for (const std::string& space : {hosts_, router_, outside_}) support::remove_netns(space);
}

void RouterSpaces::link(const std::string& space, const std::string& router_link) {
    must({"ip", "link", "add", "eth0", "netns", space, "type", "veth", "peer", "name", router_link,
          "netns", router_});
    must({"ip", "-n", space, "link", "set", "eth0", "up"});
    must({"ip", "-n", router_, "link", "set", router_link, "up"});
}

bool RouterSpaces::must(const std::vector<std::string>& command) {
    if (!missing_.empty()) return false;
    const support::Ended ended = support::run(command);
    if (ended.status == 0) return true;
    for (const std::string& word : command) missing_ += word + " ";
    missing_ += ": " + ended.err;
    return false;
}

bool RouterSpaces::in_router(std::vector<std::string> command) {
    return must(in_space(router_, std::move(command)));
}

std::uint64_t RouterSpaces::arrived() const {
    const support::Ended ended =
        support::run(in_space(outside_, {"cat", "/sys/class/net/eth0/statistics/rx_packets"}));
    return ended.status == 0 ? std::stoull(ended.out) : 0;
}

}  // namespace octroi::bench
