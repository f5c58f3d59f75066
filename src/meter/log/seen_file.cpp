// SPDX-License-Identifier: GPL-3.0-or-later
#include "meter/log/seen_file.hpp"

#include <algorithm>
#include <cstring>
#include <string_view>

namespace octroi::logs {
namespace {

// DO NOT CHANGE: cursors in ledgers contain it.
constexpr std::uint8_t flag_finished = 1;
constexpr std::uint8_t flag_rest = 2;
constexpr std::uint16_t head_was_read = 0x8000;
static_assert(SeenFile::head_max < head_was_read);

std::string_view text_of(const file::Digest& digest) {
    return {static_cast<const char*>(static_cast<const void*>(digest.data())), digest.size()};
}

bool parse(ByteCursor& in, file::Digest& digest) {
    ByteSpan octets;
    if (!in.raw(digest.size(), octets)) return false;
    std::memcpy(digest.data(), octets.data(), digest.size());
    return true;
}

}  // namespace

SeenHead head_of(const SeenFile& log_file) {
    return {log_file.head_length, log_file.offset > 0, log_file.head};
}

SeenFile unread_file(const FileStatus& status) {
    SeenFile log_file;
    log_file.device = status.device;
    log_file.inode = status.inode;
    log_file.modified = status.modified;
    log_file.has_rest = status.size > 0;
    return log_file;
}

Result<bool> begins_like(file::Stream& stream, const SeenFile& known) {
    if (known.head_length == 0) return false;
    TRY_ASSIGN(const bool rewound, stream.move_to(0));
    TRY(stream.fill(known.head_length));
    const ByteSpan seen = stream.unread();
    return rewound && seen.size() >= known.head_length &&
           file::digest(seen.first(known.head_length)) == known.head;
}

Result<bool> begins_like(file::Stream& stream, const SeenHead& known) {
    if (known.length == 0) return false;
    TRY_ASSIGN(const bool rewound, stream.move_to(0));
    TRY(stream.fill(SeenFile::head_max + 1));
    const ByteSpan seen = stream.unread();
    const bool is_length = known.length == SeenFile::head_max ? seen.size() >= known.length
                                                              : seen.size() == known.length;
    return rewound && is_length && file::digest(seen.first(known.length)) == known.digest;
}

Result<Likeness> compare(file::Stream& stream, const SeenFile& known) {
    if (known.head_length == 0) return Likeness::unknown;
    TRY_ASSIGN(const bool is_like, begins_like(stream, known));
    if (!is_like) return Likeness::other;
    TRY_ASSIGN(const bool reached, stream.move_to(known.offset));
    if (!reached) return Likeness::shorter;
    return known.offset == 0 || stream.tail() == known.tail ? Likeness::same : Likeness::other;
}

Status note_head(file::Stream& stream, SeenFile& log_file) {
    if (log_file.head_length == SeenFile::head_max) return {};
    const std::uint64_t back = stream.position();
    TRY_ASSIGN([[maybe_unused]] const bool rewound, stream.move_to(0));
    TRY(stream.fill(SeenFile::head_max));
    const ByteSpan seen = stream.unread();
    const auto length =
        static_cast<std::uint32_t>(std::min<std::size_t>(seen.size(), SeenFile::head_max));
    if (length > log_file.head_length) {
        log_file.head_length = length;
        log_file.head = file::digest(seen.first(length));
    }
    TRY_ASSIGN([[maybe_unused]] const bool is_back, stream.move_to(back));
    return {};
}

Status note_tail(file::Stream& stream, SeenFile& log_file) {
    TRY_ASSIGN([[maybe_unused]] const bool reached, stream.move_to(log_file.offset));
    log_file.tail = stream.tail();
    return {};
}

void save(const SeenFile& log_file, ByteWriter& out) {
    out.be64(log_file.device);
    out.be64(log_file.inode);
    out.be64(log_file.offset);
    out.be64(log_file.lines);
    out.be64(log_file.size);
    out.be64(static_cast<std::uint64_t>(log_file.modified.ns));
    out.be16(static_cast<std::uint16_t>(log_file.head_length));
    out.raw(text_of(log_file.head));
    out.raw(text_of(log_file.tail));
    out.u8(static_cast<std::uint8_t>((log_file.finished ? flag_finished : 0) |
                                     (log_file.has_rest ? flag_rest : 0)));
}

bool parse(ByteCursor& in, SeenFile& log_file) {
    std::uint64_t modified = 0;
    std::uint16_t head_length = 0;
    std::uint8_t flags = 0;
    if (!in.be64(log_file.device) || !in.be64(log_file.inode) || !in.be64(log_file.offset) ||
        !in.be64(log_file.lines) || !in.be64(log_file.size) || !in.be64(modified) ||
        !in.be16(head_length) || !parse(in, log_file.head) || !parse(in, log_file.tail) ||
        !in.u8(flags))
        return false;
    log_file.modified.ns = static_cast<std::int64_t>(modified);
    log_file.head_length = head_length;
    log_file.finished = (flags & flag_finished) != 0;
    log_file.has_rest = (flags & flag_rest) != 0;
    return head_length <= SeenFile::head_max && flags <= (flag_finished | flag_rest);
}

void save(const SeenHead& head, ByteWriter& out) {
    out.be16(static_cast<std::uint16_t>(head.length | (head.was_read ? head_was_read : 0U)));
    out.raw(text_of(head.digest));
}

bool parse(ByteCursor& in, SeenHead& head) {
    std::uint16_t length = 0;
    if (!in.be16(length) || !parse(in, head.digest)) return false;
    head.was_read = (length & head_was_read) != 0;
    head.length = length & ~std::uint32_t{head_was_read};
    return head.length <= SeenFile::head_max;
}

}  // namespace octroi::logs
