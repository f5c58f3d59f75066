// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "source.hpp"

namespace octroi::tidy {

/// src/layers.txt: the edges that are allowed.
struct Layers {
    std::map<std::string, std::set<std::string>> sees;  // of layers, and of components: "wire/pcap"
    std::set<std::string> apart;  // layers whose sub-folders must not include one another
};

/// Reads src/layers.txt. A line that cannot be read becomes a finding, and is left out.
[[nodiscard]] Layers parse_layers(std::string_view text, std::vector<Finding>& findings);

/// Every quoted include below src/ must be written in full and follow an edge of `layers`.
void check_layers(const SourceFile& file, const Layers& layers, std::vector<Finding>& findings);

}  // namespace octroi::tidy
