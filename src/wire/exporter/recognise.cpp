// SPDX-License-Identifier: GPL-3.0-or-later
#include "wire/exporter/recognise.hpp"

namespace octroi::exporter {
namespace {

using flow::Protocol;

// NetFlow v1, v5 and v7: the length is that of the announced records, or no more records are
// announced than exporters send (30) and at least one is complete.
bool fits_fixed(ByteSpan octets, std::size_t header, std::size_t record) noexcept {
    constexpr std::size_t count_max = 30;
    if (octets.size() < header) return false;
    const std::size_t count = load_be16(octets.data() + 2);
    if (octets.size() == header + count * record) return true;
    return count > 0 && count <= count_max && octets.size() >= header + record;
}

// A v1 header has too few fields to distinguish a truncated message from another protocol (XDMCP).
bool is_whole(ByteSpan octets, std::size_t header, std::size_t record) noexcept {
    return octets.size() >= header + load_be16(octets.data() + 2) * record;
}

// The first set is one of templates, with the ids of the protocol, or of data, with an id from 256.
bool begins_set(ByteSpan octets, std::uint16_t templates, std::uint16_t options) noexcept {
    constexpr std::size_t set_header = 4;
    constexpr std::uint16_t data_first = 256;
    if (octets.size() < set_header) return octets.empty();
    const std::uint16_t id = load_be16(octets.data());
    const std::size_t length = load_be16(octets.data() + 2);
    const bool padding = id == 0 && length == 0;
    return padding || ((id == templates || id == options || id >= data_first) &&
                       length >= set_header && length <= octets.size());
}

bool fits_v9(ByteSpan octets) noexcept {
    constexpr std::size_t header = 20;
    if (octets.size() < header) return false;
    // Each announced record has at least one octet.
    return load_be16(octets.data() + 2) <= octets.size() &&
           begins_set(octets.subspan(header), 0, 1);
}

bool fits_ipfix(ByteSpan octets) noexcept {
    constexpr std::size_t header = 16;
    if (octets.size() < header) return false;
    const std::size_t length = load_be16(octets.data() + 2);
    return length >= header && begins_set(octets.subspan(header), 2, 3);
}

// The agent address has a known type, and the announced samples fit: each has at least 8 octets.
bool fits_sflow(ByteSpan octets) noexcept {
    if (octets.size() < 8) return false;
    const std::uint32_t kind = load_be32(octets.data() + 4);
    const std::size_t agent = kind == 2 ? 16 : kind == 1 ? 4 : 0;
    const std::size_t header = 24 + agent;
    return kind <= 2 && octets.size() >= header &&
           load_be32(octets.data() + header - 4) <= (octets.size() - header) / 8;
}

}  // namespace

Protocol recognise(ByteSpan octets) noexcept {
    if (octets.size() < 4) return Protocol::unknown;
    const auto if_fits = [](bool fits, Protocol protocol) {
        return fits ? protocol : Protocol::unknown;
    };
    switch (load_be16(octets.data())) {
        case 0:
            return if_fits(load_be16(octets.data() + 2) == 5 && fits_sflow(octets),
                           Protocol::sflow_v5);
        case 1:
            return if_fits(fits_fixed(octets, 16, 48) && is_whole(octets, 16, 48),
                           Protocol::netflow_v1);
        case 5:
            return if_fits(fits_fixed(octets, 24, 48), Protocol::netflow_v5);
        case 7:
            return if_fits(fits_fixed(octets, 24, 52), Protocol::netflow_v7);
        case 9:
            return if_fits(fits_v9(octets), Protocol::netflow_v9);
        case 10:
            return if_fits(fits_ipfix(octets), Protocol::ipfix);
        default:
            return Protocol::unknown;
    }
}

}  // namespace octroi::exporter
