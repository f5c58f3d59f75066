// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// The rows of [[export]]: readings that are also sent to another collector, as flows.

#include <array>

#include "config/option.hpp"

namespace octroi {

inline Status is_export_target(const OptionEntry& entry) {
    const auto target = parse_export_target(entry.text());
    if (!target) return std::unexpected(target.error());
    return {};
}

inline ExportConfig& exporting(Config& config) { return config.exports.back(); }

inline constexpr std::array export_options = {
    Option{.section = "export",
           .key = "to",
           .type = OptionType::text,
           .default_text = R"("udp/192.0.2.1:4739")",
           .required = true,
           .help = "The collector: `udp/HOST:PORT`, `tcp/HOST:PORT`, or a file: `file:PATH`.",
           .doc = "Flows that cannot be sent at the moment are dropped, counted and logged. The "
                  "ledger has their readings.",
           .check = is_export_target,
           .assign =
               [](Config& c, const OptionEntry& e) {
                   if (auto target = parse_export_target(e.text())) exporting(c).to = *target;
               }},
    Option{
        .section = "export",
        .key = "format",
        .type = OptionType::choice,
        .default_text = R"("ipfix")",
        .range = "ipfix|v9|v5",
        .help = "IPFIX, or NetFlow version 9 or 5.",
        .doc =
            "NetFlow is sent over UDP only. Version 5 cannot carry IPv6: such flows are left out.",
        .assign = [](Config& c,
                     const OptionEntry& e) { exporting(c).format = export_format(e.text()); }},
    Option{.section = "export",
           .key = "meter",
           .type = OptionType::text,
           .default_text = R"("")",
           .help = "The meter that is exported. Empty: every meter.",
           .doc = "Each meter is an observation domain of its own. The domain is the number of the "
                  "meter in the file.",
           .assign = [](Config& c, const OptionEntry& e) { exporting(c).meter = e.text(); }},
};

}  // namespace octroi
