// SPDX-License-Identifier: GPL-3.0-or-later
#include "service/accounting_rules.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>
#include <utility>

#include "config/rule_text.hpp"
#include "meter/nftables/counter_name.hpp"
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

std::string list_or(const std::vector<std::string>& list, std::string_view otherwise) {
    return list.empty() ? std::string(otherwise) : fmt::format("{}", fmt::join(list, ","));
}

struct RuleEnds {
    std::string source;
    std::string destination;
    std::string ports;  // "source->destination"
    std::string interface;
};

RuleEnds ends_of_rule(const RuleConfig& rule, bool is_out) {
    std::string near = list_or(rule.address, "0/0");
    std::string far = "0/0";
    if (rule.between.size() == 2) {
        near = rule.between[0];
        far = rule.between[1];
    }
    std::string near_port = list_or(rule.local_port, "any");
    std::string far_port = list_or(rule.port, "any");
    if (!is_out) {
        std::swap(near, far);
        std::swap(near_port, far_port);
    }
    if (!rule.from.empty() || !rule.to.empty()) {
        near = list_or(rule.from, "0/0");
        far = list_or(rule.to, "0/0");
    }
    if (!rule.from_port.empty() || !rule.to_port.empty()) {
        near_port = list_or(rule.from_port, "any");
        far_port = list_or(rule.to_port, "any");
    }
    RuleEnds ends{near, far, {}, rule.interface};
    if (near_port != "any" || far_port != "any")
        ends.ports = fmt::format("{} -> {}", near_port, far_port);
    if (!rule.icmp_type.empty()) ends.ports = list_or(rule.icmp_type, "");
    if (rule.interface.empty()) ends.interface = is_out ? rule.out_interface : rule.in_interface;
    return ends;
}

Cell text_or_absent(std::string text) {
    if (text.empty()) return absent;
    return text;
}

Row row_of(const accounting::TableCounter& counter, const accounting::CounterName& name,
           const RuleConfig* rule) {
    const bool is_out = name.direction == CountedDirection::out;
    Row row;
    row.cells = {name.rule, counter.packets, counter.bytes, std::string(is_out ? "out" : "in")};
    if (rule == nullptr) {
        row.cells.resize(10);
        return row;
    }
    RuleEnds ends = ends_of_rule(*rule, is_out);
    if (!name.address.empty()) (is_out ? ends.source : ends.destination) = to_string(name.address);
    row.cells.emplace_back(list_or(rule->protocol, "all"));
    row.cells.push_back(text_or_absent(rule->fragments ? "-f" : ""));
    row.cells.push_back(text_or_absent(ends.interface));
    row.cells.emplace_back(ends.source);
    row.cells.emplace_back(ends.destination);
    row.cells.push_back(text_or_absent(ends.ports));
    return row;
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

Report rules_report(const ConfiguredRules& configured, const accounting::TableCounters& counters) {
    Report report;
    report.columns = {{"rule", "Rule"},
                      {"packets", "Packets", ColumnKind::packets},
                      {"bytes", "Bytes", ColumnKind::bytes},
                      {"direction", "Dir"},
                      {"protocol", "Prot"},
                      {"options", "Opt", ColumnKind::text, Audience::everyone, 2},
                      {"interface", "Interface", ColumnKind::text, Audience::everyone, 1},
                      {"source", "Source"},
                      {"destination", "Destination"},
                      {"ports", "Ports", ColumnKind::text, Audience::everyone, 1}};
    report.when_empty = fmt::format(
        "Table inet {} has no counters. Next: octroi rules add NAME key=value, or octroi rules "
        "apply",
        configured.table);
    std::map<std::string, std::size_t> order;
    for (const RuleConfig& rule : configured.rules) order.emplace(rule.name, order.size());
    std::vector<std::pair<std::size_t, Row>> rows;
    for (const accounting::TableCounter& counter : counters.counters) {
        const auto name = accounting::parse_counter(counter.name);
        if (!name) continue;
        const auto at = order.find(name->rule);
        const bool known = at != order.end();
        rows.emplace_back(known ? at->second : order.size(),
                          row_of(counter, *name, known ? &configured.rules[at->second] : nullptr));
    }
    std::ranges::stable_sort(rows, {}, [](const auto& row) { return row.first; });
    for (auto& [place, row] : rows) report.rows.push_back(std::move(row));
    return report;
}

}  // namespace octroi
