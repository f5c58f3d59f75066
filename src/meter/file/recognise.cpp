// SPDX-License-Identifier: GPL-3.0-or-later
#include "meter/file/recognise.hpp"

#include <algorithm>
#include <functional>
#include <utility>
#include <vector>

#include "base/check.hpp"

namespace octroi::file {
namespace {

enum class Match { no, here, earlier_copy };

// Whether the octets that were read up to that position are the beginning of this file.
Result<Match> compare(Stream& stream, const Position& position) {
    const auto is_at = [&stream](const Position::Mark& mark) -> Result<Match> {
        TRY_ASSIGN(const bool reached, stream.move_to(mark.offset));
        if (!reached) return Match::earlier_copy;
        return stream.tail() == mark.tail ? Match::here : Match::no;
    };
    TRY_ASSIGN(const Match match, is_at(position.at));
    if (match != Match::earlier_copy) return match;
    // The file ends before that position: it may be an earlier copy. It is one if all marks within
    // it agree.
    for (std::size_t i = position.marks.size(); i-- > 0;) {
        TRY_ASSIGN(const Match earlier, is_at(position.marks[i]));
        if (earlier == Match::here) return Match::earlier_copy;
        if (earlier == Match::no) return Match::no;
    }
    return Match::earlier_copy;
}

// Whether the cursor may be that of the file, or of a later copy.
bool is_head_of(const Cursor& cursor, std::string_view prefix, const Position& position,
                ByteSpan head) {
    if (position.head_length > head.size()) return position.begins_like(head);
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

}  // namespace

Result<KnownFile> recognise(Stream& stream, std::string_view prefix, std::span<const Cursor> known,
                            std::size_t first_frame_end) {
    const ByteSpan seen = stream.unread();
    const ByteSpan head = seen.first(std::min(seen.size(), Stream::head_length));
    TRY_ASSIGN(auto candidates, candidates_of(head, prefix, known));
    // Now, because `head` is in the window of the stream, which moves below.
    const Digest own = digest(head);
    KnownFile fresh;
    fresh.position.head_length = static_cast<std::uint32_t>(head.size());
    fresh.position.beginnings = beginnings_of(head, first_frame_end);
    for (Candidate& candidate : candidates) {
        TRY_ASSIGN(const Match match, compare(stream, candidate.position));
        if (match == Match::no) continue;
        return KnownFile{match == Match::here ? KnownFile::As::itself : KnownFile::As::earlier_copy,
                         *candidate.cursor, std::move(candidate.position)};
    }
    TRY_ASSIGN(const bool rewound, stream.move_to(0));
    CHECK(rewound);
    const auto is_used = [&](const std::string& name) {
        return std::ranges::any_of(known, [&](const Cursor& c) { return c.source == name; });
    };
    for (unsigned ordinal = 1;; ++ordinal) {
        fresh.cursor.source = source_name(prefix, own, ordinal);
        if (!is_used(fresh.cursor.source)) return fresh;
    }
}

}  // namespace octroi::file
