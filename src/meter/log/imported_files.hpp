// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// The files that `octroi import log` has read: a meter that begins to follow one goes on behind
// the lines that are in the ledger. One thread.

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "record/batch.hpp"

namespace octroi::logs {

// How far a file was read. Nothing: it is not in the ledger.
struct ImportedPart {
    std::uint64_t offset = 0;  // decompressed
    std::uint64_t lines = 0;
};

class ImportedFiles {
public:
    // cursors: of the ledger; those of other sources are ignored. seed: random.
    ImportedFiles(std::vector<Cursor> cursors, std::uint64_t seed);

    // Reads the file as far as it is like an imported one. Errors: those of files and cursors.
    [[nodiscard]] Result<ImportedPart> find(const std::string& path) const;

private:
    std::vector<Cursor> cursors_;
    std::uint64_t seed_;
};

}  // namespace octroi::logs
