// SPDX-License-Identifier: GPL-3.0-or-later
#include "truth.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace octroi::all_meters {

using nlohmann::json;

namespace {

constexpr std::uint64_t ethernet_header = 14;

// The hook egress of netdev sees frames, the hook ingress sees packets behind the Ethernet header.
constexpr const char* wire_rules = R"(
table netdev truth {{
 counter wire_up {{ }}
 counter wire_down {{ }}
 counter frames_up {{ }}
 counter frames_down {{ }}
 chain incoming {{
  type filter hook ingress device "{0}" priority -500; policy accept;
  counter name frames_up
  ip saddr 10.78.1.2 counter name wire_up
  ip6 saddr fd78:1::2 counter name wire_up
 }}
 chain outgoing {{
  type filter hook egress device "{0}" priority 500; policy accept;
  counter name frames_down
  ip daddr 10.78.1.2 counter name wire_down
  ip6 daddr fd78:1::2 counter name wire_down
 }}
}}
)";

// nftables counts an ICMP error with the connection that it is about as `related`.
constexpr const char* forward_rules = R"(
table inet truth {
 counter forwarded_up { }
 counter forwarded_down { }
 counter errors_up { }
 counter errors_down { }
 chain from_host {
  counter name forwarded_up
  meta l4proto { icmp, ipv6-icmp } ct state related counter name errors_up
 }
 chain to_host {
  counter name forwarded_down
  meta l4proto { icmp, ipv6-icmp } ct state related counter name errors_down
 }
 chain forward {
  type filter hook forward priority 20; policy accept;
  ip saddr 10.78.1.2 jump from_host
  ip6 saddr fd78:1::2 jump from_host
  ip daddr 10.78.1.2 jump to_host
  ip6 daddr fd78:1::2 jump to_host
  log group 5
 }
}
)";

}  // namespace

void Truth::add_counters(const Network& network, const std::string& lan) {
    const support::Folder folder;
    const std::string rules = folder / "truth.nft";
    std::ofstream(rules) << fmt::format(fmt::runtime(wire_rules), lan) << forward_rules;
    Network::must(network.in(network.router(), {"nft", "-f", rules}));
}

Truth Truth::read(const Network& network) {
    const support::Ended listed =
        support::run(network.in(network.router(), {"nft", "-j", "list", "counters"}));
    Truth truth;
    const json document = json::parse(listed.out, nullptr, false);
    for (const json& entry : document.value("nftables", json::array())) {
        if (!entry.contains("counter")) continue;
        const json& counter = entry["counter"];
        if (counter.value("table", "") != "truth") continue;
        truth.counts_[counter["name"]] = {counter["bytes"], counter["packets"]};
    }
    EXPECT_EQ(truth.counts_.size(), 8U) << listed.out << listed.err;
    return truth;
}

Truth Truth::since(const Truth& earlier) const {
    Truth grown = *this;
    for (auto& [name, count] : grown.counts_) {
        const Count then = earlier.count(name);
        count = {count.octets - then.octets, count.packets - then.packets};
    }
    return grown;
}

Truth::Count Truth::count(const std::string& name) const {
    const auto found = counts_.find(name);
    return found == counts_.end() ? Count{} : found->second;
}

std::uint64_t Truth::packet_octets(const Count& frames) {
    return frames.octets - ethernet_header * frames.packets;
}

Octets Truth::octets(Against against) const {
    switch (against) {
        case Against::wire:
            return {count("wire_up").octets, packet_octets(count("wire_down"))};
        case Against::forwarded:
            return {count("forwarded_up").octets, count("forwarded_down").octets};
        case Against::tracked:
            return {count("forwarded_up").octets - count("errors_up").octets,
                    count("forwarded_down").octets - count("errors_down").octets};
        case Against::frames: {
            const Count up = count("frames_up");
            return {up.octets + ethernet_header * up.packets, count("frames_down").octets};
        }
    }
    return {};
}

Octets Truth::bound(NatBound bound, bool with_nat) const {
    if (!with_nat) return {};
    switch (bound) {
        case NatBound::none:
            return {};
        case NatBound::icmp_errors:
            return {count("errors_up").octets, count("errors_down").octets};
    }
    return {};
}

}  // namespace octroi::all_meters
