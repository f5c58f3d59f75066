// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// A sequence of octets: a file, standard input, a decompressor, or a buffer in a test.

#include <cstddef>
#include <span>

#include "base/result.hpp"

namespace octroi {

// One thread at a time.
class ByteSource {
public:
    virtual ~ByteSource() = default;

    // Writes at most into.size() octets to the beginning of `into` and returns their number. Blocks
    // until at least one is available. 0: the end; later calls return 0 too. Callers read blocks,
    // not records: a call may be a system call.
    [[nodiscard]] virtual Result<std::size_t> read(std::span<std::byte> into) = 0;
};

}  // namespace octroi
