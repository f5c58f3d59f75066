// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>
#include <string_view>

#include "base/result.hpp"
#include "meter/journal/position.hpp"

namespace octroi::collector {

// Cursor::position of a collector: all messages before `at` are in the ledger, and the snapshot is
// the state of the decoders at that moment. docs/format/journal.md describes the encoding.
struct CursorPosition {
    journal::Position at;
    std::string snapshot;  // file name in the journal's folder; empty: there is none yet
};

[[nodiscard]] std::string encode(const CursorPosition& position);
// Errors: unsupported (another version of octroi wrote it).
[[nodiscard]] Result<CursorPosition> decode_position(std::string_view octets);

}  // namespace octroi::collector
