// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Finds the cursor of a file in the ledger by the content of the file. So a file is read once,
// whatever its name; a file that has grown continues at its former end; and an earlier copy of a
// file adds nothing.

#include <span>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "meter/file/position.hpp"
#include "meter/file/stream.hpp"
#include "record/batch.hpp"

namespace octroi::file {

struct KnownFile {
    enum class As : std::uint8_t {
        unknown,       // the ledger has no cursor for the file
        itself,        // the same file, or one that has grown
        earlier_copy,  // its octets are in the ledger; more of them were read then
    };
    As as = As::unknown;
    Cursor cursor;      // of an unknown file: a new one, with a source that no cursor has
    Position position;  // of an unknown file: its head only
    // A doubt about the result, as the end of a sentence for people that begins with the name of
    // the file; empty: there is none.
    std::string doubt;
};

// stream: unread() begins at the beginning of the file and has Stream::head_length octets, or all
// there are. On return it is at the position to continue from, with Stream::content(); for an
// earlier copy, anywhere. Of known files that begin like it, it is read as far as they are alike.
// first_frame_end: in the head; 0: behind it. known: cursors of the ledger; those with another
// prefix are ignored. seed: random, for the key of an unknown file. Errors: those of Stream and of
// Position::parse.
[[nodiscard]] Result<KnownFile> recognise(Stream& stream, std::string_view prefix,
                                          std::span<const Cursor> known,
                                          std::size_t first_frame_end, std::uint64_t seed);

}  // namespace octroi::file
