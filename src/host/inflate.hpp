// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <memory>

#include "host/byte_source.hpp"

namespace octroi {

// Decompresses gzip (RFC 1952, also of several members), bzip2 and xz (also of several streams) and
// zstd (RFC 8878), recognised by their first octets. Other content passes through unchanged. From a
// truncated or damaged stream, read() returns everything that could be decompressed; the next call
// returns an error of code corrupt.
[[nodiscard]] Result<std::unique_ptr<ByteSource>> inflate(std::unique_ptr<ByteSource> source);

}  // namespace octroi
