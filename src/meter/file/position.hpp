// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// How far a file was read: Cursor::position of a source "<prefix><fingerprint>".
//
// A file is identified by its content: by the digest of its first octets (in the name of the
// source) and of all octets before the offset. Name, device and inode do not identify it: files are
// copied, moved and compressed, and they grow.
//
// DO NOT CHANGE the format: ledgers contain it. All numbers most significant octet first:
//   u8 format (3), u32 head length, u64 offset, u64 frames, u64 time of the latest frame (ns),
//   u8 flags (1: the end was reached, 2: damaged at the offset), u64 octets between offset and end,
//   16 octets digest of all before the offset, u64 device, u64 inode (for people),
//   u32 n, n x (u64 offset, 16 octets digest of all before it): marks, ascending,
//   2 x u64 key of these digests (content_marks.hpp),
//   u64 length, 16 octets digest of the octets at the damage (0: not damaged),
//   u32 n, n x u64: losses reported per interface,
//   text reader, text fragments (u32 length and octets): state of decoders
// Format 2 of earlier versions has digests of at most 4 KiB before an offset, and behind the marks
// a second list, of beginnings of the head, in place of key and damage.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "meter/file/stream.hpp"

namespace octroi::file {

struct Position {
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
    // nullopt: format 2. The digests are those of Stream::tail().
    std::optional<ContentMarks::Key> key;
    Mark damage;                   // length and digest of the octets that could not be read
    std::vector<Mark> beginnings;  // only format 2: digest() of so many first octets
    std::vector<std::uint64_t> dropped;
    std::string reader;     // state of the reader of captures
    std::string fragments;  // state of the fragment table

    [[nodiscard]] std::string save() const;  // in format 3: needs a key
    [[nodiscard]] static Result<Position> parse(std::string_view saved);
    // Where the stream is now. Needs Stream::hash_content().
    void advance(const Stream& stream, bool is_damaged);
    // The stream, which is at the offset, has the octets there that could not be read before.
    [[nodiscard]] Result<bool> is_still_damaged(Stream& stream) const;
};

// "<prefix><32 hex digits>". Of several files with the same beginning, the second one has ".2"
// behind it, the third one ".3"… (ordinal). The prefix states the kind of data that is read: the
// same file may be read for its packets and for the flow records in them.
[[nodiscard]] std::string source_name(std::string_view prefix, const Digest& head,
                                      unsigned ordinal);

}  // namespace octroi::file
