// SPDX-License-Identifier: GPL-3.0-or-later
#include "naive_rules.hpp"

#include <optional>

namespace octroi::sim {
namespace {

constexpr int kind_account = 1;
constexpr int kind_unattributed = 2;
constexpr int kind_outside = 3;
constexpr int kind_excluded = 4;

bool bit(const Address& address, int number) {
    const unsigned octet = address.octets.at(static_cast<std::size_t>(number / 8));
    return (octet >> (7 - number % 8) & 1U) != 0;
}

bool is_loopback(const Address& a) {
    if (a.family == Family::v4) return a.octets[0] == 127;
    return to_string(a) == "::1";
}

std::optional<std::string> special_class(const Address& a) {
    const std::string text = to_string(a);
    if (text == "255.255.255.255") return "broadcast";
    if (text == "0.0.0.0" || text == "::") return "unspecified";
    const bool v4 = a.family == Family::v4;
    if (v4 ? a.octets[0] >= 224 && a.octets[0] < 240 : a.octets[0] == 0xff) return "multicast";
    return std::nullopt;
}

// One end of a packet, with its link if it is the near end.
struct End {
    Address address;
    Mac mac;
    std::uint16_t vlan = 0;
    std::string interface;
};

// The rank of a binding for this end: address, MAC, longest prefix, VLAN, interface. -1: it does
// not match.
int rank(const NaiveBinding& binding, const End& end) {
    switch (binding.kind) {
        case BindingKind::prefix:
            if (!holds(binding.prefix, end.address)) return -1;
            if (binding.prefix.length == end.address.bits()) return 1000;
            return 100 + binding.prefix.length;
        case BindingKind::mac:
            return !end.mac.empty() && to_string(end.mac) == binding.value ? 900 : -1;
        case BindingKind::vlan:
            return end.vlan != 0 && std::to_string(end.vlan) == binding.value ? 20 : -1;
        case BindingKind::interface:
            return !end.interface.empty() && end.interface == binding.value ? 10 : -1;
    }
    return -1;
}

std::string identity_of(const NaiveBinding& binding, const Address& address) {
    switch (binding.kind) {
        case BindingKind::prefix: {
            const bool single = binding.prefix.length == address.bits();
            return binding.per_address || single ? to_string(address) : to_string(binding.prefix);
        }
        case BindingKind::mac:
            return "mac " + binding.value;
        case BindingKind::vlan:
            return "vlan " + binding.value;
        case BindingKind::interface:
            return "interface " + binding.value;
    }
    return {};
}

const NaiveNetwork* network_of(const Address& address, const NaiveRules& rules) {
    const NaiveNetwork* best = nullptr;
    for (const NaiveNetwork& network : rules.networks)
        if (holds(network.prefix, address) &&
            (best == nullptr || network.prefix.length > best->prefix.length))
            best = &network;
    return best;
}

NaiveParty party_of(const End& end, UtcTime time, const NaiveRules& rules) {
    const NaiveBinding* best = nullptr;
    for (const NaiveBinding& binding : rules.bindings) {
        if (time < binding.from || time >= binding.until || rank(binding, end) < 0) continue;
        if (best == nullptr || rank(binding, end) > rank(*best, end) ||
            (rank(binding, end) == rank(*best, end) && binding.id > best->id))
            best = &binding;
    }
    if (best != nullptr) return {kind_account, best->account, identity_of(*best, end.address)};
    if (const auto special = special_class(end.address)) return {kind_outside, *special, ""};
    if (const NaiveNetwork* network = network_of(end.address, rules)) {
        const bool single = network->prefix.length == end.address.bits();
        return {
            kind_unattributed, "",
            network->per_address || single ? to_string(end.address) : to_string(network->prefix)};
    }
    const NaiveRoute* route = nullptr;
    for (const NaiveRoute& r : rules.routes)
        if (holds(r.prefix, end.address) &&
            (route == nullptr || r.prefix.length > route->prefix.length))
            route = &r;
    return {kind_outside, route == nullptr ? rules.default_class : route->class_name, ""};
}

Verdict excluded(const char* reason) {
    return {{kind_excluded, reason, ""}, {kind_excluded, reason, ""}};
}

}  // namespace

bool holds(const Prefix& prefix, const Address& address) {
    if (prefix.address.family != address.family) return false;
    for (int i = 0; i < prefix.length; ++i)
        if (bit(prefix.address, i) != bit(address, i)) return false;
    return true;
}

Verdict judge(const Sent& sent, const NaiveRules& rules) {
    if (sent.frame_kind == FrameKind::non_ip) return excluded("non-ip");
    if (sent.frame_kind == FrameKind::malformed) return excluded("malformed");
    if (sent.frame_kind == FrameKind::duplicate) return excluded("duplicate");
    if (is_loopback(sent.src) || is_loopback(sent.dst)) return excluded("loopback");
    End from{sent.src, sent.src_mac, 0, ""};
    End to{sent.dst, sent.dst_mac, 0, ""};
    // The near end: the end to which VLAN and interface belong.
    const bool src_local = network_of(sent.src, rules) != nullptr;
    const bool dst_local = network_of(sent.dst, rules) != nullptr;
    const bool near_is_from =
        sent.direction == Direction::in || (sent.direction == Direction::unknown && src_local);
    if (sent.direction != Direction::unknown || src_local != dst_local) {
        End& near = near_is_from ? from : to;
        near.vlan = sent.vlan;
        near.interface = sent.interface;
    }
    if (!sent.out_interface.empty()) {
        to.mac = sent.out_mac;
        to.interface = sent.out_interface;
    }
    return {party_of(from, sent.time, rules), party_of(to, sent.time, rules)};
}

}  // namespace octroi::sim
