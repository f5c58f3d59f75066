// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// The output of `nft list ruleset`, and `nft add rule` commands, as rules of ours. Source: nft(8).

#include <span>
#include <string_view>

#include "meter/nftables/import_rules.hpp"
#include "meter/nftables/service_names.hpp"

namespace octroi::accounting {

// Whether a line begins as one of nft: "table inet filter {", "nft add rule …".
[[nodiscard]] bool is_nft(std::string_view text);

// Rules with a counter, in chains of type filter at the hooks input, output and forward, as
// import_rules() says. The traffic of a named counter has the identity `rule COUNTER`. A rule
// without a counter that ends the chain becomes a rule of the group too, so that those after it get
// their packets only. Our own tables are passed over. A rule with anything else than the matches of
// [[rule]] is left out.
[[nodiscard]] ImportedRules import_nft(std::string_view text, const ServiceNames& names,
                                       std::span<const RuleConfig> present);

}  // namespace octroi::accounting
