// SPDX-License-Identifier: GPL-3.0-or-later
#include "wire/exporter/message_length.hpp"

#include <algorithm>

#include "wire/sflow/sflow.hpp"

namespace octroi::exporter {
namespace {

using Kind = MessageEnd::Kind;

// NetFlow v1, v5 and v7: a header and as many records of one size as it counts.
struct Plain {
    std::size_t header;
    std::size_t record;
};

MessageEnd of_length(ByteSpan octets, std::size_t length, bool last, UtcTime exported) noexcept {
    if (length <= octets.size()) return {Kind::whole, length, exported};
    if (length > message_max) return {};
    return {last ? Kind::cut : Kind::more, 0, exported};
}

MessageEnd plain(ByteSpan octets, Plain format, bool last) noexcept {
    if (octets.size() < format.header) return {last ? Kind::cut : Kind::more, 0, {}};
    const UtcTime exported = UtcTime::from_seconds(load_be32(octets.data() + 8));
    const std::size_t count = load_be16(octets.data() + 2);
    if (count == 0) return {};
    return of_length(octets, format.header + count * format.record, last, exported);
}

MessageEnd ipfix(ByteSpan octets, bool last) noexcept {
    constexpr std::size_t header = 16;
    if (octets.size() < header) return {last ? Kind::cut : Kind::more, 0, {}};
    const std::size_t length = load_be16(octets.data() + 2);
    if (length < header) return {};
    return of_length(octets, length, last, UtcTime::from_seconds(load_be32(octets.data() + 4)));
}

// A v9 header states no length. Its flow sets do, and none has an id from 2 to 255 or is shorter
// than 4 octets: where one seems to, the next message begins, of whatever protocol.
MessageEnd netflow_v9(ByteSpan octets, bool last) noexcept {
    constexpr std::size_t header = 20;
    constexpr std::size_t set_header = 4;
    if (octets.size() < header) return {last ? Kind::cut : Kind::more, 0, {}};
    const UtcTime exported = UtcTime::from_seconds(load_be32(octets.data() + 8));
    std::size_t at = header;
    while (at <= message_max && octets.size() - at >= set_header) {
        const std::uint16_t id = load_be16(octets.data() + at);
        const std::size_t length = load_be16(octets.data() + at + 2);
        // The first octets of sFlow look like a template set of 5 octets, which no template fits.
        const bool template_of_sflow = id == 0 && length < 8;
        if ((id > 1 && id < 256) || length < set_header || template_of_sflow)
            return {Kind::whole, at, exported};
        if (octets.size() - at < length) return of_length(octets, at + length, last, exported);
        at += length;
    }
    if (last || at > message_max) return {Kind::whole, at, exported};
    return {Kind::more, 0, exported};
}

MessageEnd sflow_datagram(ByteSpan octets, bool last) noexcept {
    const std::size_t length = sflow::measure(octets.first(std::min(octets.size(), message_max)));
    // If the octets end with the datagram, padding of its last sample may still follow.
    const bool sure = last || length < octets.size();
    if (length != 0 && sure) return {Kind::whole, length, {}};
    if (octets.size() >= message_max) return {};
    return {last ? Kind::cut : Kind::more, 0, {}};
}

}  // namespace

MessageEnd find_message_end(ByteSpan octets, bool last) noexcept {
    if (octets.size() < 4) return {last ? Kind::cut : Kind::more, 0, {}};
    if (load_be32(octets.data()) == 5) return sflow_datagram(octets, last);
    switch (load_be16(octets.data())) {
        case 1:
            return plain(octets, {.header = 16, .record = 48}, last);
        case 5:
            return plain(octets, {.header = 24, .record = 48}, last);
        case 7:
            return plain(octets, {.header = 24, .record = 52}, last);
        case 9:
            return netflow_v9(octets, last);
        case 10:
            return ipfix(octets, last);
        default:
            return {};
    }
}

}  // namespace octroi::exporter
