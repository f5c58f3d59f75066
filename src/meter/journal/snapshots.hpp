// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Snapshots beside a journal: the reader's state at a position, too large for a cursor. A snapshot
// is written and synced first, and then named by the cursor of a batch. So the snapshot of a
// committed cursor is always there, until a later one is committed.

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "host/folder.hpp"
#include "meter/journal/position.hpp"

namespace octroi::journal {

class Snapshots {
public:
    // The folder is that of the journal; it must outlive this object.
    explicit Snapshots(const OwnFolder& folder) : folder_(&folder) {}

    // Writes and syncs a snapshot, and returns its name. version: of the cursor that will name it,
    // so that a snapshot that is in use is never written again.
    [[nodiscard]] Result<std::string> write(const Position& at, std::uint64_t version,
                                            std::string_view content) const;
    [[nodiscard]] std::string path_of(const std::string& name) const {
        return folder_->path_of(name);
    }
    // Removes all others. Errors are ignored: a snapshot too many does no harm, and the next call
    // tries again.
    void remove_all_but(const std::string& name) const;

private:
    const OwnFolder* folder_;
};

// Reads a snapshot as a whole. Without a lock, so another process may read what a daemon has
// written. Errors: not_found (a later one was committed meanwhile, or the folder is elsewhere),
// those of files.
[[nodiscard]] Result<std::string> read_snapshot_file(const std::string& path);

}  // namespace octroi::journal
