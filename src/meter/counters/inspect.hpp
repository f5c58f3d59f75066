// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// `octroi inspect counters`: the functions that the row of kind.cpp refers to.

#include <array>

#include "meter/kind.hpp"

namespace octroi::counters {

inline constexpr std::array inspect_options = {
    Option{.key = "format",
           .type = OptionType::choice,
           .default_text = R"("auto")",
           .range = "auto|iptables-save|iptables-list|nft-json",
           .help =
               "The program that made the listing: iptables-save -c, iptables -nvL, nft -j list "
               "ruleset",
           .placeholder = "NAME"},
};

[[nodiscard]] std::vector<DocumentedColumn> inspect_fields();
[[nodiscard]] std::vector<Column> inspect_columns(const OptionValues& options);
[[nodiscard]] Result<std::string> inspect(const FileSetup& setup, InspectSink& sink);

}  // namespace octroi::counters
