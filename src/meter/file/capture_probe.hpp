// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// What all readers of captures (pcap, pcapng) have to find out about a file, and to report at its
// end.

#include <cstddef>
#include <cstdint>
#include <string>

#include "base/byte_cursor.hpp"
#include "base/result.hpp"
#include "meter/file/stream.hpp"
#include "wire/pcap/reader.hpp"

namespace octroi::file {

struct CaptureProbe {
    bool is_capture = false;
    std::size_t first_frame_end = 0;  // 0: the first frame ends behind the head
    std::string why_not;              // for people, of a file that is no capture
};

// head: the first octets of the file, at most Stream::head_length. name: for the error. Errors:
// unsupported (none of the interfaces in the head has a link type that can be decoded).
[[nodiscard]] Result<CaptureProbe> probe_capture(const std::string& name, ByteSpan head);

// A sentence for people about a capture that was read to its end and is not whole; empty: it is
// whole. is_corrupt: the reader stopped at damage, at the stream's position.
[[nodiscard]] std::string end_warning(const std::string& name, const Stream& stream,
                                      const pcap::Reader& reader, std::uint64_t frames,
                                      bool is_corrupt);

}  // namespace octroi::file
