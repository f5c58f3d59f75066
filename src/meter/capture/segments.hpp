// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>

#include "base/byte_cursor.hpp"
#include "meter/capture/sample.hpp"

namespace octroi::capture {

// Counts a frame as its segments on the wire: each has the headers of the frame, and at most
// `payload_octets` of its payload. The frame is not excluded, and `captured` are its octets.
// Without a transport header that shows its length in the captured octets it stays one frame.
void split_into_segments(std::uint16_t payload_octets, ByteSpan captured, Sample& sample) noexcept;

}  // namespace octroi::capture
