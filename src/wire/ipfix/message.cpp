// SPDX-License-Identifier: GPL-3.0-or-later
#include "wire/ipfix/message.hpp"

#include <algorithm>

namespace octroi::ipfix {

flow::Outcome parse_message(ByteSpan octets, Message& out) noexcept {
    if (octets.size() < header_octets || load_be16(octets.data()) != version)
        return flow::Outcome::malformed;
    const std::size_t length = load_be16(octets.data() + 2);
    if (length < header_octets) return flow::Outcome::malformed;
    out.exported = UtcTime::from_seconds(load_be32(octets.data() + 4));
    out.sequence = load_be32(octets.data() + 8);
    out.observation_domain = load_be32(octets.data() + 12);
    out.octets = std::min(length, octets.size());
    out.sets = octets.subspan(header_octets, out.octets - header_octets);
    return length > octets.size() ? flow::Outcome::incomplete : flow::Outcome::ok;
}

}  // namespace octroi::ipfix
