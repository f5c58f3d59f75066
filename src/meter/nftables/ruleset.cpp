// SPDX-License-Identifier: GPL-3.0-or-later
#include "meter/nftables/ruleset.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>
#include <set>

#include "base/text_hash.hpp"
#include "meter/nftables/counter_name.hpp"
#include "meter/nftables/lanes.hpp"
#include "meter/nftables/nft_text.hpp"
#include "meter/nftables/rule_values.hpp"
#include "meter/nftables/table_marks.hpp"

namespace octroi::accounting {
namespace {

constexpr std::size_t counter_octets_max = 127;  // NFT_OBJ_MAXNAMELEN - 1

constexpr std::array<std::pair<Hook, std::string_view>, 3> base_hooks = {{
    {hook_input, "input"},
    {hook_output, "output"},
    {hook_forward, "forward"},
}};

// Makes the texts of one table.
class Compiler {
public:
    explicit Compiler(const TableOptions& options) { set_.options = options; }

    [[nodiscard]] Result<Ruleset> compile(const std::vector<AccountingRule>& rules) {
        std::vector<const AccountingRule*> apart;
        std::vector<std::string> order;
        std::map<std::string, std::vector<const AccountingRule*>> groups;
        for (const AccountingRule& rule : rules) {
            if (rule.group.empty()) {
                apart.push_back(&rule);
                continue;
            }
            if (!groups.contains(rule.group)) order.push_back(rule.group);
            groups[rule.group].push_back(&rule);
        }
        for (const auto& [hook, name] : base_hooks)
            bases_.emplace(hook, CounterChain{fmt::format("{}.{}", name, set_.options.priority),
                                              std::string(name),
                                              {}});
        if (set_.options.defragment)
            // Any expression on connections makes the kernel reassemble packets first.
            for (auto& [hook, chain] : bases_) chain.rules.emplace_back("ct state untracked");
        TRY(add_apart(lanes_of(apart)));
        for (const std::string& group : order) TRY(add_group(group, groups[group]));
        return finish();
    }

private:
    Status add_apart(const std::vector<Lane>& lanes) {
        for (const Lane& lane : lanes) {
            TRY_ASSIGN(const std::string text, statement(lane));
            for (auto& [hook, chain] : bases_)
                if ((lane.hooks & hook) != 0) chain.rules.push_back(text);
        }
        return {};
    }

    Status add_group(const std::string& group, const std::vector<const AccountingRule*>& rules) {
        std::map<Hook, CounterChain> chains;
        for (const auto& [hook, name] : base_hooks)
            chains.emplace(hook, CounterChain{fmt::format("group-{}-{}", group, name), "", {}});
        for (const Lane& lane : exclusive_lanes_of(rules)) {
            TRY_ASSIGN(const std::string text, statement(lane));
            for (auto& [hook, chain] : chains)
                if ((lane.hooks & hook) != 0) chain.rules.push_back(text + " return");
        }
        add_rest(group, rules, chains);
        for (auto& [hook, chain] : chains) {
            if (chain.rules.empty()) continue;
            bases_.at(hook).rules.push_back("jump " + chain.name);
            set_.chains.push_back(std::move(chain));
        }
        return {};
    }

    // The directions of a group, and the interface that all its rules name (null: there is none).
    struct Whole {
        const Spans* interface = nullptr;
        bool out = false;
        bool in = false;
        unsigned hooks = 0;
    };
    static Whole whole_of(const std::vector<const AccountingRule*>& rules) {
        Whole whole;
        bool same = true;
        for (const AccountingRule* rule : rules)
            for (const Leg& leg : rule->legs) {
                const bool is_out = leg.direction == CountedDirection::out;
                (is_out ? whole.out : whole.in) = true;
                whole.hooks |= leg.hooks;
                const Spans& spans = leg.of(is_out ? Field::out_interface : Field::in_interface);
                if (whole.interface == nullptr) whole.interface = &spans;
                same = same && !spans.empty() && *whole.interface == spans;
            }
        if (!same) whole.interface = nullptr;
        return whole;
    }

