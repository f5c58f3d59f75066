// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// The question that a NAT table answers: which inside end had this outside end at that time?

#include <cstdint>
#include <span>

#include "base/address.hpp"
#include "base/time.hpp"
#include "meter/nat/mapping_history.hpp"

namespace octroi::nat {

struct InsideQuery {
    Address reporter;  // of the traffic: its own mappings are used first
    Address outside;
    Address remote;
    std::uint8_t protocol = 0;
    std::uint16_t port = 0;  // of the outside end; 0 for protocols without ports (known_port())
    std::uint16_t remote_port = 0;
    UtcTime first;  // of the traffic
    UtcTime last;
    // Other devices with mappings that may be used. Borrowed during the call.
    std::span<const Prefix> trusted = {};
};

struct InsideEnd {
    Address address;
    std::uint16_t port = 0;  // 0: the same as outside, or not known
};

// The mapping of one device that answers the query at the moment `at`, at most `grace` from it. The
// most specific description counts first: session, binding, port block, address; then the
// nearest in time. Null: there is none.
[[nodiscard]] const MappingKey* find_mapping(const Mappings& mappings, const InsideQuery& query,
                                             UtcTime at, Duration grace);

}  // namespace octroi::nat
