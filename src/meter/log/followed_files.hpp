// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// A file of a log that a running meter follows is not imported: that meter counts its lines.

#include <span>
#include <string>

#include "base/result.hpp"
#include "record/batch.hpp"

namespace octroi::logs {

// cursors: of the ledger; those of other sources are ignored. Standard input and pipes are not
// examined. Errors: conflict (the file, or its copy, belongs to a log that is followed; the
// text says which); those of files.
[[nodiscard]] Status refuse_followed(const std::string& path, std::span<const Cursor> cursors);

}  // namespace octroi::logs
