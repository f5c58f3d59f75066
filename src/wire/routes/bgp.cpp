// SPDX-License-Identifier: GPL-3.0-or-later
#include "wire/routes/bgp.hpp"

#include <algorithm>
#include <cstring>

namespace octroi {
namespace {

// RFC 4271 section 4.3, RFC 6793 section 3, RFC 4760 section 3.
constexpr std::uint8_t flag_extended_length = 0x10;
constexpr std::uint8_t attribute_as_path = 2;
constexpr std::uint8_t attribute_aggregator = 7;
constexpr std::uint8_t attribute_mp_reach = 14;
constexpr std::uint8_t attribute_as4_path = 17;
constexpr std::uint8_t attribute_as4_aggregator = 18;

// RFC 4271 section 4.3 b, RFC 5065 section 3.
constexpr std::uint8_t segment_set = 1;
constexpr std::uint8_t segment_sequence = 2;
constexpr std::uint8_t segment_confed_sequence = 3;
constexpr std::uint8_t segment_confed_set = 4;

// AS_TRANS: stands for an AS number that does not fit into 2 octets (RFC 6793 section 9).
constexpr std::uint32_t as_trans = 23456;

// The part of an AS path that is needed: the origin is at its end, and RFC 6793 compares the
// lengths.
struct PathEnd {
    ByteSpan segment;  // the ASes of the last segment outside the confederation
    bool is_set = false;
    std::uint32_t hops = 0;  // RFC 4271 section 9.1.2.2: a set counts 1, confederations 0
};

bool read_as(ByteCursor& cursor, AsWidth width, std::uint32_t& out) noexcept {
    if (width == AsWidth::four) return cursor.be32(out);
    std::uint16_t narrow = 0;
    if (!cursor.be16(narrow)) return false;
    out = narrow;
    return true;
}

// Reads all segments; each iteration consumes at least two octets. False: the path is malformed.
bool find_path_end(ByteSpan octets, AsWidth width, PathEnd& out) noexcept {
    ByteCursor cursor(octets);
    out = {};
    while (cursor.left() > 0) {
        std::uint8_t type = 0;
        std::uint8_t count = 0;
        ByteSpan members;
        if (!cursor.u8(type) || !cursor.u8(count)) return false;
        if (!cursor.raw(std::size_t{count} * static_cast<std::size_t>(width), members))
            return false;
        if (type < segment_set || type > segment_confed_set) return false;
        // Segments of a confederation are internal to one AS (RFC 5065) and are not the origin.
        if (type == segment_confed_sequence || type == segment_confed_set || count == 0) continue;
        out.segment = members;
        out.is_set = type == segment_set;
        out.hops += type == segment_sequence ? count : 1U;
    }
    return true;
}

// Replaces `origins` by those of the path's end: the last AS of a sequence, or all members of a
// set.
void collect_origins(const PathEnd& end, AsWidth width, std::vector<std::uint32_t>& origins) {
    origins.clear();
    const auto size = static_cast<std::size_t>(width);
    ByteCursor cursor(end.is_set || end.segment.empty() ? end.segment : end.segment.last(size));
    std::uint32_t as = 0;
    while (read_as(cursor, width, as)) origins.push_back(as);
    if (!end.is_set) return;
    std::sort(origins.begin(), origins.end());
    origins.erase(std::unique(origins.begin(), origins.end()), origins.end());
}

// The attributes that describe the path, before AS_PATH and AS4_PATH are merged.
struct PathParts {
    PathEnd path;
    PathEnd as4_path;
    bool has_as4_path = false;
    bool has_as4_aggregator = false;
    bool has_aggregator = false;
    std::uint32_t aggregator = 0;
};

bool read_reach(ByteSpan value, PathAttributes& out) noexcept {
    ByteCursor cursor(value);
    std::uint16_t afi = 0;
    std::uint8_t next_hop = 0;
    if (!cursor.be16(afi) || !cursor.u8(out.reach_safi) || !cursor.u8(next_hop)) return false;
    if (!cursor.skip(std::size_t{next_hop} + 1)) return false;  // and one reserved octet
    if (afi == afi_v4) out.reach_family = Family::v4;
    if (afi == afi_v6) out.reach_family = Family::v6;
    out.reach_nlri = cursor.rest();
    return true;
}

bool read_value(std::uint8_t type, ByteSpan value, AsWidth width, ReachForm form, PathParts& parts,
                PathAttributes& out) noexcept {
    ByteCursor cursor(value);
    switch (type) {
        case attribute_as_path:
            return find_path_end(value, width, parts.path);
        case attribute_as4_path:
            // A malformed AS4_PATH is ignored; the other attributes count (RFC 6793 section 6).
            parts.has_as4_path = find_path_end(value, AsWidth::four, parts.as4_path);
            return true;
        case attribute_aggregator:
            parts.has_aggregator = read_as(cursor, width, parts.aggregator);
            return true;
        case attribute_as4_aggregator:
            parts.has_as4_aggregator = true;
            return true;
        case attribute_mp_reach:
            return form == ReachForm::ignored || read_reach(value, out);
        default:
            return true;
    }
}

// RFC 6793 section 4.2.3: whether the end of the path is in AS4_PATH.
bool as4_path_counts(const PathParts& parts) noexcept {
    if (!parts.has_as4_path || parts.as4_path.segment.empty()) return false;
    if (parts.has_aggregator && parts.has_as4_aggregator && parts.aggregator != as_trans)
        return false;
    return parts.as4_path.hops <= parts.path.hops;
}

}  // namespace

bool parse_path_attributes(ByteSpan octets, AsWidth width, ReachForm form, PathAttributes& out) {
    out.origins.clear();
    out.reach_family = Family::none;
    out.reach_nlri = {};
    PathParts parts;
    ByteCursor cursor(octets);
    while (cursor.left() > 0) {
        std::uint8_t flags = 0;
        std::uint8_t type = 0;
        std::uint8_t short_length = 0;
        std::uint16_t length = 0;
        ByteSpan value;
        if (!cursor.u8(flags) || !cursor.u8(type)) return false;
        if ((flags & flag_extended_length) != 0) {
            if (!cursor.be16(length)) return false;
        } else {
            if (!cursor.u8(short_length)) return false;
            length = short_length;
        }
        if (!cursor.raw(length, value)) return false;
        if (!read_value(type, value, width, form, parts, out)) return false;
    }
    if (width == AsWidth::two && as4_path_counts(parts)) {
        collect_origins(parts.as4_path, AsWidth::four, out.origins);
    } else {
        collect_origins(parts.path, width, out.origins);
    }
    return true;
}

bool read_nlri(ByteCursor& cursor, Family family, Prefix& out) noexcept {
    ByteCursor attempt = cursor;
    std::uint8_t length = 0;
    ByteSpan octets;
    const unsigned bits = family == Family::v4 ? 32 : 128;
    if (!attempt.u8(length) || length > bits || !attempt.raw((length + 7U) / 8U, octets))
        return false;
    out = {};
    out.address.family = family;
    out.length = length;
    if (!octets.empty()) {
        std::memcpy(out.address.octets.data(), octets.data(), octets.size());
        auto& last = out.address.octets[octets.size() - 1];
        const unsigned spare = static_cast<unsigned>(octets.size()) * 8U - length;
        last = static_cast<std::uint8_t>(last & (0xFFU << spare));
    }
    cursor = attempt;
    return true;
}

}  // namespace octroi
