// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Where the reading of a file stands: Cursor::position of a source "<prefix><fingerprint>".
//
// The file is known by its content: by the digest of its first octets (the source's name) and of
// those before the offset. Name, device and inode say nothing: files are copied, moved, compressed,
// and grow.
//
// Format, all numbers most significant octet first:
//   u8 format (2), u32 head length, u64 offset, u64 frames, u64 time of the latest frame (ns),
//   u8 flags (1: the end was reached, 2: damaged at the offset), u64 octets between offset and end,
//   16 octets digest before the offset, u64 device, u64 inode (for people),
//   u32 n, n x (u64 offset, 16 octets digest before it): earlier positions, ascending,
//   u32 n, n x (u64 length, 16 octets digest): beginnings of the head, ascending,
//   u32 n, n x u64: losses reported per interface,
//   text reader, text fragments (u32 length and octets): what a decoder must remember

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "meter/file/stream.hpp"

namespace octroi::file {

struct Position {
    struct Mark {
        std::uint64_t offset = 0;
        Digest tail{};
    };
    // When there are more, every other one is dropped.
    static constexpr std::size_t marks_limit = 32;
    static constexpr std::size_t beginnings_limit = 16;

    std::uint32_t head_length = 0;
    std::uint64_t frames = 0;
    std::int64_t last_time = 0;
    bool ended = false;
    bool damaged = false;
    std::uint64_t rest = 0;
    Mark at;
    std::uint64_t device = 0;
    std::uint64_t inode = 0;
    std::vector<Mark> marks;
    // By these a copy is known that was made when the file was shorter than head_length: digests of
    // all up to the end of the first frame, and of twice as much, four times… None: the first frame
    // ends behind the head.
    std::vector<Mark> beginnings;
    std::vector<std::uint64_t> dropped;
    std::string reader;
    std::string fragments;

    [[nodiscard]] std::string save() const;
    [[nodiscard]] static Result<Position> parse(std::string_view saved);
    // Whether a file that is this short, all of it in `head`, may be an earlier copy.
    [[nodiscard]] bool begins_like(ByteSpan head) const;
    // Goes on to another place and remembers the present one among the marks.
    void advance(const Mark& to);
};

// Position::beginnings of a head whose first frame ends there (0: behind it).
[[nodiscard]] std::vector<Position::Mark> beginnings_of(ByteSpan head, std::size_t first_frame_end);

// "<prefix><32 hex digits>", for the ordinal-th (from 1) file that begins so: ".2", ".3" behind.
// The prefix says what is read out of the file: the same one may be read for its packets and for
// the flow records in them.
[[nodiscard]] std::string source_name(std::string_view prefix, const Digest& head,
                                      unsigned ordinal);

}  // namespace octroi::file
