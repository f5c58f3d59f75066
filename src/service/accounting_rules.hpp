// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// What `octroi rules` does: the rules of a configuration, and our table in the kernel. One thread.

#include <span>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "config/config.hpp"
#include "config/option.hpp"
#include "host/nftables.hpp"
#include "meter/nftables/accounting_table.hpp"
#include "meter/nftables/ruleset.hpp"
#include "record/report.hpp"

namespace octroi {

// The rules of one meter of kind nftables.
struct ConfiguredRules {
    std::string table;
    std::vector<RuleConfig> rules;
    accounting::Ruleset ruleset;  // empty: not asked for
};

// meter: its name; empty: the first of kind nftables, or the defaults of the kind where there is
// none. Errors: invalid, not_found.
[[nodiscard]] Result<ConfiguredRules> configured_rules(const Config& config,
                                                       const OptionTable& table,
                                                       const std::string& meter);

// The same without `ruleset`: the rules may have mistakes.
[[nodiscard]] Result<ConfiguredRules> unchecked_rules(const Config& config,
                                                      const OptionTable& table,
                                                      const std::string& meter);

// The file with these texts of [[rule]] added in front of the rule `before` (empty: at the end),
// and with the rules of these names removed. Errors: not_found (there is no such rule).
[[nodiscard]] Result<std::string> text_with_rules(const Config& config, std::string_view text,
                                                  std::span<const std::string> added,
                                                  const std::string& before);
[[nodiscard]] Result<std::string> text_without_rules(const Config& config, std::string_view text,
                                                     std::span<const std::string> names);

struct RulesView {
    // One row for both directions: their sum, and each apart. Else a row for each direction.
    bool both = false;
    // With exact packets and bytes, the rule as the configuration has it, and what the kernel
    // calls the counter.
    bool extended = false;
};

// `octroi rules list`: each rule with the counts of the kernel.
[[nodiscard]] Report rules_report(const ConfiguredRules& configured,
                                  const accounting::TableCounters& counters, const RulesView& view);

}  // namespace octroi
