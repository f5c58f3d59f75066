// SPDX-License-Identifier: GPL-3.0-or-later
#include "attribute/service_change.hpp"

#include <algorithm>

namespace octroi {
namespace {

constexpr std::uint32_t ports_end = 65'536;

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
    if (rules.empty()) return;
    for (const std::uint8_t proto : port_protocols) ports_[proto] = distinct_ports(proto);
}

std::vector<std::uint16_t> ServiceChange::distinct_ports(std::uint8_t proto) const {
    boost::unordered_flat_map<std::uint32_t, std::uint16_t> first;
    for (std::uint32_t n = 0; n < ports_end; ++n) {
        const auto port = static_cast<std::uint16_t>(n);
        const std::uint32_t by_default = defaults_.rank(proto, port);
        first.try_emplace(by_default << 16U | services_.rank(proto, port), port);
    }
    std::vector<std::uint16_t> distinct;
    for (const auto& [ranks, port] : first) distinct.push_back(port);
    return distinct;
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
    if (rule_names_.empty() && defaults_.number_of(before)) return before;
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
    for (const auto& [proto, ports] : ports_) {
        Reading reading = reading_of(proto);
        for (const std::uint16_t sport : ports) {
            reading.sport = reading.dport = sport;
            if (defaults_.find(reading) != *number) continue;
            for (const std::uint16_t dport : ports) {
                reading.dport = dport;
                if (defaults_.find(reading) != *number) continue;
                const std::uint32_t service = services_.find(reading);
                if (std::ranges::find(found, service) == found.end()) found.push_back(service);
            }
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
