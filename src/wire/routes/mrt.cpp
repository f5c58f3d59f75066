// SPDX-License-Identifier: GPL-3.0-or-later
#include "wire/routes/mrt.hpp"

#include <algorithm>
#include <array>

namespace octroi {
namespace {

// RFC 6396 section 4 and the IANA registry of MRT types.
constexpr std::uint16_t type_ospf2 = 11;
constexpr std::uint16_t type_table_dump = 12;
constexpr std::uint16_t type_table_dump_v2 = 13;
constexpr std::uint16_t type_bgp4mp = 16;
constexpr std::uint16_t type_bgp4mp_et = 17;
constexpr std::array known_types = {type_ospf2,        type_table_dump,   type_table_dump_v2,
                                    type_bgp4mp,       type_bgp4mp_et,    std::uint16_t{32},
                                    std::uint16_t{33}, std::uint16_t{48}, std::uint16_t{49}};

// TABLE_DUMP_V2 subtypes: RFC 6396 section 4.3, RFC 6397 section 2, RFC 8050 section 4.
enum : std::uint16_t {
    v2_peer_index_table = 1,
    v2_ipv4_unicast = 2,
    v2_ipv4_multicast = 3,
    v2_ipv6_unicast = 4,
    v2_ipv6_multicast = 5,
    v2_generic = 6,
    v2_geo_peer_table = 7,
    v2_ipv4_unicast_paths = 8,
    v2_ipv4_multicast_paths = 9,
    v2_ipv6_unicast_paths = 10,
    v2_ipv6_multicast_paths = 11,
    v2_generic_paths = 12,
};

// BGP4MP subtypes: RFC 6396 section 4.4, RFC 8050 section 3.
enum : std::uint16_t {
    mp_state_change = 0,
    mp_message = 1,
    mp_message_as4 = 4,
    mp_state_change_as4 = 5,
    mp_message_local = 6,
    mp_message_as4_local = 7,
    mp_message_paths = 8,
    mp_message_as4_paths = 9,
    mp_message_local_paths = 10,
    mp_message_as4_local_paths = 11,
};

constexpr std::uint8_t safi_unicast = 1;
constexpr std::uint8_t safi_multicast = 2;
constexpr std::uint8_t bgp_update = 2;  // RFC 4271 section 4.1
constexpr std::size_t bgp_header_size = 19;

// Paths of one record with equal origins become one route. Only so many routes are compared with,
// so that a hostile record with many origins takes linear time; the rest become separate routes.
constexpr std::size_t fold_window = 8;

Family family_of(std::uint16_t afi) noexcept {
    return afi == afi_v4 ? Family::v4 : afi == afi_v6 ? Family::v6 : Family::none;
}

std::size_t address_size(Family family) noexcept { return family == Family::v4 ? 4 : 16; }

}  // namespace

bool looks_like_mrt(ByteSpan octets) noexcept {
    if (octets.size() < mrt_header_size) return false;
    const std::uint16_t type = load_be16(octets.data() + 4);
    return std::find(known_types.begin(), known_types.end(), type) != known_types.end();
}

MrtFrame frame_mrt(ByteSpan octets) noexcept {
    if (octets.size() < mrt_header_size) return {};
    const std::uint64_t size = mrt_header_size + std::uint64_t{load_be32(octets.data() + 8)};
    if (size > mrt_record_max) return {RouteOutcome::over_limit, size};
    return {size > octets.size() ? RouteOutcome::incomplete : RouteOutcome::ok, size};
}

RouteOutcome MrtDecoder::decode(ByteSpan record, RouteBatch& out, std::uint64_t& paths) {
    if (record.size() < mrt_header_size) return RouteOutcome::malformed;
    const std::uint16_t type = load_be16(record.data() + 4);
    const std::uint16_t subtype = load_be16(record.data() + 6);
    paths_ = 0;
    const std::size_t routes = out.routes.size();
    const std::size_t origins = out.origins.size();
    const RouteOutcome outcome =
        decode_type(type, subtype, ByteCursor(record.subspan(mrt_header_size)), out);
    if (outcome == RouteOutcome::malformed) {
        // What stands before an error may be wrong as well.
        out.routes.resize(routes);
        out.origins.resize(origins);
        return outcome;
    }
    paths += paths_;
    return outcome;
}

RouteOutcome MrtDecoder::decode_type(std::uint16_t type, std::uint16_t subtype, ByteCursor body,
                                     RouteBatch& out) {
    switch (type) {
        case type_table_dump:
            return table_dump(subtype, body, out);
        case type_table_dump_v2:
            return table_dump_v2(subtype, body, out);
        case type_bgp4mp:
            return bgp4mp(subtype, body, out);
        case type_bgp4mp_et:
            // RFC 6396 section 3: 4 octets of microseconds precede the message and are part of the
            // length.
            return body.skip(4) ? bgp4mp(subtype, body, out) : RouteOutcome::malformed;
        default:
            return RouteOutcome::unsupported;
    }
}

// RFC 6396 section 4.2. The subtype is the address family.
RouteOutcome MrtDecoder::table_dump(std::uint16_t subtype, ByteCursor body, RouteBatch& out) {
    const Family family = family_of(subtype);
    if (family == Family::none) return RouteOutcome::unsupported;
    ByteSpan address;
    ByteSpan attributes;
    std::uint8_t length = 0;
    std::uint16_t attributes_size = 0;
    const std::size_t width = address_size(family);
    const bool fits = body.skip(4) &&  // view, sequence
                      body.raw(width, address) && body.u8(length) &&
                      body.skip(1 + 4 + width + 2) &&  // status, time, peer, its AS
                      body.be16(attributes_size) && body.raw(attributes_size, attributes);
    if (!fits || length > width * 8) return RouteOutcome::malformed;
    if (!parse_path_attributes(attributes, AsWidth::two, ReachForm::ignored, path_))
        return RouteOutcome::malformed;
    std::array<std::uint8_t, 16> octets{};
    std::transform(address.begin(), address.end(), octets.begin(),
                   [](std::byte b) { return static_cast<std::uint8_t>(b); });
    const Address whole =
        family == Family::v4 ? Address::v4(octets.data()) : Address::v6(octets.data());
    append(Prefix::of(whole, length), out.routes.size(), out);
    return body.left() == 0 ? RouteOutcome::ok : RouteOutcome::malformed;
}

RouteOutcome MrtDecoder::table_dump_v2(std::uint16_t subtype, ByteCursor body, RouteBatch& out) {
    switch (subtype) {
        case v2_peer_index_table:
            return peer_index(body);
        case v2_geo_peer_table:
            return RouteOutcome::ignored;
        case v2_ipv4_unicast:
        case v2_ipv4_multicast:
            return rib(Family::v4, false, body, out);
        case v2_ipv6_unicast:
        case v2_ipv6_multicast:
            return rib(Family::v6, false, body, out);
        case v2_ipv4_unicast_paths:
        case v2_ipv4_multicast_paths:
            return rib(Family::v4, true, body, out);
        case v2_ipv6_unicast_paths:
        case v2_ipv6_multicast_paths:
            return rib(Family::v6, true, body, out);
        case v2_generic:
            return rib_generic(false, body, out);
        case v2_generic_paths:
            return rib_generic(true, body, out);
        default:
            return RouteOutcome::unsupported;
    }
}

// RFC 6396 section 4.3.1. Only the number of peers is kept: it bounds the indices of the entries.
RouteOutcome MrtDecoder::peer_index(ByteCursor body) noexcept {
    std::uint16_t name_size = 0;
    std::uint16_t count = 0;
    if (!body.skip(4) || !body.be16(name_size) || !body.skip(name_size) || !body.be16(count)) {
        return RouteOutcome::malformed;
    }
    for (unsigned i = 0; i < count; ++i) {
        std::uint8_t type = 0;  // bit 0: IPv6 address, bit 1: 4-octet AS
        if (!body.u8(type)) return RouteOutcome::malformed;
        const std::size_t address = (type & 1U) != 0 ? 16 : 4;
        const std::size_t as = (type & 2U) != 0 ? 4 : 2;
        if (!body.skip(4 + address + as)) return RouteOutcome::malformed;
    }
    peers_ = count;
    has_peers_ = true;
    return body.left() == 0 ? RouteOutcome::ignored : RouteOutcome::malformed;
}

// Reads prefix and entries. False: this reading does not consume the record exactly, and no route
// is kept.
bool MrtDecoder::rib_reading(Family family, bool id_in_nlri, bool id_in_entries, ByteCursor body,
                             RouteBatch& out) {
    const std::size_t routes = out.routes.size();
    const std::size_t origins = out.origins.size();
    const std::uint64_t paths = paths_;
    Prefix prefix;
    if ((!id_in_nlri || body.skip(path_id_size)) && read_nlri(body, family, prefix) &&
        rib_entries(prefix, id_in_entries, body, out) && body.left() == 0) {
        return true;
    }
    out.routes.resize(routes);
    out.origins.resize(origins);
    paths_ = paths;
    return false;
}

// RFC 6396 section 4.3.2, RFC 8050 section 4.1. Some writers have path identifiers in records of a
// subtype without them, or none in those with. If the stated encoding does not consume the record
// exactly, the other one may.
RouteOutcome MrtDecoder::rib(Family family, bool with_path_ids, ByteCursor body, RouteBatch& out) {
    if (!body.skip(4)) return RouteOutcome::malformed;
    const bool good = rib_reading(family, false, with_path_ids, body, out) ||
                      rib_reading(family, false, !with_path_ids, body, out);
    return good ? RouteOutcome::ok : RouteOutcome::malformed;
}

// RFC 6396 section 4.3.3. With additional paths two encodings exist: RFC 8050 section 4.2 has the
// path identifier before the prefix; gobgpd and OpenBGPD write it into each entry, as for IPv4 and
// IPv6. The encoding that consumes the record exactly is the right one; the stated ones come first.
RouteOutcome MrtDecoder::rib_generic(bool with_path_ids, ByteCursor body, RouteBatch& out) {
    std::uint16_t afi = 0;
    std::uint8_t safi = 0;
    if (!body.skip(4) || !body.be16(afi) || !body.u8(safi)) return RouteOutcome::malformed;
    const Family family = family_of(afi);
    if (family == Family::none || (safi != safi_unicast && safi != safi_multicast))
        return RouteOutcome::unsupported;

    struct Encoding {
        bool id_in_nlri;
        bool id_in_entries;
    };
    static constexpr std::array without_ids{Encoding{false, false}, Encoding{false, true},
                                            Encoding{true, false}};
    static constexpr std::array with_ids{Encoding{false, true}, Encoding{true, false},
                                         Encoding{false, false}};
    const bool good =
        std::ranges::any_of(with_path_ids ? with_ids : without_ids, [&](const Encoding& encoding) {
            return rib_reading(family, encoding.id_in_nlri, encoding.id_in_entries, body, out);
        });
    return good ? RouteOutcome::ok : RouteOutcome::malformed;
}

// RFC 6396 section 4.3.4: AS_PATH always has 4-octet ASes here. At most 65535 entries.
bool MrtDecoder::rib_entries(const Prefix& prefix, bool with_path_ids, ByteCursor& body,
                             RouteBatch& out) {
    std::uint16_t count = 0;
    if (!body.be16(count)) return false;
    const std::size_t record_begin = out.routes.size();
    for (unsigned i = 0; i < count; ++i) {
        std::uint16_t peer = 0;
        std::uint16_t size = 0;
        ByteSpan attributes;
        if (!body.be16(peer) || !body.skip(4) || (with_path_ids && !body.skip(path_id_size)))
            return false;
        if (!body.be16(size) || !body.raw(size, attributes)) return false;
        // An index out of range means that the record does not belong to this table.
        if (has_peers_ && peer >= peers_) return false;
        if (!parse_path_attributes(attributes, AsWidth::four, ReachForm::ignored, path_))
            return false;
        append(prefix, record_begin, out);
    }
    return true;
}

// RFC 6396 section 4.4, RFC 8050 section 3.
RouteOutcome MrtDecoder::bgp4mp(std::uint16_t subtype, ByteCursor body, RouteBatch& out) {
    AsWidth width = AsWidth::two;
    bool with_path_ids = false;
    switch (subtype) {
        case mp_state_change:
        case mp_state_change_as4:
            return RouteOutcome::ignored;
        case mp_message:
        case mp_message_local:
            break;
        case mp_message_as4:
        case mp_message_as4_local:
            width = AsWidth::four;
            break;
        case mp_message_paths:
        case mp_message_local_paths:
            with_path_ids = true;
            break;
        case mp_message_as4_paths:
        case mp_message_as4_local_paths:
            width = AsWidth::four;
            with_path_ids = true;
            break;
        default:
            return RouteOutcome::unsupported;
    }
    std::uint16_t afi = 0;
    if (!body.skip(2 * static_cast<std::size_t>(width) + 2) || !body.be16(afi))
        return RouteOutcome::malformed;
    const Family family = family_of(afi);
    if (family == Family::none) return RouteOutcome::unsupported;
    if (!body.skip(2 * address_size(family))) return RouteOutcome::malformed;
    return update(body, width, with_path_ids, out);
}

// RFC 4271 sections 4.1 and 4.3. Withdrawn routes are skipped.
RouteOutcome MrtDecoder::update(ByteCursor message, AsWidth width, bool with_path_ids,
                                RouteBatch& out) {
    std::uint16_t length = 0;
    std::uint8_t type = 0;
    if (!message.skip(16) || !message.be16(length) || !message.u8(type))
        return RouteOutcome::malformed;
    if (type != bgp_update) return RouteOutcome::ignored;
    if (length < bgp_header_size || length - bgp_header_size != message.left())
        return RouteOutcome::malformed;
    std::uint16_t withdrawn = 0;
    std::uint16_t size = 0;
    ByteSpan attributes;
    if (!message.be16(withdrawn) || !message.skip(withdrawn) || !message.be16(size) ||
        !message.raw(size, attributes)) {
        return RouteOutcome::malformed;
    }
    if (!parse_path_attributes(attributes, width, ReachForm::whole, path_))
        return RouteOutcome::malformed;
    if (!announce(message.rest(), Family::v4, with_path_ids, out)) return RouteOutcome::malformed;
    if (path_.reach_nlri.empty()) return paths_ > 0 ? RouteOutcome::ok : RouteOutcome::ignored;
    const bool plain = path_.reach_safi == safi_unicast || path_.reach_safi == safi_multicast;
    if (path_.reach_family == Family::none || !plain) return RouteOutcome::unsupported;
    const bool good = announce(path_.reach_nlri, path_.reach_family, with_path_ids, out);
    return good ? RouteOutcome::ok : RouteOutcome::malformed;
}

bool MrtDecoder::announce(ByteSpan nlri, Family family, bool with_path_ids, RouteBatch& out) {
    if (!nlri_.read(nlri, family, with_path_ids)) return false;
    for (const Prefix& prefix : nlri_.prefixes()) append(prefix, out.routes.size(), out);
    return true;
}

// Adds a path to `prefix` with the origins in path_: a vote for an earlier route of the same record
// with equal origins, or a new route.
void MrtDecoder::append(const Prefix& prefix, std::size_t record_begin, RouteBatch& out) {
    ++paths_;
    const std::size_t known = out.routes.size() - record_begin;
    for (std::size_t back = 1; back <= std::min(known, fold_window); ++back) {
        Route& route = out.routes[out.routes.size() - back];
        if (std::ranges::equal(out.origins_of(route), path_.origins)) {
            ++route.votes;
            return;
        }
    }
    Route route;
    route.prefix = prefix;
    route.origins_begin = static_cast<std::uint32_t>(out.origins.size());
    route.origins_count = static_cast<std::uint32_t>(path_.origins.size());
    out.origins.insert(out.origins.end(), path_.origins.begin(), path_.origins.end());
    out.routes.push_back(route);
}

}  // namespace octroi
