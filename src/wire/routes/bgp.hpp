// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// BGP-4 path attributes and NLRI (RFC 4271 section 4.3, RFC 4760, RFC 6793, RFC 7911): only as much
// as says which AS a prefix comes from.

#include <cstdint>
#include <vector>

#include "base/address.hpp"
#include "base/byte_cursor.hpp"

namespace octroi {

// Address Family Numbers (IANA).
inline constexpr std::uint16_t afi_v4 = 1;
inline constexpr std::uint16_t afi_v6 = 2;

enum class AsWidth : std::uint8_t { two = 2, four = 4 };

// Reused from path to path; the vectors keep their memory.
struct PathAttributes {
    std::vector<std::uint32_t> origins;  // see RouteBatch::origins_of
    // MP_REACH_NLRI (RFC 4760 section 3): its prefixes, undecoded; family none when absent.
    Family reach_family = Family::none;
    std::uint8_t reach_safi = 0;
    ByteSpan reach_nlri;
};

// How MP_REACH_NLRI is written: whole in UPDATE messages; in TABLE_DUMP_V2 only the next hop is
// left (RFC 6396 section 4.3.4), and nothing of it is needed.
enum class ReachForm : std::uint8_t { whole, ignored };

// False: the octets are not well-formed path attributes. An UPDATE may hold no AS_PATH at all.
[[nodiscard]] bool parse_path_attributes(ByteSpan octets, AsWidth width, ReachForm form,
                                         PathAttributes& out);

// One prefix: length in bits, then the octets that hold them. Bits behind the length are cleared.
// False, nothing moved: it does not fit, or the length is beyond the family's.
[[nodiscard]] bool read_nlri(ByteCursor& cursor, Family family, Prefix& out) noexcept;

}  // namespace octroi
