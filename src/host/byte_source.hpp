// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Where octets come from, in order: a file, standard input, a decompressor, a test's memory.

#include <cstddef>
#include <span>

#include "base/result.hpp"

namespace octroi {

class ByteSource {
public:
    virtual ~ByteSource() = default;

    // Reads at most into.size() octets; fewer only where the source has no more at the moment.
    // 0: the end. One call per block, not per record.
    [[nodiscard]] virtual Result<std::size_t> read(std::span<std::byte> into) = 0;
};

}  // namespace octroi
