// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Who else is at the ledger. SQLite lets writers take turns by itself, so `octroi account add`
// works beside the daemon; what must not be is two daemons at once. A daemon holds a lock on a file
// beside the ledger as long as it runs. The kernel lets go of it when the process ends, however it
// ends.

#include <memory>
#include <string>

#include "base/result.hpp"
#include "host/file.hpp"

namespace octroi::sqlite {

// Takes `<path>.lock` for `who` ("octroi run"), or says who has it (code conflict).
[[nodiscard]] Result<Fd> hold(const std::string& path, std::string_view who);

// The process that has SQLite's write lock of a ledger, as the kernel tells: "process 123 (octroi
// run)". Empty when nobody has it, or the kernel does not tell.
[[nodiscard]] std::string writer_of(const std::string& path);

}  // namespace octroi::sqlite
