// SPDX-License-Identifier: GPL-3.0-or-later
#include "meter/journal/saved_position.hpp"

#include "base/byte_cursor.hpp"

namespace octroi::journal {
namespace {

// DO NOT CHANGE: ledgers contain it.
constexpr std::uint8_t position_version = 1;

}  // namespace

std::string encode(const SavedPosition& position) {
    ByteWriter out;
    out.u8(position_version);
    out.be64(position.at.segment);
    out.be32(position.at.slot);
    out.text(position.snapshot);
    return out.drain();
}

Result<SavedPosition> decode_saved_position(std::string_view octets) {
    ByteCursor in(as_octets(octets));
    SavedPosition position;
    std::uint8_t version = 0;
    if (!in.u8(version) || version != position_version || !in.be64(position.at.segment) ||
        !in.be32(position.at.slot) || !in.text(position.snapshot) || in.left() != 0)
        return fail(ErrorCode::unsupported,
                    "the ledger's cursor for the intake journal was written by another version "
                    "of octroi");
    return position;
}

}  // namespace octroi::journal
