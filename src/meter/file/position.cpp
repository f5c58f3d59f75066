// SPDX-License-Identifier: GPL-3.0-or-later
#include "meter/file/position.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>

#include "base/id.hpp"
#include "wire/pcap/reader.hpp"

namespace octroi::file {
namespace {

constexpr std::uint8_t format_version = 3;
constexpr std::uint8_t format_of_tails = 2;
// Of format 2.
constexpr std::size_t tails_max = 32;
constexpr std::size_t beginnings_max = 16;
constexpr std::uint8_t flag_ended = 1;
constexpr std::uint8_t flag_damaged = 2;

// The octets at damage that are compared: more than a reader needs to find it.
constexpr std::size_t damage_max = pcap::max_needed;

std::string text_of(const Digest& digest) { return {digest.begin(), digest.end()}; }

bool decode_digest(ByteCursor& in, Digest& out) {
    ByteSpan octets;
    if (!in.raw(out.size(), octets)) return false;
    std::memcpy(out.data(), octets.data(), out.size());
    return true;
}

bool decode_mark(ByteCursor& in, Mark& mark) {
    return in.be64(mark.offset) && decode_digest(in, mark.digest);
}

bool decode_marks(ByteCursor& in, std::size_t limit, std::vector<Mark>& marks) {
    std::uint32_t count = 0;
    if (!in.be32(count) || count > limit) return false;
    for (std::uint32_t i = 0; i < count; ++i)
        if (!decode_mark(in, marks.emplace_back())) return false;
    return true;
}

void put_mark(ByteWriter& out, const Mark& mark) {
    out.be64(mark.offset);
    out.raw(text_of(mark.digest));
}

bool decode_content(ByteCursor& in, std::uint8_t format, Position& p) {
    if (format == format_of_tails)
        return decode_marks(in, tails_max, p.marks) &&
               decode_marks(in, beginnings_max, p.beginnings);
    ContentMarks::Key& key = p.key.emplace();
    return decode_marks(in, ContentMarks::marks_max, p.marks) && in.be64(key[0]) &&
           in.be64(key[1]) && decode_mark(in, p.damage);
}

bool decode_lists(ByteCursor& in, std::uint8_t format, Position& p) {
    std::uint32_t count = 0;
    if (!decode_content(in, format, p)) return false;
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
    out.raw(text_of(at.digest));
    out.be64(device);
    out.be64(inode);
    out.be32(static_cast<std::uint32_t>(marks.size()));
    for (const Mark& mark : marks) put_mark(out, mark);
    for (const std::uint64_t word : key.value_or(ContentMarks::Key{})) out.be64(word);
    put_mark(out, damage);
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
    if (in.u8(version) && version != format_version && version != format_of_tails)
        return fail(ErrorCode::unsupported,
                    "the cursor of this file was written by another version of Octroi; next: run "
                    "that version");
    const bool good = in.be32(p.head_length) && in.be64(p.at.offset) && in.be64(p.frames) &&
                      in.be64(last_time) && in.u8(flags) && in.be64(p.rest) &&
                      decode_digest(in, p.at.digest) && in.be64(p.device) && in.be64(p.inode) &&
                      decode_lists(in, version, p) && in.text(p.reader) && in.text(p.fragments) &&
                      in.left() == 0;
    if (!good)
        return fail(ErrorCode::corrupt,
                    "the cursor of this file is damaged; next: run `octroi audit`");
    p.last_time = static_cast<std::int64_t>(last_time);
    p.ended = (flags & flag_ended) != 0;
    p.damaged = (flags & flag_damaged) != 0;
    return p;
}

void Position::advance(const Stream& stream, bool is_damaged) {
    key = stream.content().key();
    marks = stream.content().marks();
    at = {stream.position(), stream.content().digest()};
    beginnings.clear();
    damage = {};
    if (!is_damaged) return;
    const ByteSpan seen = stream.unread().first(std::min(stream.unread().size(), damage_max));
    damage = {seen.size(), file::digest(seen)};
}

Result<bool> Position::is_still_damaged(Stream& stream) const {
    // Format 2 does not say which octets were there.
    if (!key) return damaged;
    const auto length =
        static_cast<std::size_t>(std::min<std::uint64_t>(damage.offset, damage_max));
    TRY(stream.fill(length));
    return damaged && stream.unread().size() >= length &&
           file::digest(stream.unread().first(length)) == damage.digest;
}

std::string source_name(std::string_view prefix, const Digest& head, unsigned ordinal) {
    std::string name = fmt::format("{}{}", prefix, to_hex(text_of(head)));
    if (ordinal > 1) name += fmt::format(".{}", ordinal);
    return name;
}

}  // namespace octroi::file
