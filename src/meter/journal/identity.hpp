// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Which journal a folder contains, and which ledger it belongs to. Files: docs/format/journal.md.

#include <optional>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "host/folder.hpp"

namespace octroi::journal {

// The name of the journal: 32 hexadecimal digits, made with the folder. The ledger's cursor
// contains it, so that a cursor is never used for another journal. Segments contain it too: without
// its file it is read from them, so that no message is counted twice.
[[nodiscard]] Result<std::string> journal_id(const OwnFolder& folder);
// The same of a folder that another process may have locked; nullopt: it contains no journal.
[[nodiscard]] std::optional<std::string> find_journal_id(const std::string& folder);

// The ledger that the journal belongs to (Store::ledger_id()); nullopt: an earlier Octroi made it,
// or there is none.
[[nodiscard]] std::optional<std::string> find_ledger_of(const std::string& folder);
[[nodiscard]] Status set_ledger(const OwnFolder& folder, const std::string& ledger_id);

// The folders within `parent` that contain a journal, sorted.
[[nodiscard]] std::vector<std::string> folders_with_journals(const std::string& parent);

}  // namespace octroi::journal
