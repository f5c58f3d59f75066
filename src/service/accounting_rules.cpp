// SPDX-License-Identifier: GPL-3.0-or-later
#include "service/accounting_rules.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "config/rule_text.hpp"
#include "meter/nftables/kind.hpp"
#include "meter/nftables/options.hpp"
#include "meter/nftables/services_file.hpp"

namespace octroi {
namespace {

Result<MeterConfig> rules_meter(const Config& config, const OptionTable& table,
                                const std::string& name) {
    const std::string_view kind = accounting::kind.name;
    for (const MeterConfig& meter : config.meters)
        if (meter.kind == kind && (name.empty() || meter.name == name)) return meter;
    if (name.empty()) return table.default_meter(kind);
    return fail(ErrorCode::not_found,
                fmt::format("the configuration has no meter '{}' of kind {}", name, kind));
}

ConfiguredRules rules_of_meter(const Config& config, const MeterConfig& meter) {
    ConfiguredRules configured{.table = meter.options.text("table"), .rules = {}, .ruleset = {}};
    for (const RuleRow& row : config.rules) configured.rules.push_back(row.rule);
    return configured;
}

const RuleRow* find_rule(const Config& config, const std::string& name) {
    const auto found =
        std::ranges::find(config.rules, name, [](const RuleRow& row) { return row.rule.name; });
    return found == config.rules.end() ? nullptr : &*found;
}

std::unexpected<Error> no_rule(const std::string& name) {
    return fail(ErrorCode::not_found,
                fmt::format("there is no rule '{}'. Next: octroi rules list", name));
}

}  // namespace

Result<ConfiguredRules> configured_rules(const Config& config, const OptionTable& table,
                                         const std::string& meter) {
    TRY_ASSIGN(const MeterConfig found, rules_meter(config, table, meter));
    ConfiguredRules configured = rules_of_meter(config, found);
    TRY_ASSIGN(configured.ruleset,
               accounting::compile(configured.rules, accounting::service_names(),
                                   accounting::table_options(found.options)));
    return configured;
}

Result<ConfiguredRules> unchecked_rules(const Config& config, const OptionTable& table,
                                        const std::string& meter) {
    TRY_ASSIGN(const MeterConfig found, rules_meter(config, table, meter));
    return rules_of_meter(config, found);
}

Result<std::string> text_with_rules(const Config& config, std::string_view text,
                                    std::span<const std::string> added, const std::string& before) {
    std::uint32_t line = 0;
    if (!before.empty()) {
        const RuleRow* row = find_rule(config, before);
        if (row == nullptr) return no_rule(before);
        line = row->where.line;
    }
    std::string block;
    for (const std::string& rule : added) block += (block.empty() ? "" : "\n") + rule;
    return with_rule(text, block, line);
}

Result<std::string> text_without_rules(const Config& config, std::string_view text,
                                       std::span<const std::string> names) {
    std::vector<std::uint32_t> lines;
    for (const std::string& name : names) {
        const RuleRow* row = find_rule(config, name);
        if (row == nullptr) return no_rule(name);
        lines.push_back(row->where.line);
    }
    // From the end, so that the other lines keep their numbers.
    std::ranges::sort(lines, std::greater());
    std::string changed(text);
    for (const std::uint32_t line : lines) changed = without_rule(changed, line);
    return changed;
}

}  // namespace octroi
