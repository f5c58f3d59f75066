// SPDX-License-Identifier: GPL-3.0-or-later
#include "meter/radius/radius_cursor.hpp"

#include "base/byte_cursor.hpp"

namespace octroi::radius_meter {
namespace {

// DO NOT CHANGE: ledgers contain it. Behind it: segment (u64), slot (u32), state (text).
constexpr std::uint8_t radius_position_version = 1;

}  // namespace

std::string encode(const RadiusPosition& position) {
    ByteWriter out;
    out.u8(radius_position_version);
    out.be64(position.at.segment);
    out.be32(position.at.slot);
    out.text(position.state);
    return out.drain();
}

Result<RadiusPosition> decode_radius_position(std::string_view octets) {
    ByteCursor in(as_octets(octets));
    RadiusPosition position;
    std::uint8_t version = 0;
    if (!in.u8(version) || version != radius_position_version || !in.be64(position.at.segment) ||
        !in.be32(position.at.slot) || !in.text(position.state) || in.left() != 0)
        return fail(ErrorCode::unsupported,
                    "the ledger's cursor for RADIUS accounting was written by another version of "
                    "octroi");
    return position;
}

}  // namespace octroi::radius_meter
