// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// The rows of the option table about what `octroi run` says of itself: [log] and [metrics].

#include <array>

#include "config/listen.hpp"
#include "config/option.hpp"

namespace octroi {

inline LogLevelChoice log_level_choice(std::string_view word) {
    if (word == "error") return LogLevelChoice::error;
    if (word == "warning") return LogLevelChoice::warning;
    return word == "debug" ? LogLevelChoice::debug : LogLevelChoice::info;
}

inline LogFormatChoice log_format_choice(std::string_view word) {
    if (word == "text") return LogFormatChoice::text;
    if (word == "journal") return LogFormatChoice::journal;
    return word == "json" ? LogFormatChoice::json : LogFormatChoice::automatic;
}

inline constexpr std::array log_options = {
    Option{.section = "log",
           .key = "level",
           .type = OptionType::choice,
           .default_text = R"("info")",
           .range = "error|warning|info|debug",
           .help = "Messages from this level up are written.",
           .doc = "`--log-level` overrides it.",
           .reload = true,
           .assign = [](Config& c,
                        const OptionEntry& e) { c.log.level = log_level_choice(e.text()); }},
    Option{.section = "log",
           .key = "format",
           .type = OptionType::choice,
           .default_text = R"("auto")",
           .range = "auto|text|journal|json",
           .help = "`text`: local time, level, message. `journal`: priority and message, for "
                   "systemd. `json`: one object per line.",
           .doc = "`auto` is `journal` where standard error is connected to the journal "
                  "(JOURNAL_STREAM), else `text`.",
           .reload = true,
           .assign = [](Config& c,
                        const OptionEntry& e) { c.log.format = log_format_choice(e.text()); }},
};

inline Status is_empty_or_endpoint(const OptionEntry& entry) {
    if (entry.text().empty()) return {};
    const auto listen = parse_http_listen(entry.text());
    return listen ? Status() : std::unexpected(listen.error());
}

inline constexpr std::array metrics_options = {
    Option{.section = "metrics",
           .key = "listen",
           .type = OptionType::text,
           .default_text = R"("")",
           .help = "Address and port of `/metrics`, `/healthz` and `/readyz`, as "
                   "`127.0.0.1:9465`. Empty: no listener.",
           .doc =
               "`[::1]:9465` is an IPv6 address, `:9465` means all addresses. There is no password "
               "and no TLS: use an address that only your scraper can reach.",
           .check = is_empty_or_endpoint,
           .assign = [](Config& c, const OptionEntry& e) { c.metrics.listen = e.text(); }},
};

}  // namespace octroi
