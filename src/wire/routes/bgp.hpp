// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// BGP-4 path attributes and NLRI (RFC 4271 section 4.3, RFC 4760, RFC 6793, RFC 7911), as far as
// they are needed to find the origin AS of a prefix.

#include <cstdint>
#include <vector>

#include "base/address.hpp"
#include "base/byte_cursor.hpp"

namespace octroi {

// Address Family Numbers (IANA).
inline constexpr std::uint16_t afi_v4 = 1;
inline constexpr std::uint16_t afi_v6 = 2;

enum class AsWidth : std::uint8_t { two = 2, four = 4 };

// Reuse one object for many paths: the vector keeps its memory.
struct PathAttributes {
    std::vector<std::uint32_t> origins;  // see RouteBatch::origins_of
    // MP_REACH_NLRI (RFC 4760 section 3): its prefixes, not decoded, as a view into the input.
    // Family none: absent, or of another address family.
    Family reach_family = Family::none;
    std::uint8_t reach_safi = 0;
    ByteSpan reach_nlri;
};

// The form of MP_REACH_NLRI. In UPDATE messages it is complete. In TABLE_DUMP_V2 it contains only
// the next hop (RFC 6396 section 4.3.4), which is not needed.
enum class ReachForm : std::uint8_t { whole, ignored };

// Decodes path attributes; overwrites `out`. False: they are malformed. Attributes without AS_PATH
// are well-formed and have no origins: an UPDATE may only withdraw.
[[nodiscard]] bool parse_path_attributes(ByteSpan octets, AsWidth width, ReachForm form,
                                         PathAttributes& out);

// Reads one prefix: the length in bits, then as many octets as it needs. Bits after the length are
// cleared. False: the octets are missing or the length is too large for the family; the cursor has
// not moved.
[[nodiscard]] bool read_nlri(ByteCursor& cursor, Family family, Prefix& out) noexcept;

}  // namespace octroi
