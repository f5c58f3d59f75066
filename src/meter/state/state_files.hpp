// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// The state of a meter that is too large for a cursor, in files. A file is written and synced
// first, and then named by the cursor of a batch. So the file of a committed cursor is always
// there, until a later one is committed.

#include <string>
#include <string_view>

#include "base/result.hpp"
#include "host/folder.hpp"

namespace octroi {

class StateFiles {
public:
    // The folder must outlive this object; it may contain other files.
    explicit StateFiles(const OwnFolder& folder) : folder_(&folder) {}

    // Writes and syncs a file, and returns its name. place: what the state belongs to, and the
    // version of the cursor that will name it, so that a file that is in use is never written
    // again; letters, digits and '-'.
    [[nodiscard]] Result<std::string> write(std::string_view place, std::string_view content) const;
    [[nodiscard]] std::string path_of(const std::string& name) const {
        return folder_->path_of(name);
    }
    // Removes all other state files. Errors are ignored: a file too many does no harm, and the next
    // call tries again.
    void remove_all_but(const std::string& name) const;

private:
    const OwnFolder* folder_;
};

// Reads a state file as a whole. Without a lock, so another process may read what a daemon has
// written. Errors: not_found (a later one was committed meanwhile, or the folder is elsewhere),
// those of files.
[[nodiscard]] Result<std::string> read_state_file(const std::string& path);

}  // namespace octroi
