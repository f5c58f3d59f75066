// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// A second, independent count of a capture file for `octroi audit --against`: libpcap reads the
// file, and each packet is added to its bucket, without flow table, fragment table, cursor and
// attribution. The sums agree with the ledger only if none of these loses a packet or counts one
// twice.

#include <string>

#include "base/result.hpp"
#include "meter/bucket_count.hpp"

namespace octroi::capture {

// Bytes are as in Reading::bytes: layer 3 of IP packets, the length of other frames.
//
// Compressed files too. Errors: unsupported (libpcap cannot read the file: several link types).
[[nodiscard]] Result<BucketCounts> recount(const std::string& path);

}  // namespace octroi::capture