    void add_rest(const std::string& group, const std::vector<const AccountingRule*>& rules,
                  std::map<Hook, CounterChain>& chains) {
        const Whole whole = whole_of(rules);
        const auto count = [&](CountedDirection direction) {
            const std::string name = counter_text({direction, rest_of(group), {}});
            counters_.insert(name);
            return fmt::format("counter name \"{}\"", name);
        };
        // Only where rules of the group count: the rest of rules about OUTPUT is about OUTPUT.
        for (auto& [hook, chain] : chains) {
            if ((whole.hooks & hook) == 0) continue;
            if (whole.interface == nullptr) {
                chain.rules.push_back(
                    count(hook == hook_input ? CountedDirection::in : CountedDirection::out));
                continue;
            }
            const std::string name =
                value_text(Field::in_interface, Family::none, whole.interface->front());
            if (whole.out && hook != hook_input)
                chain.rules.push_back(
                    fmt::format("oifname {} {} return", name, count(CountedDirection::out)));
            if (whole.in && hook != hook_output)
                chain.rules.push_back(
                    fmt::format("iifname {} {}", name, count(CountedDirection::in)));
        }
    }

    // "counter name ip saddr map @m…", after what all legs have in common.
    Result<std::string> statement(const Lane& lane) {
        if (lane.is_too_long)
            return fail(ErrorCode::over_limit,
                        fmt::format("rule '{}': more than {} of its keys are lists or ranges, or "
                                    "its addresses are too long for one lookup. Next: make rules "
                                    "with single values",
                                    lane.legs.front().rule->name, key_fields_max));
        std::string text;
        const bool has_family_field = std::ranges::any_of(lane.key, [](Field field) {
            return field == Field::source || field == Field::destination ||
                   field == Field::icmp_type;
        });
        if (lane.family != Family::none && !has_family_field && !lane.fragments)
            text += lane.family == Family::v6 ? "meta nfproto ipv6 " : "meta nfproto ipv4 ";
        // RFC 791, RFC 8200 section 4.5: the offset of a later fragment is not 0.
        if (lane.fragments)
            text +=
                lane.family == Family::v6 ? "frag frag-off != 0 " : "ip frag-off & 0x1fff != 0 ";
        for (const auto& [field, value] : lane.constants)
            text += fmt::format("{} {} ", expression_of(field, lane.family),
                                value_text(field, lane.family, {value, value}));
        if (lane.key.empty()) {
            TRY_ASSIGN(const std::string counter, add_counter(lane.legs.front(), {}));
            return text + fmt::format("counter name \"{}\"", counter);
        }
        TRY_ASSIGN(const std::string map, add_map(lane));
        std::string key;
        for (const Field field : lane.key)
            key += fmt::format("{}{}", key.empty() ? "" : " . ", expression_of(field, lane.family));
        return text + fmt::format("counter name {} map @{}", key, map);
    }

    Result<std::string> add_map(const Lane& lane) {
        CounterMap map;
        for (const Field field : lane.key)
            map.type +=
                fmt::format("{}{}", map.type.empty() ? "" : " . ", type_of(field, lane.family));
        for (const LaneLeg& leg : lane.legs) TRY(add_elements(lane, leg, map));
        map.name = fmt::format("m{:016x}", text_hash(fmt::format("{}{}{}", map.type, map.intervals,
                                                                 fmt::join(map.elements, ",")),
                                                     0));
        std::string name = map.name;
        const bool is_known =
            std::ranges::any_of(set_.maps, [&](const CounterMap& m) { return m.name == name; });
        if (!is_known) set_.maps.push_back(std::move(map));
        return name;
    }

