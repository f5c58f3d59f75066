// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// The log formats that have names. A constant table: one row for each format.

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "wire/log/line_reader.hpp"

namespace octroi::logline {

// What follows the name of a format, as the configuration states it.
struct FormatOptions {
    // Of a format that the user describes: an Apache LogFormat, an nginx log_format, a Squid
    // logformat, or the fields of CSV and JSON lines ("time=ts user=login in=rx out=tx").
    std::string pattern;
};

struct Format {
    std::string_view name;     // `--format NAME`; configurations keep it: it never changes
    std::string_view help;     // "vsftpd, its own log"
    std::string_view example;  // a line that gives an entry, alone or after the lines before it
    bool needs_pattern = false;
    bool keeps_state = false;  // LineReader::save() matters
    // Errors: invalid (the pattern).
    Result<std::unique_ptr<LineReader>> (*open)(const FormatOptions& options) = nullptr;
};

// All formats, sorted by name.
[[nodiscard]] std::span<const Format> formats() noexcept;
// Null: there is no such format.
[[nodiscard]] const Format* find_format(std::string_view name) noexcept;
// A reader of the format. Errors: invalid (an unknown name, with those that exist; a pattern that
// is missing, wrong, or not expected).
[[nodiscard]] Result<std::unique_ptr<LineReader>> open_reader(std::string_view name,
                                                              const FormatOptions& options);

}  // namespace octroi::logline
