// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// `octroi import`: the options that every kind of file has, and the table of what became of each.

#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "app/command.hpp"
#include "app/session.hpp"
#include "meter/file/once_meter.hpp"
#include "record/batch.hpp"

namespace octroi {

struct ImportOptions {
    std::vector<std::string> files;
    std::string meter;
    std::string role = "bill";
    std::vector<std::string> local;
};

// What is read out of the files.
struct ImportKind {
    std::string_view meter_kind;     // MeterName::kind
    std::string_view cursor_prefix;  // the source of each cursor begins with it
    std::function<Result<std::unique_ptr<file::OnceMeter>>(const std::string& file,
                                                           std::span<const Cursor> known)>
        open;
};

// The options that every kind has.
void add_import_options(Command& command, ImportOptions& options);

// Prints what became of each file.
[[nodiscard]] Result<ExitStatus> import_files(Session& session, const ImportOptions& options,
                                              const ImportKind& kind);

}  // namespace octroi
