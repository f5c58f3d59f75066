// SPDX-License-Identifier: GPL-3.0-or-later
#include "meter/nat/inside_end.hpp"

namespace octroi::nat {
namespace {

// Mappings that one search looks at: port blocks within one another, and the history of one outside
// end. It bounds the time of a record, whatever a device reports.
constexpr int steps_max = 64;
constexpr std::uint16_t port_max = 65535;

// How far a moment is from [begin, end).
Duration distance(UtcTime begin, UtcTime end, UtcTime at) noexcept {
    if (at < begin) return begin - at;
    return at < end ? Duration{} : at - end + Duration{1};
}

bool contains_port(const MappingKey& key, std::uint16_t port) noexcept {
    return key.first_port <= port && port <= key.last_port &&
           (port - key.first_port) % key.port_step == 0;
}

struct Search {
    const Mappings& mappings;
    std::uint16_t port;
    UtcTime at;
    Duration grace;

    // Goes backwards from `behind` while `belongs` accepts the keys, and returns the mapping with
    // the port that is nearest in time, at most `grace` away.
    template <typename Belongs>
    const MappingKey* find(const MappingKey& behind, const Belongs& belongs) const {
        const MappingKey* best = nullptr;
        Duration nearest = grace;
        auto i = mappings.lower_bound(behind);
        for (int steps = 0; steps < steps_max && i != mappings.begin(); ++steps) {
            const auto& [key, state] = *--i;
            if (key.is_block != behind.is_block || key.protocol != behind.protocol || !belongs(key))
                break;
            if (!contains_port(key, port)) continue;
            const Duration far = distance(key.begin, state.end, at);
            if (far > nearest || (best != nullptr && far == nearest)) continue;
            best = &key;
            nearest = far;
            if (far == Duration{}) break;
        }
        return best;
    }
    // Among the mappings of the key's outside end.
    const MappingKey* find_end(MappingKey key) const {
        key.begin = at + grace + Duration{1};
        return find(key, [&](const MappingKey& other) { return other.has_same_end(key); });
    }
};

}  // namespace

const MappingKey* find_mapping(const Mappings& mappings, const InsideQuery& query, UtcTime at,
                               Duration grace) {
    const Search search{mappings, query.port, at, grace};
    const auto single = [&](std::uint8_t protocol, const Address& remote,
                            std::uint16_t remote_port) {
        return search.find_end({.protocol = protocol,
                                .first_port = query.port,
                                .last_port = query.port,
                                .remote = remote,
                                .remote_port = remote_port});
    };
    // A session, then a binding of the protocol, then a binding of all protocols.
    if (const auto* found = single(query.protocol, query.remote, query.remote_port)) return found;
    for (const std::uint8_t protocol : {query.protocol, std::uint8_t{0}})
        if (const auto* found = single(protocol, {}, 0)) return found;
    for (const std::uint8_t protocol : {query.protocol, std::uint8_t{0}}) {
        // Behind all blocks that begin at or before the port: the smallest block around it, if they
        // lie within one another, comes first.
        const MappingKey behind{.is_block = true,
                                .protocol = protocol,
                                .first_port = query.port,
                                .last_port = port_max,
                                .port_step = port_max,
                                .begin = UtcTime::max()};
        if (const auto* found = search.find(behind, [](const MappingKey&) { return true; }))
            return found;
        // A whole address may be farther back than steps_max blocks.
        if (const auto* found = search.find_end(
                {.is_block = true, .protocol = protocol, .first_port = 0, .last_port = port_max}))
            return found;
    }
    return nullptr;
}

}  // namespace octroi::nat
