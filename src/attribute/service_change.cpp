// SPDX-License-Identifier: GPL-3.0-or-later
#include "attribute/service_change.hpp"

#include <algorithm>
#include <array>

namespace octroi {
namespace {

constexpr std::array protocols_asked = {proto_tcp, proto_udp, proto_dccp, proto_sctp};
constexpr std::uint32_t ports = 65'536;

Reading reading_of(std::uint8_t proto) {
    Reading reading;
    reading.kind = ReadingKind::ip;
    reading.proto = proto;
    return reading;
}

// Whether the name says nothing about protocols: no rule matches such traffic.
bool is_fixed(std::string_view name) {
    return name == "malformed" || name == "unknown" || name.starts_with("ethertype/");
}

}  // namespace

ServiceChange::ServiceChange(const CompiledServices& services,
                             const std::vector<ServiceRule>& rules)
    : services_(services) {
    for (const ServiceRule& rule : rules) rule_names_.push_back(rule.name);
}

std::optional<std::string_view> ServiceChange::of(std::string_view before) {
    auto known = known_.find(std::string(before));
    if (known == known_.end())
        known = known_.emplace(std::string(before), find(std::string(before))).first;
    if (!known->second) return std::nullopt;
    return *known->second;
}

std::optional<std::string> ServiceChange::find(const std::string& before) const {
    if (is_fixed(before) || std::ranges::find(rule_names_, before) != rule_names_.end())
        return before;
    std::vector<std::string> now;
    add_types(before, now);
    add_ports(before, now);
    std::sort(now.begin(), now.end());
    now.erase(std::unique(now.begin(), now.end()), now.end());
    if (std::ranges::find(now, before) != now.end()) return before;
    // None: a rule that is gone gave the name, or the meter stated it.
    if (now.size() != 1) return std::nullopt;
    return now.front();
}

// The services that the pairs of ports of the name have now.
void ServiceChange::add_ports(const std::string& before, std::vector<std::string>& now) const {
    const auto number = defaults_.number_of(before);
    if (!number) return;
    std::vector<std::uint32_t> found;
    for (const std::uint8_t proto : protocols_asked) {
        Reading reading = reading_of(proto);
        const auto note = [&](std::uint32_t a, std::uint32_t b) {
            reading.sport = static_cast<std::uint16_t>(a);
            reading.dport = static_cast<std::uint16_t>(b);
            if (defaults_.find(reading) != *number) return false;
            const std::uint32_t service = services_.find(reading);
            if (std::ranges::find(found, service) == found.end()) found.push_back(service);
            return true;
        };
        // Of ports without a name the pair has the first rule of either, so that pairs of equal
        // ports find all services.
        const bool is_unnamed = note(0, 0);
        for (std::uint32_t a = 0; a < ports; ++a) {
            if (!note(a, a) || is_unnamed) continue;
            for (std::uint32_t b = 0; b < ports; ++b) note(a, b);
        }
    }
    for (const std::uint32_t service : found) now.push_back(services_.name(service));
}

// The services that other protocols, ICMP types and fragments of the name have now.
void ServiceChange::add_types(const std::string& before, std::vector<std::string>& now) const {
    const auto note = [&](const Reading& reading) {
        if (defaults_.name(defaults_.find(reading)) == before)
            now.push_back(services_.name(services_.find(reading)));
    };
    Reading fragment = reading_of(proto_tcp);
    fragment.fragment = FragmentState::orphan;
    note(fragment);
    for (std::uint32_t n = 0; n < 256; ++n) {
        const auto octet = static_cast<std::uint8_t>(n);
        if (port_protocol_index(octet) == port_protocols.size() && octet != proto_icmp &&
            octet != proto_icmpv6)
            note(reading_of(octet));
        for (const std::uint8_t proto : {proto_icmp, proto_icmpv6}) {
            Reading reading = reading_of(proto);
            reading.icmp_type = octet;
            note(reading);
        }
    }
}

}  // namespace octroi
