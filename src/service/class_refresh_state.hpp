// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// The state of the source of the class table, in a file beside the ledger: `octroi doctor`,
// `octroi class accept` and the next start of the daemon read it.

#include <cstdint>
#include <optional>
#include <string>

#include "base/result.hpp"
#include "base/time.hpp"

namespace octroi {

// A table that was read and is not in force.
struct HeldClasses {
    std::string version;
    std::uint64_t prefixes = 0;
    std::uint64_t prefixes_in_force = 0;
    UtcTime since;
    std::string reason = {};  // "it has 3 prefixes and the table in force 6"

    auto operator<=>(const HeldClasses&) const = default;
};

struct ClassRefreshState {
    std::string source;         // for people: without what may be a secret
    std::string source_digest;  // of the whole source; another one makes the rest void
    // Of the content that was read last without an error: ETag or the stamp of a file, and
    // Last-Modified.
    std::string etag;
    std::string last_modified;
    std::string rules;               // the class rules and the bound that it was read with
    std::optional<UtcTime> checked;  // the last attempt
    std::optional<UtcTime> good;     // the last one that found a good table, or no new one
    std::string problem;             // why the last attempt failed; empty: it did not
    std::optional<HeldClasses> held;

    auto operator<=>(const ClassRefreshState&) const = default;
};

// The files beside the ledger. held: the content of the table that is held back.
struct ClassRefreshFiles {
    std::string state;
    std::string fetched;
    std::string held;
};
[[nodiscard]] ClassRefreshFiles class_refresh_files(const std::string& ledger_path);

// nullopt: there is no file. Errors: corrupt, those of files.
[[nodiscard]] Result<std::optional<ClassRefreshState>> read_class_refresh_state(
    const std::string& path);
[[nodiscard]] Status write_class_refresh_state(const std::string& path,
                                               const ClassRefreshState& state);

}  // namespace octroi
