// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Looks for a new class table at the source of [class_table], and puts it in force in the ledger if
// it is plausible. A running daemon uses the ledger's table from its next look at the directory on:
// nothing is reloaded, and each batch has the version that it was attributed with.

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "config/config.hpp"
#include "ledger/directory_store.hpp"
#include "service/class_refresh_state.hpp"

namespace octroi {

// [class_table] names a source.
[[nodiscard]] bool has_class_source(const Config& config);
// The source for people: the path, the address without user, password and query, or the program of
// the command without its arguments.
[[nodiscard]] std::string class_source_name(const ClassTableConfig& table);
// Hex; two sources with one name (other arguments, another query) have two.
[[nodiscard]] std::string class_source_digest(const ClassTableConfig& table);

// A compressed table may be so many times ClassTableConfig::size_limit when it is unpacked: prefix
// lists become 5 to 10 times as long.
inline constexpr std::uint64_t unpacked_times_max = 16;

enum class ClassRefreshOutcome {
    unchanged,  // the source has what it had
    loaded,     // the table is in force from now on, or was already
    held_back,  // it lost too much, or a class did: a person decides (accept_held_classes)
    failed,     // it could not be read, is empty, or has errors
};

struct ClassRefreshSettings {
    const Config& config;
    std::string ledger_path;  // the files of class_refresh_files() stand beside it
    std::function<bool()> stop_requested = {};
    // Of the download or the command, if it is shorter than the configured timeout.
    std::optional<Duration> time_max = {};
};

// One attempt. Logs changes: a table, a failure that was not there before, a table that is held
// back. Keeps the state in the files. An error is one of the ledger or of these files; a failure of
// the source is an outcome. Blocks for at most the timeout of the source (or time_max) and the time
// to read it.
[[nodiscard]] Result<ClassRefreshOutcome> refresh_classes(const ClassRefreshSettings& settings,
                                                          DirectoryStore& directory_store,
                                                          UtcTime now);

// Puts the table in force that is held back. version: its first digits, accepted_digits at least,
// so that a person accepts the table that he has looked at. Errors: not_found (none is held back),
// conflict (it has another version), corrupt.
inline constexpr std::size_t accepted_digits = 12;
[[nodiscard]] Result<HeldClasses> accept_held_classes(const Config& config,
                                                      const std::string& ledger_path,
                                                      std::string_view version,
                                                      DirectoryStore& directory_store, UtcTime now);

}  // namespace octroi