    // The product of the values of all fields.
    Status add_elements(const Lane& lane, const LaneLeg& leg, CounterMap& map) {
        std::vector<std::pair<std::string, Address>> keys{{"", {}}};
        for (const Field field : lane.key) {
            const bool is_near = leg.rule->per_address && field == leg.leg->near();
            const Spans& spans = leg.leg->of(field);
            std::vector<std::pair<std::string, Address>> longer;
            for (const Span& span : spans) {
                const Number parts = is_near ? span.last - span.first + 1 : Number{1};
                // 0: all addresses of IPv6.
                if (parts == 0 || parts > elements_max ||
                    longer.size() + parts * keys.size() > elements_max - elements_)
                    return too_many(leg.rule->name);
                if (!is_near && !span.is_single()) map.intervals = true;
                for (Number i = 0; i < parts; ++i) {
                    const Span part = is_near ? Span{span.first + i, span.first + i} : span;
                    const std::string value = value_text(field, lane.family, part);
                    for (const auto& [key, address] : keys)
                        longer.emplace_back(
                            key.empty() ? value : key + " . " + value,
                            is_near ? address_of(part.first, lane.family) : address);
                }
            }
            keys = std::move(longer);
        }
        elements_ += keys.size();
        for (const auto& [key, address] : keys) {
            TRY_ASSIGN(const std::string counter, add_counter(leg, address));
            map.elements.push_back(fmt::format("{} : \"{}\"", key, counter));
        }
        return {};
    }

    Result<std::string> add_counter(const LaneLeg& leg, const Address& address) {
        std::string name = counter_text({leg.leg->direction, leg.rule->name, address});
        if (name.size() > counter_octets_max)
            return fail(ErrorCode::invalid,
                        fmt::format("rule '{}': the name is too long for counters of addresses. "
                                    "Next: choose a shorter one",
                                    leg.rule->name));
        if (!address.empty() && addresses_.insert(address).second &&
            addresses_.size() > addresses_max)
            return too_many(leg.rule->name);
        counters_.insert(name);
        return name;
    }

    static std::unexpected<Error> too_many(const std::string& rule) {
        return fail(ErrorCode::over_limit,
                    fmt::format("rule '{}': the rules have more than {} values, or more than {} "
                                "addresses with per_address. Next: use shorter lists, or prefixes",
                                rule, elements_max, addresses_max));
    }

    Ruleset finish() {
        set_.counters.assign(counters_.begin(), counters_.end());
        // Loopback passes two hooks: it counts where it is sent.
        if (auto& rules = bases_.at(hook_input).rules; !rules.empty())
            rules.emplace(rules.begin(), "iifname \"lo\" return");
        for (auto& [hook, chain] : bases_)
            if (!chain.rules.empty()) set_.chains.push_back(std::move(chain));
        Mark mark;
        std::string all = fmt::format("{}", set_.options.priority);
        for (const CounterMap& map : set_.maps) {
            all += map.name;
            mark.references += map.elements.size();
        }
        for (const CounterChain& chain : set_.chains) {
            all += fmt::format("{}{}", chain.name, fmt::join(chain.rules, ";"));
            mark.rules += chain.rules.size();
            for (const std::string& rule : chain.rules)
                if (rule.find("counter name \"") != std::string::npos) ++mark.references;
        }
        all += fmt::format("{}", fmt::join(set_.counters, ","));
        mark.content = text_hash(all, 0);
        set_.mark = mark_chain(mark);
        return std::move(set_);
    }

    Ruleset set_;
    std::map<Hook, CounterChain> bases_;
    std::set<std::string> counters_;
    std::set<Address> addresses_;
    std::size_t elements_ = 0;
};

}  // namespace

Result<Ruleset> compile(std::span<const RuleConfig> rules, const ServiceNames& names,
                        const TableOptions& options) {
    if (rules.size() > rules_max)
        return fail(ErrorCode::over_limit,
                    fmt::format("there are {} rules; at most {} are allowed. Next: give a rule a "
                                "list of addresses, or per_address",
                                rules.size(), rules_max));
    std::vector<AccountingRule> parsed;
    std::set<std::string> taken;
    for (const RuleConfig& rule : rules) {
        TRY_ASSIGN(AccountingRule one, parse_rule(rule, names));
        if (!one.group.empty()) taken.insert(rest_of(one.group));
        parsed.push_back(std::move(one));
    }
    for (const AccountingRule& rule : parsed)
        if (!taken.insert(rule.name).second)
            return fail(
                ErrorCode::invalid,
                fmt::format("rule '{}': there are two of this name. Next: rename one", rule.name));
    return Compiler(options).compile(parsed);
}

}  // namespace octroi::accounting
