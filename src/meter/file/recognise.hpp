// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Which of the ledger's files a file is: by its content, whatever its name. So the same file is
// read once, a file that has grown goes on where it ended, and a copy made earlier adds nothing.

#include <span>
#include <string_view>

#include "base/result.hpp"
#include "meter/file/position.hpp"
#include "meter/file/stream.hpp"
#include "record/batch.hpp"

namespace octroi::file {

struct KnownFile {
    enum class As : std::uint8_t {
        nobody,        // a file that the ledger does not know
        itself,        // also when it has grown
        earlier_copy,  // shorter than what was read of it before
    };
    As as = As::nobody;
    // The ledger's; of a new file: only a source that nobody has yet.
    Cursor cursor;
    // The cursor's; of a new file: only what its head says.
    Position position;
};

// The stream shows its head (Stream::head_length octets, or all there are), in which the first
// frame ends at first_frame_end (0: behind it). Leaves the stream at the position to go on from; of
// an earlier copy anywhere. `known`: the ledger's cursors; those of another prefix are passed over.
[[nodiscard]] Result<KnownFile> recognise(Stream& stream, std::string_view prefix,
                                          std::span<const Cursor> known,
                                          std::size_t first_frame_end);

}  // namespace octroi::file
