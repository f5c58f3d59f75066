// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>
#include <string_view>

#include "base/result.hpp"
#include "meter/journal/position.hpp"

namespace octroi::journal {

// Cursor::position of a meter with a journal: all messages before `at` are in the ledger, and the
// snapshot is the state of the meter at that moment. docs/format/journal.md describes the encoding.
struct SavedPosition {
    Position at;
    std::string snapshot;  // file name in the journal's folder; empty: there is none yet
};

[[nodiscard]] std::string encode(const SavedPosition& position);
// Errors: unsupported (another version of octroi wrote it).
[[nodiscard]] Result<SavedPosition> decode_saved_position(std::string_view octets);

}  // namespace octroi::journal
