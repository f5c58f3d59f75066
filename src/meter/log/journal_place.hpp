// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Where a meter stands in the journal of systemd: the position of its cursor in the ledger, and the
// entries that journalctl(1) has there. One thread.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "base/time.hpp"
#include "wire/log/journal_export.hpp"

namespace octroi::logs {

// The fields that journalctl is to print, beside those that it prints always (__CURSOR,
// __REALTIME_TIMESTAMP).
inline constexpr std::string_view journal_fields =
    "--output-fields=MESSAGE,SYSLOG_IDENTIFIER,SYSLOG_PID,_PID,_COMM,_HOSTNAME";

// An entry of the journal.
struct JournalPlace {
    std::string cursor;             // __CURSOR
    std::uint64_t realtime_us = 0;  // since 1970; 0: unknown, an earlier version wrote the position
    bool is_read = true;            // else the entry itself is still to be read

    [[nodiscard]] UtcTime time() const;
};

// The position of a cursor in the ledger.
struct JournalPosition {
    JournalPlace place;
    std::string format;  // as LogMeterOptions::format
    std::string reader;  // the state of the format
    std::string times;   // the state of the times

    [[nodiscard]] std::string save() const;
    // Errors: corrupt.
    [[nodiscard]] static Result<JournalPosition> parse(std::string_view text);
};

// Whether two values of __CURSOR name one entry: systemd numbers entries again when it moves them
// from /run to /var, so the numbers (s=, i=) are not compared.
[[nodiscard]] bool is_same_entry(std::string_view cursor, std::string_view other);

// The newest entry of the journal. Errors: not_found (no journalctl, no journal, or no right to
// read it), failed.
[[nodiscard]] Result<JournalPlace> newest_entry();
// The entry with this cursor; if the journal does not have it any more, the first later one; of the
// whole journal. nullopt: it has neither. Errors: not_found (no journalctl), failed.
[[nodiscard]] Result<std::optional<JournalPlace>> first_entry_from(const std::string& cursor);

}  // namespace octroi::logs
