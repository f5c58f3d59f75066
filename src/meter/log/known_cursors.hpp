// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// The cursors with which a meter that follows logs goes on. Any thread.

#include <span>
#include <string_view>
#include <vector>

#include "meter/kind.hpp"
#include "record/batch.hpp"

namespace octroi::logs {

// Own cursors, those of imported files, and those of logs that a meter has followed which is
// configured no longer: a meter with a new name goes on with them if it reads the same format.
// Cursors of no log stay with the meter that made them: two new meters could take the same one.
// own, others, configured: those of MeterSetup. format: LogPosition::format. A cursor that cannot
// be read is not taken over.
[[nodiscard]] std::vector<Cursor> known_cursors(std::span<const Cursor> own,
                                                std::span<const OtherCursor> others,
                                                std::span<const MeterConfig> configured,
                                                std::string_view format);

}  // namespace octroi::logs
