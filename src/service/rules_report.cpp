// SPDX-License-Identifier: GPL-3.0-or-later
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>
#include <optional>
#include <tuple>
#include <utility>

#include "config/rule_text.hpp"
#include "meter/nftables/counter_name.hpp"
#include "service/accounting_rules.hpp"

namespace octroi {
namespace {

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

// The counts of one row.
struct Counts {
    std::uint64_t packets = 0;
    std::uint64_t bytes = 0;

    void add(const accounting::TableCounter& counter) {
        packets += counter.packets;
        bytes += counter.bytes;
    }
};

struct Listed {
    accounting::CounterName name;  // its direction: of the first counter
    const RuleConfig* rule = nullptr;
    Counts in;
    Counts out;
    std::vector<std::string> counters;

    [[nodiscard]] Counts sum() const { return {in.packets + out.packets, in.bytes + out.bytes}; }
    [[nodiscard]] bool is_out() const { return name.direction == CountedDirection::out; }
};

std::vector<Column> columns_of(const RulesView& view) {
    const ColumnKind packets = view.extended ? ColumnKind::count : ColumnKind::packets;
    const ColumnKind bytes = view.extended ? ColumnKind::count : ColumnKind::bytes;
    std::vector<Column> columns{
        {"rule", "Rule"}, {"packets", "Packets", packets}, {"bytes", "Bytes", bytes}};
    if (view.both)
        columns.insert(columns.end(), {{"in_packets", "In packets", packets},
                                       {"in_bytes", "In bytes", bytes},
                                       {"out_packets", "Out packets", packets},
                                       {"out_bytes", "Out bytes", bytes}});
    columns.insert(columns.end(),
                   {{"direction", "Dir"},
                    {"protocol", "Prot"},
                    {"options", "Opt", ColumnKind::text, Audience::everyone, 2},
                    {"interface", "Interface", ColumnKind::text, Audience::everyone, 1},
                    {"source", "Source"},
                    {"destination", "Destination"},
                    {"ports", "Ports", ColumnKind::text, Audience::everyone, 1}});
    if (view.extended)
        columns.insert(columns.end(), {{"counter", "Counter"}, {"text", "As configured"}});
    return columns;
}

// "address = [\"10.0.0.0/8\"], port = \"80\""
std::string words_of(const RuleConfig& rule) {
    const auto text = rule_text(rule);
    if (!text) return text.error().text;
    std::string words;
    for (std::size_t at = 0; at < text->size();) {
        const std::size_t end = std::min(text->find('\n', at), text->size());
        const std::string_view line = std::string_view(*text).substr(at, end - at);
        at = end + 1;
        if (line.empty() || line.starts_with('[') || line.starts_with("name =")) continue;
        words += fmt::format("{}{}", words.empty() ? "" : ", ", line);
    }
    return words;
}

void add_counts(const Counts& counts, std::vector<Cell>& cells) {
    cells.emplace_back(counts.packets);
    cells.emplace_back(counts.bytes);
}

void add_ends(const Listed& listed, const RulesView& view, std::vector<Cell>& cells) {
    if (listed.rule == nullptr) {
        cells.insert(cells.end(), 6, absent);
        return;
    }
    const RuleConfig& rule = *listed.rule;
    // Of both directions the ends are shown as of the packets that leave.
    const bool is_out = listed.is_out() || (view.both && rule.direction == RuleDirection::both);
    RuleEnds ends = ends_of_rule(rule, is_out);
    if (!listed.name.address.empty())
        (is_out ? ends.source : ends.destination) = to_string(listed.name.address);
    cells.emplace_back(list_or(rule.protocol, "all"));
    cells.push_back(text_or_absent(rule.fragments ? "-f" : ""));
    cells.push_back(text_or_absent(ends.interface));
    cells.emplace_back(ends.source);
    cells.emplace_back(ends.destination);
    cells.push_back(text_or_absent(ends.ports));
}

Row row_of(const Listed& listed, const RulesView& view) {
    Row row;
    row.cells.emplace_back(listed.name.rule);
    add_counts(listed.sum(), row.cells);
    if (view.both) {
        add_counts(listed.in, row.cells);
        add_counts(listed.out, row.cells);
    }
    row.cells.emplace_back(std::string(view.both ? "i/o" : listed.is_out() ? "out" : "in"));
    add_ends(listed, view, row.cells);
    if (!view.extended) return row;
    row.cells.emplace_back(fmt::format("{}", fmt::join(listed.counters, " ")));
    row.cells.push_back(listed.rule == nullptr ? Cell(absent) : Cell(words_of(*listed.rule)));
    return row;
}

}  // namespace

Report rules_report(const ConfiguredRules& configured, const accounting::TableCounters& counters,
                    const RulesView& view) {
    Report report;
    report.columns = columns_of(view);
    report.when_empty = fmt::format(
        "Table inet {} has no counters. Next: octroi rules add NAME key=value, or octroi rules "
        "apply",
        configured.table);
    std::map<std::string, std::size_t> order;
    for (const RuleConfig& rule : configured.rules) order.emplace(rule.name, order.size());
    // By the place of the rule; where a rule had another identity before, both counters are one
    // row.
    std::map<std::tuple<std::size_t, std::string, Address, bool>, Listed> rows;
    for (const accounting::TableCounter& counter : counters.counters) {
        const auto name = accounting::parse_counter(counter.name);
        if (!name) continue;
        const auto at = order.find(name->rule);
        const std::size_t place = at == order.end() ? order.size() : at->second;
        const bool is_out = name->direction == CountedDirection::out;
        Listed& listed = rows[{place, name->rule, name->address, !view.both && is_out}];
        if (listed.counters.empty()) listed.name = *name;
        if (at != order.end()) listed.rule = &configured.rules[place];
        (is_out ? listed.out : listed.in).add(counter);
        listed.counters.push_back(counter.name);
    }
    for (const auto& [key, listed] : rows) report.rows.push_back(row_of(listed, view));
    return report;
}

}  // namespace octroi
