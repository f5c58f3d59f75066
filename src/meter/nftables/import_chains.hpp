// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// The chains of a firewall as rules of ours. The rules of a chain are tried one after another,
// until one ends the chain for a packet; a [[rule]] with a group is exclusive, and one without
// counts every packet that matches. What these two cannot say is left out with a reason, never
// widened.

#include <cstddef>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "meter/nftables/import_line.hpp"
#include "meter/nftables/import_rules.hpp"
#include "meter/nftables/service_names.hpp"

namespace octroi::accounting {

enum class ChainHook { in, out, forward, both };

// One thread.
class ImportedChains {
public:
    // names: must outlive the object. present: rules of which the names and groups are taken.
    ImportedChains(const ServiceNames& names, std::span<const RuleConfig> present);

    // key: unique; name: of the rules that come of the chain. Again: nothing changes.
    void add_chain(const std::string& key, std::string_view name, std::optional<ChainHook> hook);
    // chain: the key of one that was added. target_key: of the chain that it jumps to; a chain that
    // is never added is no chain.
    void add_line(const std::string& chain, std::size_t number, ImportLine line,
                  std::string target_key);
    void leave_out(std::size_t number, std::string_view why);
    // After the last line: chains may be defined after the rules that jump to them.
    [[nodiscard]] ImportedRules finish();

private:
    struct Numbered {
        std::size_t number = 0;  // of the line
        ImportLine line;
        std::string target_key;
    };
    struct Chain {
        std::string name;
        std::string group;  // of its rules that end it; chosen at the first
        std::optional<ChainHook> hook;
        std::vector<Numbered> lines;
        bool is_reached = false;
    };
    enum class Effect { counts, ends, returns, calls, unknown };
    // A chain of the kernel, on the way through it and the chains that it calls.
    struct Walk {
        Chain* base;
        // Lines, 0: none. ended: packets that match it do not reach later rules. blocked: the same,
        // and no rule of ours says so.
        std::size_t ended = 0;
        std::size_t blocked = 0;
        std::size_t jump = 0;  // the rule of the base chain that leads to the others
    };
    // A user chain, on the same way.
    struct Call {
        Chain* chain;
        bool is_base;
        std::size_t returned;  // as Walk::ended, until the end of this chain
        std::string return_group = {};
    };

    // False: there were too many visits, and the walk ends. The first time the reason is recorded.
    [[nodiscard]] bool may_visit(const Numbered& line);
    [[nodiscard]] Effect effect_of(const Numbered& line, bool is_base) const;
    void walk(Walk& walk, Call call, const ImportLine& above, int depth);
    // match: what the line and those that lead to it match together; nullopt: it cannot be said.
    void visit(Walk& walk, Call& call, const Numbered& line, const std::optional<ImportLine>& match,
               Effect effect, int depth);
    void leave_out_of(const Walk& walk, const Numbered& line, std::string_view why);
    // Whether rules were added. False: the reason is recorded.
    bool add_rule(const Walk& walk, const Numbered& line, const ImportLine& match,
                  const std::string& name, const std::string& group);
    static void add_ways(RuleConfig rule, const ImportLine& line, ChainHook hook,
                         std::vector<RuleConfig>& rules);
    [[nodiscard]] const std::string& group_of(Chain& chain);
    [[nodiscard]] std::string free_group(const std::string& wanted);
    [[nodiscard]] std::string free_name(const std::string& chain);

    const ServiceNames& names_;
    std::map<std::string, Chain> chains_;
    std::vector<std::string> order_;  // keys
    std::map<std::string, int> numbers_;
    std::set<std::string> groups_;
    std::set<std::string> taken_;  // names of rules
    // Chains that call one another are walked once for each way to them: 10 jumps in each of nine
    // chains are 10^8 ways to the last one.
    std::size_t visits_ = 0;
    std::set<std::size_t> reported_;  // lines of user chains: each is left out once
    ImportedRules made_;
};

}  // namespace octroi::accounting
