// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Locks between processes that use the same ledger. SQLite itself makes writers take turns, so
// `octroi account add` works while the daemon runs. Two daemons at the same time must not run: both
// would meter the same interfaces. A daemon therefore locks the file <ledger>.lock as long as it
// runs. The kernel releases the lock when the process ends, also after kill -9.

#include <memory>
#include <string>

#include "base/result.hpp"
#include "host/file.hpp"

namespace octroi::sqlite {

// Locks <path>.lock, or <path>.<activity>.lock if the activity is not empty, and writes `owner`
// ("octroi run") and the process id into it, for people. The lock lasts as long as the descriptor.
// Errors: conflict (the text names the owner), permission, failed.
[[nodiscard]] Result<Fd> lock_for_owner(const std::string& path, std::string_view activity,
                                        std::string_view owner);

// The process that has SQLite's write lock, from /proc/locks: "process 123 (octroi run)". Empty: no
// process has it, or /proc is not readable. For texts only: the answer may be outdated.
[[nodiscard]] std::string writer_of(const std::string& path);

}  // namespace octroi::sqlite
