// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Opens a ledger by the text that names it: a path, or a URL (`postgresql://…`). The table in
// ledger_url.cpp is the only place that names the stores.

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "ledger/ledger.hpp"

namespace octroi {

// Errors name the ledger and what to do next: not_found, corrupt (not a ledger, or damaged),
// unsupported (another format, or a store that this version does not have), permission, conflict
// (another process owns it), no_space, failed.
[[nodiscard]] Result<std::unique_ptr<Ledger>> open_ledger(const std::string& url,
                                                          const LedgerOptions& options);

// What the ledger takes of the disk. Nothing: it is not there, or its store does not say.
[[nodiscard]] std::optional<std::uint64_t> ledger_octets(const std::string& url);

}  // namespace octroi
