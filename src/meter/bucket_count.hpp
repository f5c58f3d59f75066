// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <map>

#include "base/time.hpp"

namespace octroi {

// A second count of a file, by a program that is independent of the meter and simpler: by start of
// bucket, the bytes and packets that the readings of the file must have.
struct BucketCount {
    std::uint64_t bytes = 0;
    std::uint64_t packets = 0;

    bool operator==(const BucketCount&) const = default;
};
using BucketCounts = std::map<UtcTime, BucketCount>;

}  // namespace octroi
