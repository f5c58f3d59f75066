// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Decodes MRT routing dumps (RFC 6396, additional paths: RFC 8050): TABLE_DUMP, TABLE_DUMP_V2, and
// the UPDATE messages of BGP4MP and BGP4MP_ET. Pure: spans in, values out.

#include <cstddef>
#include <cstdint>

#include "base/byte_cursor.hpp"
#include "wire/routes/bgp.hpp"
#include "wire/routes/nlri.hpp"
#include "wire/routes/route.hpp"

namespace octroi {

inline constexpr std::size_t mrt_header_size = 12;  // RFC 6396 section 2
// A record with the long paths of a thousand peers has about 300 kB. The format itself allows 4
// GiB.
inline constexpr std::size_t mrt_record_max = std::size_t{16} << 20U;

enum class RouteOutcome : std::uint8_t {
    ok,           // decoded
    ignored,      // valid, but announces nothing
    incomplete,   // more octets are needed
    malformed,    // violates the format: no route of the record is kept
    unsupported,  // a type, subtype or address family that is not decoded
    over_limit,   // longer than mrt_record_max
};

// Whether the octets begin with an MRT header of a known type (RFC 6396 section 4). The first octet
// of the type is 0, which does not occur in text. False also for fewer than mrt_header_size octets.
[[nodiscard]] bool looks_like_mrt(ByteSpan octets) noexcept;

// The frame of the first record. outcome: ok (all octets exist), incomplete or over_limit. size:
// octets of the record with its header; 0: the header is incomplete.
struct MrtFrame {
    RouteOutcome outcome = RouteOutcome::incomplete;
    std::uint64_t size = 0;
};
[[nodiscard]] MrtFrame frame_mrt(ByteSpan octets) noexcept;

// Decodes complete records in the order of the file. State: the number of peers of the last
// PEER_INDEX_TABLE.
class MrtDecoder {
public:
    // record: as framed, with its header. Appends the announced routes to `out` and adds the number
    // of paths to `paths`.
    [[nodiscard]] RouteOutcome decode(ByteSpan record, RouteBatch& out, std::uint64_t& paths);

private:
    RouteOutcome table_dump(std::uint16_t subtype, ByteCursor body, RouteBatch& out);
    RouteOutcome table_dump_v2(std::uint16_t subtype, ByteCursor body, RouteBatch& out);
    RouteOutcome peer_index(ByteCursor body) noexcept;
    RouteOutcome rib(Family family, bool with_path_ids, ByteCursor body, RouteBatch& out);
    RouteOutcome rib_generic(bool with_path_ids, ByteCursor body, RouteBatch& out);
    bool rib_reading(Family family, bool id_in_nlri, bool id_in_entries, ByteCursor body,
                     RouteBatch& out);
    bool rib_entries(const Prefix& prefix, bool with_path_ids, ByteCursor& body, RouteBatch& out);
    RouteOutcome bgp4mp(std::uint16_t subtype, ByteCursor body, RouteBatch& out);
    RouteOutcome update(ByteCursor message, AsWidth width, bool with_path_ids, RouteBatch& out);
    bool announce(ByteSpan nlri, Family family, bool with_path_ids, RouteBatch& out);
    void append(const Prefix& prefix, std::size_t record_begin, RouteBatch& out);

    RouteOutcome decode_type(std::uint16_t type, std::uint16_t subtype, ByteCursor body,
                             RouteBatch& out);

    PathAttributes path_;
    NlriList nlri_;
    std::uint64_t paths_ = 0;
    std::uint32_t peers_ = 0;
    bool has_peers_ = false;
};

}  // namespace octroi
