// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// What the rules in force now make of a service name that the ledger holds. The ledger keeps the
// name and not the protocol and ports, and not the rules that were in force.
//
// A name that the rules or the defaults give now stays. A default name that they no longer give,
// because rules have all of its traffic, is replaced if these rules give one name.
// Many names are those of ports of TCP, UDP, SCTP and UDP-Lite alike.

#include <boost/unordered/unordered_flat_map.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "attribute/services.hpp"

namespace octroi {

// Caches the result for each name. One thread.
class ServiceChange {
public:
    // services: compiled from the rules; must outlive the object.
    ServiceChange(const CompiledServices& services, const std::vector<ServiceRule>& rules);

    // nullopt: the name is not given any more, and which of several names replaces it cannot be
    // known. The view is valid while the object lives.
    [[nodiscard]] std::optional<std::string_view> of(std::string_view before);

private:
    [[nodiscard]] std::optional<std::string> find(const std::string& before) const;
    // A port of each combination of a rank by default and a rank now.
    [[nodiscard]] std::vector<std::uint16_t> distinct_ports(std::uint8_t proto) const;
    void add_ports(const std::string& before, std::vector<std::string>& now) const;
    void add_types(const std::string& before, std::vector<std::string>& now) const;

    const CompiledServices& services_;
    CompiledServices defaults_;
    boost::unordered_flat_map<std::uint8_t, std::vector<std::uint16_t>> ports_;  // by protocol
    std::vector<std::string> rule_names_;
    boost::unordered_flat_map<std::string, std::optional<std::string>> known_;
};

}  // namespace octroi
