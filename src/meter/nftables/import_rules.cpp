// SPDX-License-Identifier: GPL-3.0-or-later
#include "meter/nftables/import_rules.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <set>
#include <utility>

#include "meter/nftables/import_line.hpp"
#include "meter/nftables/ruleset.hpp"

namespace octroi::accounting {
namespace {

enum class ChainHook { in, out, forward, both };

std::optional<ChainHook> hook_of(std::string_view chain) {
    if (chain == "INPUT" || chain == "input" || chain == "in") return ChainHook::in;
    if (chain == "OUTPUT" || chain == "output" || chain == "out") return ChainHook::out;
    if (chain == "FORWARD" || chain == "forward") return ChainHook::forward;
    if (chain == "both") return ChainHook::both;
    return std::nullopt;
}

// Targets that end the chain for a packet.
bool ends_chain(std::string_view target) {
    static const std::set<std::string_view> known{"ACCEPT", "DROP",   "RETURN", "REJECT",
                                                  "DENY",   "accept", "deny",   "reject"};
    return known.contains(target);
}

// Packets that match both: each list may be in one of them only. False: it cannot be said so.
bool add_matches(const ImportLine& of, ImportLine& to) {
    constexpr std::array lists{&RuleConfig::from,      &RuleConfig::to,      &RuleConfig::protocol,
                               &RuleConfig::from_port, &RuleConfig::to_port, &RuleConfig::icmp_type,
                               &RuleConfig::uid,       &RuleConfig::mac};
    for (const auto list : lists) {
        if ((of.rule.*list).empty() || of.rule.*list == to.rule.*list) continue;
        if (!(to.rule.*list).empty()) return false;
        to.rule.*list = of.rule.*list;
    }
    const auto add = [](const std::string& from, std::string& into) {
        if (from.empty()) return true;
        const bool fits = into.empty() || into == from;
        into = from;
        return fits;
    };
    to.rule.fragments = to.rule.fragments || of.rule.fragments;
    to.both_ways = to.both_ways || of.both_ways;
    return add(of.rule.in_interface, to.rule.in_interface) &&
           add(of.rule.out_interface, to.rule.out_interface) && add(of.interface, to.interface);
}

class Importer {
public:
    void add_line(std::size_t number, std::string_view text) {
        // iptables-save: "*nat" begins a table.
        if (text.starts_with('*')) table_ = text.substr(1, text.find_last_not_of(" \r"));
        auto line = read_import_line(text);
        if (!line) return;
        if (!table_.empty() && table_ != "filter")
            line->problem = fmt::format("rules of the table {} are not imported", table_);
        if (!line->problem.empty()) {
            leave_out(number, line->problem);
            return;
        }
        by_chain_[line->chain].push_back(lines_.size());
        if (hook_of(line->chain)) jumped_to_.insert(line->target);
        lines_.push_back({number, *std::move(line)});
    }

    // After the last line: chains may be defined after the rules that jump to them.
    ImportedRules finish() {
        for (const Numbered& line : lines_) {
            if (hook_of(line.line.chain))
                add(line.number, line.line);
            else if (!jumped_to_.contains(line.line.chain))
                leave_out(line.number,
                          fmt::format("no rule of a chain of the kernel leads to the chain {}",
                                      line.line.chain));
        }
        return std::move(made_);
    }

private:
    struct Numbered {
        std::size_t number;
        ImportLine line;
    };

    void leave_out(std::size_t number, std::string_view why) {
        made_.left_out.push_back(fmt::format("line {}: {}", number, why));
    }
    void add(std::size_t number, const ImportLine& line) {
        const bool ends = ends_chain(line.target);
        if (line.target.empty() || ends)
            add_counting(number, line, line.chain, ends);
        else if (by_chain_.contains(line.target))
            add_jump(number, line);
        else
            leave_out(number, fmt::format("the target {} is not supported", line.target));
    }

    // What the rules of the other chain count. Their traffic has the name of that chain.
    void add_jump(std::size_t number, const ImportLine& jump) {
        for (const std::size_t place : by_chain_.at(jump.target)) {
            if (made_.rules.size() >= rules_max) {
                leave_out(number, fmt::format("there are {} rules already", rules_max));
                return;
            }
            const Numbered& other = lines_[place];
            const bool ends = ends_chain(other.line.target);
            ImportLine both = jump;
            if ((!other.line.target.empty() && !ends) || !add_matches(other.line, both))
                leave_out(number, fmt::format("with line {}, it cannot be said in one rule. Next: "
                                              "write a rule with group",
                                              other.number));
            else
                add_counting(number, both, jump.target, ends);
        }
    }

    // name: of the chain that the rule is in.
    void add_counting(std::size_t number, const ImportLine& line, const std::string& name,
                      bool ends) {
        if (ends) ended_.insert(line.chain);
        if (!ends && ended_.contains(line.chain)) {
            leave_out(number, "it has no target, but earlier rules of its chain end the chain");
            return;
        }
        RuleConfig rule = line.rule;
        rule.name = fmt::format("{}-{}", name, ++numbers_[name]);
        if (name != line.chain) rule.identity = "rule " + name;
        if (ends) rule.group = line.chain;
        const ChainHook hook = *hook_of(line.chain);
        // ipfwadm counted what enters and leaves the machine, forwarded packets in both.
        const bool all_hooks = line.program == Program::ipfwadm;
        if (hook == ChainHook::both) {
            add_way(rule, line, ChainHook::in, all_hooks, "-in");
            add_way(rule, line, ChainHook::out, all_hooks, "-out");
        } else {
            add_way(rule, line, hook, all_hooks, "");
        }
    }

    void add_way(RuleConfig rule, const ImportLine& line, ChainHook hook, bool all_hooks,
                 std::string_view suffix) {
        rule.name += suffix;
        const bool is_in = hook == ChainHook::in;
        if (!line.interface.empty())
            (is_in ? rule.in_interface : rule.out_interface) = line.interface;
        if (!all_hooks) rule.hook = is_in ? "input" : hook == ChainHook::out ? "output" : "forward";
        const bool arrives =
            is_in || (hook == ChainHook::forward && rule.out_interface.empty() &&
                      (!rule.in_interface.empty() || (rule.from.empty() && !rule.to.empty())));
        rule.direction = arrives ? RuleDirection::in : RuleDirection::out;
        if (!rule.uid.empty() || !rule.mac.empty()) rule.direction = RuleDirection::out;
        made_.rules.push_back(rule);
        if (!line.both_ways) return;
        // -b: also with source and destination exchanged.
        std::swap(rule.from, rule.to);
        std::swap(rule.from_port, rule.to_port);
        rule.name += "-reverse";
        made_.rules.push_back(std::move(rule));
    }

    std::string table_;  // of iptables-save; empty: not stated
    std::vector<Numbered> lines_;
    std::map<std::string, std::vector<std::size_t>> by_chain_;  // places in lines_
    std::set<std::string> jumped_to_;  // targets of rules in chains of the kernel
    std::map<std::string, int> numbers_;
    std::set<std::string> ended_;
    ImportedRules made_;
};

}  // namespace

ImportedRules import_rules(std::string_view text) {
    Importer importer;
    for (std::size_t number = 1; !text.empty(); ++number) {
        const std::size_t end = std::min(text.find('\n'), text.size());
        importer.add_line(number, text.substr(0, end));
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    return importer.finish();
}

}  // namespace octroi::accounting
