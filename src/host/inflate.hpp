// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <memory>

#include "host/byte_source.hpp"

namespace octroi {

// Recognises gzip (also several members), bzip2 (also several streams) and zstd by their first
// octets and hands out what is inside; anything else passes through unchanged. A cut-off or damaged
// stream gives all that can be had, and then an error of code corrupt.
[[nodiscard]] Result<std::unique_ptr<ByteSource>> inflate(std::unique_ptr<ByteSource> source);

}  // namespace octroi
