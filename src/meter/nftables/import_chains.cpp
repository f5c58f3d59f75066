// SPDX-License-Identifier: GPL-3.0-or-later
#include "meter/nftables/import_chains.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "meter/nftables/accounting_rule.hpp"
#include "meter/nftables/ruleset.hpp"

namespace octroi::accounting {
namespace {

// Chains that call one another.
constexpr int depth_max = 8;
// Visits of lines, in all chains together. A line can be visited without becoming a rule.
constexpr std::size_t visits_max = 16 * rules_max;

// Targets that end the chain for a packet.
bool ends_chain(std::string_view target) {
    constexpr std::array<std::string_view, 8> known{"ACCEPT", "DROP", "REJECT", "DENY",
                                                    "accept", "drop", "reject", "deny"};
    return std::ranges::find(known, target) != known.end();
}

// Targets after which the packet goes on to the next rule as it was.
bool only_reports(std::string_view target) {
    constexpr std::array<std::string_view, 5> known{"LOG", "NFLOG", "ULOG", "TRACE", "AUDIT"};
    return std::ranges::find(known, target) != known.end();
}

bool names_ends(const RuleConfig& rule) {
    return !rule.from.empty() || !rule.to.empty() || !rule.from_port.empty() ||
           !rule.to_port.empty();
}

// Packets that match both: each list may be in one of them only. False: it cannot be said so.
bool add_matches(const ImportLine& of, ImportLine& to) {
    // -b exchanges the ends of one of them only.
    if (of.both_ways != to.both_ways && names_ends(of.rule) && names_ends(to.rule)) return false;
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
    if (to.family == Family::none) to.family = of.family;
    const bool same_family = of.family == Family::none || of.family == to.family;
    return same_family && add(of.rule.in_interface, to.rule.in_interface) &&
           add(of.rule.out_interface, to.rule.out_interface) && add(of.interface, to.interface);
}

bool is_arrival(const RuleConfig& rule, ChainHook hook) {
    if (hook == ChainHook::in) return true;
    if (hook != ChainHook::forward || !rule.out_interface.empty()) return false;
    return !rule.in_interface.empty() || (rule.from.empty() && !rule.to.empty());
}

}  // namespace

ImportedChains::ImportedChains(const ServiceNames& names, std::span<const RuleConfig> present)
    : names_(names) {
    for (const RuleConfig& rule : present) {
        taken_.insert(rule.name);
        if (!rule.group.empty()) groups_.insert(rule.group);
    }
}

void ImportedChains::add_chain(const std::string& key, std::string_view name,
                               std::optional<ChainHook> hook) {
    const auto [chain, is_new] = chains_.try_emplace(key);
    if (!is_new) return;
    chain->second.name = name;
    chain->second.hook = hook;
    order_.push_back(key);
}

void ImportedChains::add_line(const std::string& chain, std::size_t number, ImportLine line,
                              std::string target_key) {
    std::vector<Numbered>& lines = chains_.at(chain).lines;
    const std::size_t place =
        line.insert_at == 0 ? lines.size() : std::min(line.insert_at - 1, lines.size());
    lines.insert(lines.begin() + static_cast<std::ptrdiff_t>(place),
                 {number, std::move(line), std::move(target_key)});
}

void ImportedChains::leave_out(std::size_t number, std::string_view why) {
    made_.left_out.push_back(fmt::format("line {}: {}", number, why));
}

void ImportedChains::leave_out_of(const Walk& walk, const Numbered& line, std::string_view why) {
    if (walk.jump == 0)
        leave_out(line.number, why);
    else if (reported_.insert(line.number).second)
        leave_out(walk.jump, fmt::format("with line {}, {}", line.number, why));
}

ImportedRules ImportedChains::finish() {
    for (const std::string& key : order_) {
        Chain& chain = chains_.at(key);
        if (!chain.hook) continue;
        chain.is_reached = true;
        Walk of_base{.base = &chain};
        walk(of_base, {.chain = &chain, .is_base = true, .returned = 0}, {}, 0);
    }
    for (const std::string& key : order_) {
        const Chain& chain = chains_.at(key);
        // After too many visits it is not known which chains are reached.
        if (chain.is_reached || visits_ > visits_max) continue;
        for (const Numbered& line : chain.lines)
            leave_out(line.number, fmt::format("no rule of a chain of the kernel leads to the "
                                               "chain {}",
                                               chain.name));
    }
    return std::move(made_);
}

ImportedChains::Effect ImportedChains::effect_of(const Numbered& line, bool is_base) const {
    const std::string& target = line.line.target;
    if (target.empty() || only_reports(target)) return Effect::counts;
    if (ends_chain(target)) return Effect::ends;
    if (target == "RETURN" || target == "return") return is_base ? Effect::ends : Effect::returns;
    return chains_.contains(line.target_key) ? Effect::calls : Effect::unknown;
}

bool ImportedChains::may_visit(const Numbered& line) {
    if (visits_ > visits_max) return false;
    if (++visits_ <= visits_max) return true;
    leave_out(line.number,
              fmt::format("too many ways lead through the chains: after {} steps nothing more is "
                          "imported. Next: write these rules as [[rule]]",
                          visits_max));
    return false;
}

void ImportedChains::walk(Walk& walk, Call call, const ImportLine& above, int depth) {
    for (const Numbered& line : call.chain->lines) {
        if (!may_visit(line)) return;
        std::optional<ImportLine> match = line.line;
        if (!call.is_base) {
            match = above;
            match->has_counter = line.line.has_counter;
            match->identity = line.line.identity;
            if (!add_matches(line.line, *match)) match.reset();
        } else {
            walk.jump = 0;
        }
        Effect effect = effect_of(line, call.is_base);
        const bool is_last = &line == &call.chain->lines.back();
        // Nothing comes after it.
        if (effect == Effect::returns && is_last && call.returned == 0) effect = Effect::counts;
        if (line.line.goes_to && !is_last) effect = Effect::unknown;
        visit(walk, call, line, match, effect, depth);
    }
}

void ImportedChains::visit(Walk& walk, Call& call, const Numbered& line,
                           const std::optional<ImportLine>& match, Effect effect, int depth) {
    const std::size_t before = std::max(walk.blocked, walk.ended);
    const auto refuse = [&](std::string_view why) {
        leave_out_of(walk, line, why);
        // The rules after it would count the packets that it takes.
        if (effect == Effect::returns)
            call.returned = line.number;
        else if (effect != Effect::counts && walk.blocked == 0)
            walk.blocked = line.number;
    };
    if (made_.rules.size() >= rules_max)
        return refuse(fmt::format("there are {} rules already", rules_max));
    if (!line.line.problem.empty()) return refuse(line.line.problem);
    if (effect == Effect::unknown)
        return refuse(line.line.goes_to
                          ? std::string("goto is supported in the last rule of a chain only")
                          : fmt::format("the target {} is not supported", line.line.target));
    if (!match) return refuse("it cannot be said in one rule. Next: write a rule with group");
    if (effect == Effect::calls && depth == depth_max)
        return refuse("too many chains call one another");
    const bool has_group = effect == Effect::ends;
    if (walk.blocked != 0)
        return refuse(fmt::format("line {} decides which packets it gets, and is not imported",
                                  walk.blocked));
    if (call.returned != 0 && effect != Effect::returns)
        return refuse(
            fmt::format("line {} ends the chain for packets that it matches", call.returned));
    Chain* const called = effect == Effect::calls ? &chains_.at(line.target_key) : nullptr;
    if (called != nullptr && !called->lines.empty()) {
        called->is_reached = true;
        if (call.is_base) walk.jump = line.number;
        return this->walk(walk, {.chain = called, .is_base = false, .returned = 0}, *match,
                          depth + 1);
    }
    if (called != nullptr) called->is_reached = true;
    if (before != 0 && !has_group)
        return refuse(
            fmt::format("line {} ends the chain for packets that it matches. Next: write "
                        "a rule with group",
                        before));
    if (!match->has_counter && !has_group) return refuse("it has no counter");
    std::string group;
    if (has_group) group = group_of(*walk.base);
    if (effect == Effect::returns) {
        if (call.return_group.empty())
            call.return_group = free_group(walk.base->name + "." + call.chain->name);
        group = call.return_group;
    }
    if (!add_rule(walk, line, *match, called != nullptr ? called->name : call.chain->name, group)) {
        if (effect == Effect::returns) call.returned = line.number;
        if (has_group) walk.blocked = line.number;
        return;
    }
    if (has_group) walk.ended = line.number;
    if (effect == Effect::returns) call.returned = line.number;
}

const std::string& ImportedChains::group_of(Chain& chain) {
    if (chain.group.empty()) chain.group = free_group(chain.name);
    return chain.group;
}

std::string ImportedChains::free_group(const std::string& wanted) {
    std::string group = wanted;
    for (int i = 2; !groups_.insert(group).second; ++i) group = fmt::format("{}-{}", wanted, i);
    return group;
}

// "forward-3". No other rule has the name, also with a direction behind it.
std::string ImportedChains::free_name(const std::string& chain) {
    for (;;) {
        std::string name = fmt::format("{}-{}", chain, ++numbers_[chain]);
        const auto after = taken_.lower_bound(name);
        const bool is_taken =
            after != taken_.end() && (*after == name || after->starts_with(name + "-"));
        if (!is_taken) return name;
    }
}

bool ImportedChains::add_rule(const Walk& walk, const Numbered& line, const ImportLine& match,
                              const std::string& name, const std::string& group) {
    RuleConfig rule = match.rule;
    rule.name = free_name(name);
    if (name != walk.base->name) rule.identity = "rule " + name;
    if (!match.identity.empty()) rule.identity = match.identity;
    rule.group = group;
    std::vector<RuleConfig> rules;
    const ChainHook hook = *walk.base->hook;
    if (hook == ChainHook::both) {
        rule.name += "-in";
        add_ways(rule, match, ChainHook::in, rules);
        rule.name.replace(rule.name.size() - 2, 2, "out");
        add_ways(rule, match, ChainHook::out, rules);
    } else {
        add_ways(rule, match, hook, rules);
    }
    for (const RuleConfig& one : rules)
        if (const auto good = parse_rule(one, names_); !good) {
            leave_out_of(walk, line, good.error().text);
            return false;
        }
    for (RuleConfig& one : rules) made_.rules.push_back(std::move(one));
    return true;
}

void ImportedChains::add_ways(RuleConfig rule, const ImportLine& line, ChainHook hook,
                              std::vector<RuleConfig>& rules) {
    const bool is_in = hook == ChainHook::in;
    if (!line.interface.empty()) (is_in ? rule.in_interface : rule.out_interface) = line.interface;
    rule.direction = is_arrival(rule, hook) ? RuleDirection::in : RuleDirection::out;
    if (!rule.uid.empty() || !rule.mac.empty()) rule.direction = RuleDirection::out;
    // An address that states the IP version, where the rule has none.
    if (rule.from.empty() && rule.to.empty() && line.family != Family::none)
        rule.from = {line.family == Family::v6 ? "::/0" : "0/0"};
    rule.hook = is_in ? "input" : hook == ChainHook::out ? "output" : "forward";
    const auto add = [&](RuleConfig one) {
        rules.push_back(one);
        if (!line.both_ways) return;
        // -b: also with source and destination exchanged.
        std::swap(one.from, one.to);
        std::swap(one.from_port, one.to_port);
        one.name += "-reverse";
        rules.push_back(std::move(one));
    };
    if (line.program != Program::ipfwadm) return add(std::move(rule));
    // ipfwadm counted what enters and leaves the machine, forwarded packets in both.
    if (!rule.in_interface.empty() || !rule.out_interface.empty()) {
        rule.hook = "all";
        return add(std::move(rule));
    }
    if (rule.identity.empty()) rule.identity = "rule " + rule.name;
    add(rule);
    rule.hook = "forward";
    rule.name += "-forward";
    add(std::move(rule));
}

}  // namespace octroi::accounting
