// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// A second opinion on a capture file, for `octroi audit --against`: read by libpcap, counted packet
// by packet into buckets. No flow table, no fragments, no cursor, no attribution: what this sums
// and what stands in the ledger come together only if all of those lose nothing and count nothing
// twice.

#include <map>
#include <string>

#include "base/quantity.hpp"
#include "base/result.hpp"
#include "base/time.hpp"

namespace octroi::capture {

struct BucketCount {
    std::uint64_t bytes =
        0;  // as Reading::bytes: layer 3 of IP packets, frame length of the others
    std::uint64_t packets = 0;

    bool operator==(const BucketCount&) const = default;
};

// By start of bucket. unsupported: libpcap cannot read the file (compressed, or several link
// types).
[[nodiscard]] Result<std::map<UtcTime, BucketCount>> recount(const std::string& path);

}  // namespace octroi::capture
