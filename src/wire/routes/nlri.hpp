// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Lists of prefixes in UPDATE messages (RFC 4271 section 4.3), with or without a path identifier
// before each (RFC 7911 section 3). The subtype of an MRT record states which (RFC 8050). Writers
// from before RFC 8050, and faulty ones, state the wrong one, so the octets decide where they can.

#include <cstdint>
#include <span>
#include <vector>

#include "base/address.hpp"
#include "base/byte_cursor.hpp"

namespace octroi {

inline constexpr std::size_t path_id_size = 4;

// Reuse one object for many lists: the vectors keep their memory.
class NlriList {
public:
    // with_path_ids: as the record states. False: neither reading comes out even; no prefixes.
    //
    // A reading is plausible if it comes out even, no prefix is listed twice, none has bits set
    // after its length, and none but the default route is in 0.0.0.0/8 or ::/8. If one reading is
    // plausible and the other is not, it counts. If both are, path identifiers of less than 2^24
    // decide for the reading with them: the first octet of such an identifier would be a default
    // route. If none is, the stated one counts if it comes out even.
    [[nodiscard]] bool read(ByteSpan octets, Family family, bool with_path_ids);

    [[nodiscard]] std::span<const Prefix> prefixes() const noexcept { return prefixes_; }

private:
    struct Reading {
        bool is_even = false;
        bool is_plausible = false;
        bool has_large_ids = false;
    };
    [[nodiscard]] Reading read_as(ByteSpan octets, Family family, bool with_path_ids);
    [[nodiscard]] bool has_duplicates();

    std::vector<Prefix> prefixes_;
    std::vector<Prefix> sorted_;
};

}  // namespace octroi
