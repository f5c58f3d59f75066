// SPDX-License-Identifier: GPL-3.0-or-later
#include "meter/nat/mapping_history.hpp"

namespace octroi::nat {

MappingKey key_of(const Translation& mapping) noexcept {
    return {.is_block = mapping.first_port != mapping.last_port,
            .protocol = mapping.protocol,
            .first_port = mapping.first_port,
            .last_port = mapping.last_port,
            .port_step = mapping.port_step,
            .remote = mapping.remote,
            .remote_port = mapping.remote_port,
            .begin = mapping.valid.begin,
            .inside = mapping.inside,
            .inside_port = mapping.inside_port};
}

Translation translation_of(const History& history, const MappingKey& key,
                           const MappingState& state) {
    return {.device = history.device,
            .outside = history.outside,
            .protocol = key.protocol,
            .first_port = key.first_port,
            .last_port = key.last_port,
            .port_step = key.port_step,
            .remote = key.remote,
            .remote_port = key.remote_port,
            .inside = key.inside,
            .inside_port = key.inside_port,
            .valid = {key.begin, state.end}};
}

Mappings::iterator find_latest(Mappings& mappings, MappingKey key, UtcTime at) {
    // An empty address is before every other: the lower bound is behind all that begin at `at`.
    key.begin = at + Duration{1};
    key.inside = {};
    key.inside_port = 0;
    auto found = mappings.lower_bound(key);
    if (found == mappings.begin() || !(--found)->first.has_same_end(key)) return mappings.end();
    return found;
}

}  // namespace octroi::nat
