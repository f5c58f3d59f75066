// SPDX-License-Identifier: GPL-3.0-or-later
#include "meter/file/recognise.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <utility>
#include <vector>

#include "base/check.hpp"
#include "base/hash.hpp"

namespace octroi::file {
namespace {

enum class Match { no, here, earlier_copy };

struct Comparison {
    Match match = Match::no;
    std::uint64_t alike = 0;    // octets from the beginning that are certainly the same
    std::uint64_t unknown = 0;  // of an earlier copy: octets behind them
};

// Reads on to the next mark of the position, or to its offset. False: the stream ends before it.
Result<bool> read_to(Stream& stream, std::uint64_t offset) {
    while (stream.position() < offset) {
        TRY(stream.fill(1));
        const auto count = static_cast<std::size_t>(
            std::min<std::uint64_t>(offset - stream.position(), stream.unread().size()));
        if (count == 0) return false;
        stream.consume(count);
    }
    return true;
}

Result<Comparison> compare(Stream& stream, const Position& position, std::size_t first_frame_end) {
    TRY_ASSIGN(const bool rewound, stream.move_to(0));
    CHECK(rewound);
    stream.hash_content(*position.key);
    Comparison result;
    bool is_whole = true;
    for (const Mark& mark : position.marks) {
        if (mark.offset > position.at.offset) break;
        TRY_ASSIGN(is_whole, read_to(stream, mark.offset));
        if (!is_whole) break;
        if (stream.content().digest() != mark.digest) return result;
        result.alike = mark.offset;
    }
    if (is_whole) {
        TRY_ASSIGN(is_whole, read_to(stream, position.at.offset));
    }
    if (is_whole) {
        if (stream.content().digest() != position.at.digest) return result;
        return Comparison{Match::here, position.at.offset, 0};
    }
    // All captures of a kind begin alike: only with a frame it is one of them.
    if (first_frame_end == 0 || result.alike < first_frame_end) return Comparison{};
    result.match = Match::earlier_copy;
    result.unknown = stream.position() - result.alike;
    return result;
}

// Of a cursor of format 2, which has digests of at most 4 KiB before some offsets.
Result<Comparison> compare_tails(Stream& stream, const Position& position,
                                 const ContentMarks::Key& key) {
    const auto is_at = [&stream](const Mark& mark) -> Result<Match> {
        TRY_ASSIGN(const bool reached, stream.move_to(mark.offset));
        if (!reached) return Match::earlier_copy;
        return stream.tail() == mark.digest ? Match::here : Match::no;
    };
    stream.hash_nothing();
    TRY_ASSIGN(const Match match, is_at(position.at));
    if (match == Match::no) return Comparison{};
    if (match == Match::here) {
        TRY_ASSIGN([[maybe_unused]] const bool rewound, stream.move_to(0));
        stream.hash_content(key);
        TRY_ASSIGN([[maybe_unused]] const bool is_whole, read_to(stream, position.at.offset));
        return Comparison{Match::here, position.at.offset, 0};
    }
    // The file ends before that position. It is an earlier copy if all marks within it agree.
    for (std::size_t i = position.marks.size(); i-- > 0;) {
        TRY_ASSIGN(const Match earlier, is_at(position.marks[i]));
        if (earlier == Match::no) return Comparison{};
        if (earlier == Match::here) break;
    }
    return Comparison{Match::earlier_copy, 0, stream.position()};
}

// All beginnings within the short file must agree, and at least one must be within it.
bool begins_like(const Position& position, ByteSpan head) {
    bool any = false;
    for (const Mark& beginning : position.beginnings) {
        if (beginning.offset > head.size()) break;
        if (digest(head.first(static_cast<std::size_t>(beginning.offset))) != beginning.digest)
            return false;
        any = true;
    }
    return any;
}

// Whether the cursor may be that of the file, or of a later copy.
bool is_head_of(const Cursor& cursor, std::string_view prefix, const Position& position,
                ByteSpan head) {
    if (position.head_length > head.size())
        return position.key.has_value() || begins_like(position, head);
    const std::string name = source_name(prefix, digest(head.first(position.head_length)), 1);
    return cursor.source == name || cursor.source.starts_with(name + ".");
}

struct Candidate {
    const Cursor* cursor;
    Position position;
};

// The cursors of files with the same beginning, the one that was read furthest first.
Result<std::vector<Candidate>> candidates_of(ByteSpan head, std::string_view prefix,
                                             std::span<const Cursor> known) {
    std::vector<Candidate> candidates;
    for (const Cursor& cursor : known) {
        if (!cursor.source.starts_with(prefix)) continue;
        TRY_ASSIGN(Position position, Position::parse(cursor.position));
        // Many files without a frame have the same content: only one of the same length matches.
        if (position.frames == 0 && position.head_length != head.size()) continue;
        if (!is_head_of(cursor, prefix, position, head)) continue;
        candidates.push_back({&cursor, std::move(position)});
    }
    std::ranges::sort(candidates, std::greater{},
                      [](const Candidate& c) { return c.position.at.offset; });
    return candidates;
}

std::string doubt_of(const Comparison& found, const Cursor& cursor) {
    if (found.unknown == 0) return "";
    return fmt::format(
        "is shorter than {}, which is in the ledger, and begins like it: no octet is added, "
        "but its last {} octets could not be compared",
        cursor.note, found.unknown);
}

}  // namespace

Result<KnownFile> recognise(Stream& stream, std::string_view prefix, std::span<const Cursor> known,
                            std::size_t first_frame_end, std::uint64_t seed) {
    const ByteSpan seen = stream.unread();
    const ByteSpan head = seen.first(std::min(seen.size(), Stream::head_length));
    TRY_ASSIGN(auto candidates, candidates_of(head, prefix, known));
    // Now, because `head` is in the window of the stream, which moves below.
    const Digest own = digest(head);
    KnownFile fresh;
    fresh.position.head_length = static_cast<std::uint32_t>(head.size());
    const ContentMarks::Key key{mix(seed ^ mix_a, mix_b), mix(seed ^ mix_b, mix_c)};
    std::uint64_t alike = 0;
    for (Candidate& candidate : candidates) {
        TRY_ASSIGN(const Comparison found,
                   candidate.position.key ? compare(stream, candidate.position, first_frame_end)
                                          : compare_tails(stream, candidate.position, key));
        if (found.match == Match::no && found.alike > std::max(alike, first_frame_end)) {
            alike = found.alike;
            fresh.doubt = fmt::format(
                "begins like {}, which is in the ledger, for at least {} octets, and goes on "
                "otherwise: it counts as another capture. Next: if both are of the same traffic, "
                "what they have in common counts twice",
                candidate.cursor->note, alike);
        }
        if (found.match == Match::no) continue;
        return KnownFile{
            found.match == Match::here ? KnownFile::As::itself : KnownFile::As::earlier_copy,
            *candidate.cursor, std::move(candidate.position), doubt_of(found, *candidate.cursor)};
    }
    TRY_ASSIGN(const bool rewound, stream.move_to(0));
    CHECK(rewound);
    stream.hash_content(key);
    const auto is_used = [&](const std::string& name) {
        return std::ranges::any_of(known, [&](const Cursor& c) { return c.source == name; });
    };
    for (unsigned ordinal = 1;; ++ordinal) {
        fresh.cursor.source = source_name(prefix, own, ordinal);
        if (!is_used(fresh.cursor.source)) return fresh;
    }
}

}  // namespace octroi::file
