// SPDX-License-Identifier: GPL-3.0-or-later
#include "meter/nftables/rule_names.hpp"

#include "meter/nftables/counter_name.hpp"
#include "record/identity.hpp"

namespace octroi::accounting {

void RuleNames::replace(std::span<const RuleConfig> rules) {
    rules_.clear();
    counters_.clear();
    for (const RuleConfig& rule : rules) {
        CounterEnds ends;
        if (!rule.far_class.empty()) ends.far = table_.intern(NameKind::far_class, rule.far_class);
        if (!rule.service.empty()) ends.service = table_.intern(NameKind::service, rule.service);
        ends.local = table_.intern(NameKind::rule, rule.name);
        if (const auto identity = parse_identity(rule.identity); !rule.identity.empty() && identity)
            ends.local = table_.intern(static_cast<NameKind>(identity->kind), identity->value);
        rules_.insert_or_assign(rule.name, ends);
    }
}

const CounterEnds* RuleNames::find(std::string_view counter) {
    const auto known = counters_.find(counter);
    if (known != counters_.end()) return &known->second;
    const auto name = parse_counter(counter);
    if (!name) return nullptr;
    CounterEnds ends;
    // A rule that was added after the start, or the rest of a group.
    if (const auto rule = rules_.find(name->rule); rule != rules_.end())
        ends = rule->second;
    else if (is_canonical({IdentityKind::rule, name->rule}))
        ends.local = table_.intern(NameKind::rule, name->rule);
    else
        return nullptr;
    if (!name->address.empty())
        ends.local = table_.intern(NameKind::prefix, to_string(name->address));
    ends.direction = name->direction;
    return &counters_.insert_or_assign(std::string(counter), ends).first->second;
}

}  // namespace octroi::accounting
