// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <memory>

#include "base/byte_cursor.hpp"
#include "host/byte_source.hpp"

namespace octroi {

// The first octets of a file, by which its format is recognised.
inline constexpr std::size_t compressed_magic_octets = 6;
// Whether a file that begins so is of a compressed format that inflate() reads.
[[nodiscard]] bool is_compressed(ByteSpan head);

// Decompresses gzip (RFC 1952, also of several members), bzip2 and xz (also of several streams) and
// zstd (RFC 8878), recognised by their first octets. Other content passes through unchanged. From a
// truncated or damaged stream, read() returns everything that could be decompressed; the next call
// returns an error of code corrupt.
[[nodiscard]] Result<std::unique_ptr<ByteSource>> inflate(std::unique_ptr<ByteSource> source);

}  // namespace octroi
