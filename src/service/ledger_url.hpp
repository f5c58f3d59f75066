// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Opens a ledger by the text that names it: a path, or a URL (`postgresql://…`). The table in
// ledger_url.cpp is the only place that names the stores.

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "ledger/ledger.hpp"

namespace octroi {

// Errors name the ledger and what to do next: not_found, corrupt (not a ledger, or damaged),
// unsupported (another format, or a store that this version does not have), permission, conflict
// (another process owns it), no_space, failed.
[[nodiscard]] Result<std::unique_ptr<Ledger>> open_ledger(const std::string& url,
                                                          const LedgerOptions& options);

// False: the text is a URL.
[[nodiscard]] bool is_ledger_path(std::string_view ledger) noexcept;
// The text with *** in place of the passwords of URLs in it: for messages and logs.
[[nodiscard]] std::string without_passwords(std::string_view text);

// What the ledger takes of the disk. Nothing: it is not there, or its store does not say.
[[nodiscard]] std::optional<std::uint64_t> ledger_octets(const std::string& url);

}  // namespace octroi
