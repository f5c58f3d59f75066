// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// One of the files to which a log was written, and how far it was read. A file is recognised by its
// content: rotation renames, copies and compresses it, and a file system uses an inode again.

#include <cstdint>

#include "base/byte_cursor.hpp"
#include "base/result.hpp"
#include "base/time.hpp"
#include "host/file.hpp"
#include "meter/file/stream.hpp"

namespace octroi::logs {

struct SeenFile {
    // So many first octets are compared, at most.
    static constexpr std::uint32_t head_max = 1024;

    std::uint64_t device = 0;
    std::uint64_t inode = 0;
    std::uint64_t offset = 0;  // octets (decompressed) of which the lines were handed over
    std::uint64_t lines = 0;   // in these octets
    // Of the file when it was last read to its end; compressed: of the compressed file.
    std::uint64_t size = 0;
    UtcTime modified;
    std::uint32_t head_length = 0;
    file::Digest head{};    // of its first head_length octets
    file::Digest tail{};    // Stream::tail() at the offset
    bool finished = false;  // no more of the file will be read
    bool has_rest = false;  // it had more octets than were read

    bool operator==(const SeenFile&) const = default;

    [[nodiscard]] bool is_inode_of(const FileStatus& status) const noexcept {
        return device == status.device && inode == status.inode;
    }
    [[nodiscard]] bool is_unchanged(const FileStatus& status) const noexcept {
        return size == status.size && modified == status.modified;
    }
};

// What stays of a finished file, to recognise it and its copies.
struct SeenHead {
    std::uint32_t length = 0;  // of the digested octets; less than head_max: the whole file
    bool was_read = false;     // its lines were handed over
    file::Digest digest{};

    bool operator==(const SeenHead&) const = default;
};
[[nodiscard]] SeenHead head_of(const SeenFile& log_file);

// A file of which nothing was read.
[[nodiscard]] SeenFile unread_file(const FileStatus& status);

enum class Likeness : std::uint8_t {
    other,    // another file
    same,     // it has the octets that were read
    shorter,  // it begins like the file, and ends before the offset
    unknown,  // nothing was read of the file: its content says nothing
};

// Compares a stream with the octets that were read of a file. Afterwards, if they are the same, the
// stream is at the offset. Errors: those of Stream.
[[nodiscard]] Result<Likeness> compare(file::Stream& stream, const SeenFile& known);
// Whether the stream begins like the file. False if too little of the file was read. Moves the
// stream to its beginning.
[[nodiscard]] Result<bool> begins_like(file::Stream& stream, const SeenFile& known);

// Whether the stream begins like the finished file, and, if that is shorter than head_max, ends
// like it too. Moves the stream to its beginning.
[[nodiscard]] Result<bool> begins_like(file::Stream& stream, const SeenHead& known);

// Sets the head; the stream stays where it is. It must be plain, or at its beginning.
[[nodiscard]] Status note_head(file::Stream& stream, SeenFile& log_file);
// Sets the tail and moves the stream to the offset, which must be in its window.
[[nodiscard]] Status note_tail(file::Stream& stream, SeenFile& log_file);

// Part of the format of a cursor (log_cursor.hpp).
void save(const SeenFile& log_file, ByteWriter& out);
[[nodiscard]] bool parse(ByteCursor& in, SeenFile& log_file);
void save(const SeenHead& head, ByteWriter& out);
[[nodiscard]] bool parse(ByteCursor& in, SeenHead& head);

}  // namespace octroi::logs
