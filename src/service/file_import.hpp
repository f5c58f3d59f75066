// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Files into the ledger, each once however often it is given. A batch is committed at every
// checkpoint of the file, so that an import that was stopped or killed goes on there.

#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "config/config.hpp"
#include "host/clock.hpp"
#include "ledger/ledger.hpp"
#include "meter/file/once_meter.hpp"
#include "meter/kind.hpp"

namespace octroi {

struct ImportSettings {
    MeterName meter;                 // that the traffic belongs to
    std::string_view cursor_prefix;  // of the cursors of this kind of file
    std::vector<Prefix> local;       // networks that are local, beside those declared
    // Opens a file. known: the cursors of all files of this kind in the ledger.
    std::function<Result<std::unique_ptr<file::OnceMeter>>(const std::string& file,
                                                           std::span<const Cursor> known)>
        open;
    // While a file is read, some times a second. Empty: nobody looks.
    std::function<void(const file::OnceMeter&)> progress;
    // Asked after each commit. True: the import ends there.
    std::function<bool()> stop_requested;
    MeterKinds kinds = {};  // of the program
};

enum class ImportState {
    imported,          // from the beginning to the end of the file
    continued,         // from where an earlier import ended
    already_imported,  // the ledger had the whole file: nothing was added
    stopped,           // on request; the next import goes on there
};
[[nodiscard]] std::string_view to_string(ImportState state);

struct ImportedFile {
    std::string file;
    ImportState state = ImportState::imported;
    std::uint64_t frames = 0;  // frames (or messages) that were read
    Volume volume;             // that was added
    std::uint64_t batches = 0;
    std::uint64_t identities = 0;  // statements of who held an address that were new
    std::string warning;           // why the file is not complete; empty: it is
};

struct ImportOutcome {
    std::vector<ImportedFile> files;  // up to the one that failed, or was stopped
    std::optional<Error> failure;     // why the import ended early
};

// Imports the files in their order, with the configuration's local networks and class table. An
// error of the whole: nothing was read. A file that another meter has imported is refused
// (conflict), or its traffic would be counted twice; so is an import where the ledger has other
// relations of meters than the configuration (read_precedence()).
[[nodiscard]] Result<ImportOutcome> import_files(const std::vector<std::string>& files,
                                                 const ImportSettings& settings, Config config,
                                                 Ledger& ledger, const Clock& clock);

}  // namespace octroi
