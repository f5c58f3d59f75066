// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Accounting rules as the content of one table of nftables: counters, maps from values to counters,
// chains. Pure functions.

#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "config/rule_config.hpp"
#include "meter/nftables/service_names.hpp"

namespace octroi::accounting {

inline constexpr std::size_t rules_max = 4096;
// Values of all rules: elements of maps, twice as many counters as addresses among them.
inline constexpr std::size_t elements_max = std::size_t{1} << 20U;
// Addresses of rules that count each address for itself.
inline constexpr std::size_t addresses_max = std::size_t{1} << 17U;

struct TableOptions {
    int priority = 10;  // of our chains; 0 is the filter of nftables and iptables
    bool defragment = false;
};

struct MapElement {
    std::string key;     // "10.0.0.0/8 . 80"
    std::string octets;  // of the key, as the kernel has it; empty in a map of intervals
    std::string counter;
};

struct CounterMap {
    std::string name;  // made from the content: the same name has the same content
    std::string type;  // "ipv4_addr . inet_service"
    bool intervals = false;
    std::vector<MapElement> elements;
};

struct CounterChain {
    std::string name;
    std::string hook;  // empty: other chains jump to it
    std::vector<std::string> rules;
};

struct Ruleset {
    TableOptions options;
    std::vector<std::string> counters;  // sorted
    // Those that rules name themselves, and those of maps of intervals. There are not many.
    std::vector<std::string> plain_counters;
    std::vector<CounterMap> maps;
    std::vector<CounterChain> chains;  // a chain is before those that jump to it
    std::string mark;                  // mark_chain()
};

// Errors: invalid (the text names the rule), over_limit.
[[nodiscard]] Result<Ruleset> compile(std::span<const RuleConfig> rules, const ServiceNames& names,
                                      const TableOptions& options);

struct TableContent {
    bool exists = false;
    // There is a table that another program made, or one without rules: it is removed first, with
    // its counters.
    bool is_foreign = false;
    // The rules count: elements or rules that another program removed are added again.
    bool is_whole = false;
    std::string born;          // born_chain() of the table; empty: it is not known yet
    std::uint64_t handle = 0;  // of the table
    std::vector<std::string> chains;
    std::vector<std::string> maps;
    // Those that rules look up in: these maps have all their elements. Another one may be what a
    // process left that ended while it added elements.
    std::vector<std::string> used_maps;
    std::vector<std::string> counters;
};

// A table that is not there is made in three steps: make_commands(), additions(), mark_commands().
// Rules first, because libnftables lists all counters of the table before it adds a rule, and the
// kernel takes seconds for a list of 100,000. But the table is dormant until mark_commands(): no
// packet sees rules of which maps are not filled yet. A table without a mark is made again. A step
// fails if another process made or replaced the table meanwhile.
//
// A change of a table has four steps, each of them atomic. Between them the old or the new rules
// count, and no packet counts nowhere or twice.
//
// 1. prepare_commands() and additions() add the counters and the maps that are missing. In one step
//    with the rules they would come too late: the kernel switches to the new rules before it shows
//    the elements of a new map of intervals (nf_tables_commit(), net/netfilter/nf_tables_api.c).
// 2. switch_commands() replaces the rules. Counters are not touched: one that the rules name no
//    longer may have counted since the last reading. Fails if another process made such a change
//    since `now`, so that rules are never there twice.
// 3. cleanup_commands() removes the maps that only the rules before referred to. To be run some
//    time after step 2: a packet that is in the old rules looks up the old maps.
//
// A text may be empty: there is nothing to do.
[[nodiscard]] std::string make_commands(const std::string& table, const TableContent& now,
                                        const Ruleset& wanted);
// The last step: from then on the rules count.
[[nodiscard]] std::string mark_commands(const std::string& table, const std::string& born,
                                        const Ruleset& wanted);
[[nodiscard]] std::string prepare_commands(const std::string& table, const TableContent& now,
                                           const Ruleset& wanted);
// Batches for NftablesHost::add(): the counters and elements of maps without intervals.
[[nodiscard]] std::vector<std::string> additions(const std::string& table, const TableContent& now,
                                                 const Ruleset& wanted);
[[nodiscard]] std::string switch_commands(const std::string& table, const TableContent& now,
                                          const Ruleset& wanted);
[[nodiscard]] std::string cleanup_commands(const std::string& table, const TableContent& now,
                                           const Ruleset& wanted);
// All but the last step in one text, to read and to check.
[[nodiscard]] std::string apply_commands(const std::string& table, const TableContent& now,
                                         const Ruleset& wanted);
// Removes counters that nothing refers to.
[[nodiscard]] std::string remove_commands(const std::string& table,
                                          std::span<const std::string> counters);
// Deletes all rules of the table, which must exist. Chains, maps and counters stay.
[[nodiscard]] std::string detach_commands(const std::string& table);
// Removes the table, whether it is there or not.
[[nodiscard]] std::string flush_commands(const std::string& table);

}  // namespace octroi::accounting
