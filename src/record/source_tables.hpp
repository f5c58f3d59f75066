// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// What a meter needs that attributes where it counts, in the kernel: the tables of attribution as
// plain values. Its counts are attributed again, by the names that it hands over with them, so that
// these tables need not be of the time of the traffic.

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/address.hpp"
#include "record/class_table.hpp"

namespace octroi {

// A bound prefix, whenever it is bound, or a local network. per_address: each address is an
// identity of its own.
struct SourcePrefix {
    Prefix prefix;
    bool per_address = false;

    auto operator<=>(const SourcePrefix&) const = default;
};

// As attribute/services.hpp, by numbers into `names`.
struct SourceServices {
    static constexpr std::uint16_t no_rank = 0xFFFF;
    // TCP, UDP, DCCP, SCTP, UDP-Lite; of each port its rank: of two ports the smaller one decides.
    std::array<std::vector<std::uint16_t>, 5> ports;
    std::vector<std::uint32_t> of_rank;
    std::array<std::uint32_t, 5> port_default{};
    std::array<std::uint32_t, 256> of_proto{};
    std::array<std::uint32_t, 256> of_icmp{};
    std::array<std::uint32_t, 256> of_icmpv6{};
    std::uint32_t fragment = 0;
    std::vector<std::string> names;
};

struct SourceTables {
    std::vector<SourcePrefix> local;            // each prefix once
    std::shared_ptr<const ClassTable> classes;  // null: no table; all are of class "world"
    std::shared_ptr<const SourceServices> services;
};

using SourceTablesPtr = std::shared_ptr<const SourceTables>;

}  // namespace octroi
