// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Where the journal of a collector is. A collector that has a new name goes on with the journal
// that it had before; a journal that nobody uses is named.

#include <string>
#include <vector>

#include "meter/kind.hpp"

namespace octroi::collector {

struct JournalPlace {
    std::string folder;
    std::vector<Cursor> cursors;  // of journals, of all meters
    std::vector<std::string> warnings;
};

// By the configuration, or a folder "journal/<name of the meter>" below that of the meters' files.
// Where another ledger uses that folder: the same with a part of the id of the ledger. If the
// default folder does not exist and the ledger has exactly one journal that no configured meter
// uses, that is renamed. Errors: those of files.
[[nodiscard]] Result<JournalPlace> place_journal(const MeterSetup& setup);

// The folder of the journal that the cursor is of, as far as it is found.
[[nodiscard]] std::string find_journal(const std::string& configured,
                                       const std::string& state_folder, const std::string& meter,
                                       const Cursor& cursor);

}  // namespace octroi::collector
