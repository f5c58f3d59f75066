// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Where a followed log goes on: Cursor::position of a source "logfollow:<16 hex digits>".
//
// The digits are random. A source is used for one log, and for another one when that log is gone:
// a ledger cannot remove cursors, and names of logs with a date would fill it.
//
// DO NOT CHANGE the format: ledgers contain it. All numbers most significant octet first:
//   u8 format (2), text path (u32 length and octets; empty: the source is free), u64 floor (ns),
//   u8 flags (1: there is a present file), text format, text state of the reader of the format,
//   text state of the times (TimeResolver::save()),
//   the present file, if there is one,
//   u16 n, n x earlier file, the one written first comes first,
//   u16 n, n x head of a finished file before these (not in format 1, which is read too)
// A file (seen_file.cpp): u64 device, u64 inode, u64 offset, u64 lines, u64 size, u64 modified
// (ns),
//   u16 head length, 16 octets head, 16 octets tail, u8 flags (1: finished, 2: it had more octets)
// A head: u16 head length (0x8000: its lines were handed over), 16 octets head

#include <string>
#include <string_view>

#include "base/result.hpp"
#include "base/time.hpp"
#include "meter/log/followed_log.hpp"
#include "record/batch.hpp"

namespace octroi::logs {

inline constexpr std::string_view followed_source_prefix = "logfollow:";
static_assert(is_content_source(followed_source_prefix));

struct LogPosition {
    std::string path;
    FollowState state;
    std::string format;  // a state of another format is of no use
    std::string reader;
    std::string times;

    bool operator==(const LogPosition&) const = default;

    [[nodiscard]] std::string save() const;
    // Errors: corrupt, unsupported (another version wrote it).
    [[nodiscard]] static Result<LogPosition> parse(std::string_view saved);
};

}  // namespace octroi::logs
