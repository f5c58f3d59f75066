// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// The state of a meter that is too large for a cursor, in files. A file is written and synced
// first, and then named by the cursor of a batch. So the file of a committed cursor is always
// there, until a later one is committed.
//
// The name contains a checksum of the content. A ledger that was restored from a backup, or two
// ledgers with one history, may name a file that was written again since: it is not read.

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

// "state-12.0123456789abcdef": the place, and the checksum of the content.
[[nodiscard]] std::string state_file_name(std::string_view place, std::string_view content);

// Reads a state file as a whole. Without a lock, so another process may read what a daemon has
// written. Errors: not_found (a later one was committed meanwhile, or the folder is elsewhere),
// corrupt (the content is not that of the name), those of files. A name without a checksum, of an
// earlier version, is read as it is.
[[nodiscard]] Result<std::string> read_state_file(const std::string& path);

}  // namespace octroi
