// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "host/folder.hpp"
#include "record/batch.hpp"

namespace octroi {

// What a meter's folder belongs to.
struct StateOwner {
    std::string_view kind;       // of the meter
    std::string_view meter;      // its name
    std::string_view ledger_id;  // Store::ledger_id(); empty: there is no ledger
};

// "<state_folder>/<kind>/<meter>-<the first 8 characters of the id>": ledgers beside one another
// may have meters of the same name.
[[nodiscard]] std::string state_folder_path(const std::string& state_folder,
                                            const StateOwner& owner);

// Opens and locks that folder. Earlier versions had "<state_folder>/<kind>/<meter>" for all
// ledgers: such a folder is renamed if a cursor of this ledger names one of its files. cursors: of
// the meter; their positions are names of state files. Errors: those of OwnFolder.
[[nodiscard]] Result<OwnFolder> open_state_folder(const std::string& state_folder,
                                                  const StateOwner& owner,
                                                  std::span<const Cursor> cursors);

}  // namespace octroi
