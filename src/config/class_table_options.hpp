// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// The rows of the option table about [class_table]: a class table that the daemon reads again and
// again.

#include <array>
#include <string_view>

#include "config/option.hpp"

namespace octroi {

inline Status is_class_source(const OptionEntry& entry) {
    const std::string& text = entry.text();
    if (text.empty() || text.starts_with('/') || text.starts_with("http://") ||
        text.starts_with("https://"))
        return {};
    return fail(ErrorCode::invalid,
                "a source is an absolute path, or begins with http:// or https://");
}

inline constexpr std::array class_table_options = {
    Option{.section = "class_table",
           .key = "source",
           .type = OptionType::text,
           .default_text = R"("")",
           .help = "File, or http:// or https:// address, of a class table that changes.",
           .doc = "The content is that of `attribute.class_table`; only one of the two may be "
                  "given. Certificates of https are verified. The server is asked with ETag and "
                  "Last-Modified, so that a table that has not changed is not sent again.",
           .reload = true,
           .check = is_class_source,
           .assign = [](Config& c, const OptionEntry& e) { c.class_table.source = e.text(); }},
    Option{.section = "class_table",
           .key = "command",
           .type = OptionType::texts,
           .default_text = "[]",
           .help = "A program and its arguments that print the class table, in place of `source`.",
           .doc = "No shell is involved. An exit status other than 0 is a failure.",
           .reload = true,
           .assign = [](Config& c, const OptionEntry& e) { c.class_table.command = e.texts(); }},
    Option{.section = "class_table",
           .key = "refresh_every",
           .type = OptionType::duration,
           .default_text = R"("1h")",
           .range = "1s..30d",
           .help = "How often the daemon looks for a new table.",
           .doc = "After a failure it tries again after 5 minutes, if that is sooner.",
           .reload = true,
           .assign = [](Config& c,
                        const OptionEntry& e) { c.class_table.refresh_every = e.duration(); }},
    Option{.section = "class_table",
           .key = "hold_back_percent",
           .type = OptionType::integer,
           .default_text = "50",
           .range = "1..100",
           .help = "A new table that lost this share of the prefixes, or more, is held back.",
           .doc = "The same holds for each class by itself. The table in force stays, and `octroi "
                  "doctor` and the log say so. `octroi class accept VERSION` puts the new one in "
                  "force. A table without prefixes, or with errors, "
                  "never comes in force.",
           .reload = true,
           .assign = [](Config& c,
                        const OptionEntry& e) { c.class_table.hold_back_percent = e.integer(); }},
    Option{.section = "class_table",
           .key = "timeout",
           .type = OptionType::duration,
           .default_text = R"("60s")",
           .range = "1s..1h",
           .help = "How long a download or a command may take.",
           .doc = "At the first start, before the meters run, 5 seconds at most: a slow source is "
                  "read again while they run.",
           .reload = true,
           .assign = [](Config& c, const OptionEntry& e) { c.class_table.timeout = e.duration(); }},
    Option{.section = "class_table",
           .key = "size_limit",
           .type = OptionType::size,
           .default_text = R"("256 MiB")",
           .range = "1 KiB..4 GiB",
           .help = "The most octets that a download or a command may give.",
           .doc = "A compressed table may have 16 times as many when it is unpacked.",
           .reload = true,
           .assign = [](Config& c, const OptionEntry& e) { c.class_table.size_limit = e.size(); }},
    Option{.section = "class_table",
           .key = "ca_file",
           .type = OptionType::text,
           .default_text = R"("")",
           .help = "Certificates (PEM) that https trusts. Empty: those of the system.",
           .reload = true,
           .assign = [](Config& c, const OptionEntry& e) { c.class_table.ca_file = e.text(); }},
};

}  // namespace octroi
