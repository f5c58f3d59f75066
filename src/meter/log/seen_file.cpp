// SPDX-License-Identifier: GPL-3.0-or-later
#include "meter/log/seen_file.hpp"

#include <algorithm>
#include <cstring>
#include <string_view>

namespace octroi::logs {
namespace {

// DO NOT CHANGE: cursors in ledgers contain it.
constexpr std::uint8_t flag_finished = 1;

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

SeenFile unread_file(const FileStatus& status) {
    SeenFile log_file;
    log_file.device = status.device;
    log_file.inode = status.inode;
    log_file.modified = status.modified;
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
    out.u8(log_file.finished ? flag_finished : 0);
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
    return head_length <= SeenFile::head_max && flags <= flag_finished;
}

}  // namespace octroi::logs
