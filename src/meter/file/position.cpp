// SPDX-License-Identifier: GPL-3.0-or-later
#include "meter/file/position.hpp"

#include <fmt/format.h>

#include <cstring>

#include "base/id.hpp"

namespace octroi::file {
namespace {

constexpr std::uint8_t format_version = 2;
constexpr std::uint8_t flag_ended = 1;
constexpr std::uint8_t flag_damaged = 2;

std::string text_of(const Digest& digest) { return {digest.begin(), digest.end()}; }

bool decode_digest(ByteCursor& in, Digest& out) {
    ByteSpan octets;
    if (!in.raw(out.size(), octets)) return false;
    std::memcpy(out.data(), octets.data(), out.size());
    return true;
}

bool decode_mark(ByteCursor& in, Position::Mark& mark) {
    return in.be64(mark.offset) && decode_digest(in, mark.tail);
}

bool decode_marks(ByteCursor& in, std::size_t limit, std::vector<Position::Mark>& marks) {
    std::uint32_t count = 0;
    if (!in.be32(count) || count > limit) return false;
    for (std::uint32_t i = 0; i < count; ++i)
        if (!decode_mark(in, marks.emplace_back())) return false;
    return true;
}

void put_marks(ByteWriter& out, const std::vector<Position::Mark>& marks) {
    out.be32(static_cast<std::uint32_t>(marks.size()));
    for (const Position::Mark& mark : marks) {
        out.be64(mark.offset);
        out.raw(text_of(mark.tail));
    }
}

bool decode_lists(ByteCursor& in, Position& p) {
    std::uint32_t count = 0;
    if (!decode_marks(in, Position::marks_limit, p.marks) ||
        !decode_marks(in, Position::beginnings_limit, p.beginnings))
        return false;
    if (!in.be32(count) || count > in.left() / 8) return false;
    for (std::uint32_t i = 0; i < count; ++i)
        if (!in.be64(p.dropped.emplace_back())) return false;
    return true;
}

}  // namespace

std::string Position::save() const {
    ByteWriter out;
    out.u8(format_version);
    out.be32(head_length);
    out.be64(at.offset);
    out.be64(frames);
    out.be64(static_cast<std::uint64_t>(last_time));
    out.u8(static_cast<std::uint8_t>((ended ? flag_ended : 0) | (damaged ? flag_damaged : 0)));
    out.be64(rest);
    out.raw(text_of(at.tail));
    out.be64(device);
    out.be64(inode);
    put_marks(out, marks);
    put_marks(out, beginnings);
    out.be32(static_cast<std::uint32_t>(dropped.size()));
    for (const std::uint64_t count : dropped) out.be64(count);
    out.text(reader);
    out.text(fragments);
    return out.drain();
}

Result<Position> Position::parse(std::string_view saved) {
    ByteCursor in(as_octets(saved));
    Position p;
    std::uint8_t version = 0;
    std::uint8_t flags = 0;
    std::uint64_t last_time = 0;
    if (in.u8(version) && version != format_version)
        return fail(ErrorCode::unsupported,
                    "the cursor of this file was written by another version of Octroi; next: run "
                    "that version");
    const bool good = in.be32(p.head_length) && in.be64(p.at.offset) && in.be64(p.frames) &&
                      in.be64(last_time) && in.u8(flags) && in.be64(p.rest) &&
                      decode_digest(in, p.at.tail) && in.be64(p.device) && in.be64(p.inode) &&
                      decode_lists(in, p) && in.text(p.reader) && in.text(p.fragments) &&
                      in.left() == 0;
    if (!good)
        return fail(ErrorCode::corrupt,
                    "the cursor of this file is damaged; next: run `octroi audit`");
    p.last_time = static_cast<std::int64_t>(last_time);
    p.ended = (flags & flag_ended) != 0;
    p.damaged = (flags & flag_damaged) != 0;
    return p;
}

std::vector<Position::Mark> beginnings_of(ByteSpan head, std::size_t first_frame_end) {
    std::vector<Position::Mark> marks;
    if (first_frame_end == 0) return marks;
    for (std::size_t length = first_frame_end;
         length <= head.size() && marks.size() < Position::beginnings_limit; length *= 2)
        marks.push_back({length, digest(head.first(length))});
    return marks;
}

// All beginnings within the short file must agree, and at least one must be within it.
bool Position::begins_like(ByteSpan head) const {
    bool any = false;
    for (const Mark& beginning : beginnings) {
        if (beginning.offset > head.size()) break;
        if (digest(head.first(static_cast<std::size_t>(beginning.offset))) != beginning.tail)
            return false;
        any = true;
    }
    return any;
}

// When the list is full every other mark goes, so that those that stay are spread over the file.
void Position::advance(const Mark& to) {
    if (to.offset == at.offset) return;
    if (at.offset != 0) marks.push_back(at);
    if (marks.size() > marks_limit) {
        for (std::size_t i = 0; i < marks.size() / 2; ++i) marks[i] = marks[2 * i + 1];
        marks.resize(marks.size() / 2);
    }
    at = to;
}

std::string source_name(std::string_view prefix, const Digest& head, unsigned ordinal) {
    std::string name = fmt::format("{}{}", prefix, to_hex(text_of(head)));
    if (ordinal > 1) name += fmt::format(".{}", ordinal);
    return name;
}

}  // namespace octroi::file
