// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// How far a file was read: Cursor::position of a source "<prefix><fingerprint>".
//
// A file is identified by its content: by the digest of its first octets (in the name of the
// source) and of the octets before the offset. Name, device and inode do not identify it: files are
// copied, moved and compressed, and they grow.
//
// DO NOT CHANGE the format: ledgers contain it. All numbers most significant octet first:
//   u8 format (2), u32 head length, u64 offset, u64 frames, u64 time of the latest frame (ns),
//   u8 flags (1: the end was reached, 2: damaged at the offset), u64 octets between offset and end,
//   16 octets digest before the offset, u64 device, u64 inode (for people),
//   u32 n, n x (u64 offset, 16 octets digest before it): earlier positions, ascending,
//   u32 n, n x (u64 length, 16 octets digest): beginnings of the head, ascending,
//   u32 n, n x u64: losses reported per interface,
//   text reader, text fragments (u32 length and octets): state of decoders

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
    // With more marks than this, every other one is dropped.
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
    // They identify a copy that was made when the file was shorter than head_length: digests of the
    // octets up to the end of the first frame, of twice as many, four times as many… Empty: the
    // first frame ends behind the head.
    std::vector<Mark> beginnings;
    std::vector<std::uint64_t> dropped;
    std::string reader;     // state of the reader of captures
    std::string fragments;  // state of the fragment table

    [[nodiscard]] std::string save() const;
    [[nodiscard]] static Result<Position> parse(std::string_view saved);
    // Whether a file shorter than head_length may be an earlier copy. head: the whole file.
    [[nodiscard]] bool begins_like(ByteSpan head) const;
    // Moves `at`, and keeps its former value among the marks.
    void advance(const Mark& to);
};

// Position::beginnings of a head in which the first frame ends there (0: it ends behind the head).
[[nodiscard]] std::vector<Position::Mark> beginnings_of(ByteSpan head, std::size_t first_frame_end);

// "<prefix><32 hex digits>". Of several files with the same beginning, the second one has ".2"
// behind it, the third one ".3"… (ordinal). The prefix states the kind of data that is read: the
// same file may be read for its packets and for the flow records in them.
[[nodiscard]] std::string source_name(std::string_view prefix, const Digest& head,
                                      unsigned ordinal);

}  // namespace octroi::file
