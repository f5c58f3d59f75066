// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "source.hpp"

namespace octroi::tidy {

/// The allowed edges: the content of src/layers.txt.
struct Layers {
    std::map<std::string, std::set<std::string>> sees;  // of layers, and of components: "wire/pcap"
    std::set<std::string> apart;  // layers with independent components: they include no other one
};

/// Reads src/layers.txt. A line that cannot be parsed is reported as a finding and skipped.
[[nodiscard]] Layers parse_layers(std::string_view text, std::vector<Finding>& findings);

/// Every quoted include below src/ must have the full path and follow an edge of `layers`.
void check_layers(const SourceFile& file, const Layers& layers, std::vector<Finding>& findings);

}  // namespace octroi::tidy
