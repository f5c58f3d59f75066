// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// The mappings that one NAT device has reported for one outside address, in time.

#include <compare>
#include <cstddef>
#include <cstdint>
#include <list>
#include <map>

#include "base/address.hpp"
#include "base/time.hpp"
#include "record/translation.hpp"

namespace octroi::nat {

// An outside end without its address, the beginning of the mapping, and the inside end. The order
// of the members is the order of the map: port blocks come after single ports, and all mappings of
// one outside end are next to one another, ordered by their beginning.
struct MappingKey {
    bool is_block = false;
    std::uint8_t protocol = 0;
    std::uint16_t first_port = 0;
    std::uint16_t last_port = 0;
    std::uint16_t port_step = 1;
    Address remote;
    std::uint16_t remote_port = 0;
    UtcTime begin;
    Address inside;
    std::uint16_t inside_port = 0;

    auto operator<=>(const MappingKey&) const = default;

    [[nodiscard]] bool has_same_end(const MappingKey& other) const noexcept {
        return is_block == other.is_block && protocol == other.protocol &&
               first_port == other.first_port && last_port == other.last_port &&
               port_step == other.port_step && remote == other.remote &&
               remote_port == other.remote_port;
    }
};

struct MappingState;
using Mappings = std::map<MappingKey, MappingState>;

struct History {
    Address outside;
    Address device;
    Mappings mappings;
};

// An entry of the lists that state the order of eviction.
struct EvictionEntry {
    History* history = nullptr;
    Mappings::iterator mapping;
};
using EvictionList = std::list<EvictionEntry>;

// Where the last change of a mapping is in MappingChanges.
struct ChangeRef {
    std::uint64_t round = 0;  // 0: nowhere
    std::size_t index = 0;
};

struct MappingState {
    UtcTime end = UtcTime::max();
    bool start_is_known = true;
    EvictionList::iterator eviction;
    ChangeRef change;

    [[nodiscard]] bool is_open() const noexcept { return end == UtcTime::max(); }
};

[[nodiscard]] MappingKey key_of(const Translation& mapping) noexcept;
[[nodiscard]] Translation translation_of(const History& history, const MappingKey& key,
                                         const MappingState& state);

// The latest mapping of the key's outside end that begins at or before `at`; end(): there is none.
[[nodiscard]] Mappings::iterator find_latest(Mappings& mappings, MappingKey key, UtcTime at);

}  // namespace octroi::nat
