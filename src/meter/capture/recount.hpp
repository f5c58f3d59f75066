// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// A second count of a capture file, for `octroi audit --against`: libpcap reads the file, and each
// packet is added to its bucket. There is no flow table, no fragment table, no cursor and no
// attribution: the sums agree with those of the ledger only if all of these lose nothing and count
// nothing twice.

#include <string>

#include "base/result.hpp"
#include "meter/bucket_count.hpp"

namespace octroi::capture {

// Bytes are as in Reading::bytes: layer 3 of IP packets, the length of other frames.
//
// Errors: unsupported: libpcap cannot read the file (compressed, or several link
// types).
[[nodiscard]] Result<BucketCounts> recount(const std::string& path);

}  // namespace octroi::capture
