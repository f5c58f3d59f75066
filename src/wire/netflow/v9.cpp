// SPDX-License-Identifier: GPL-3.0-or-later
#include "wire/netflow/v9.hpp"

namespace octroi::netflow {
namespace {

// Versions with which another message in the same datagram may begin. Not 1: that is the id of
// options template flow sets.
constexpr bool begins_message(std::uint16_t id) noexcept {
    return id == 5 || id == 7 || id == 9 || id == 10;
}

// The length of the flow sets.
std::size_t measure(ByteSpan octets) noexcept {
    std::size_t at = 0;
    while (octets.size() - at >= 4) {
        const std::uint16_t id = load_be16(octets.data() + at);
        const std::size_t length = load_be16(octets.data() + at + 2);
        if (begins_message(id)) return at;
        if (length < 4 || length > octets.size() - at) break;
        at += length;
    }
    return octets.size();
}

}  // namespace

flow::Outcome parse_v9(ByteSpan octets, V9Message& out) noexcept {
    if (octets.size() < v9_header_octets || load_be16(octets.data()) != 9)
        return flow::Outcome::malformed;
    out.uptime_ms = load_be32(octets.data() + 4);
    out.exported = UtcTime::from_seconds(load_be32(octets.data() + 8));
    out.sequence = load_be32(octets.data() + 12);
    out.source_id = load_be32(octets.data() + 16);
    const ByteSpan rest = octets.subspan(v9_header_octets);
    out.sets = rest.first(measure(rest));
    out.octets = v9_header_octets + out.sets.size();
    return flow::Outcome::ok;
}

}  // namespace octroi::netflow
