// SPDX-License-Identifier: GPL-3.0-or-later
#include "meter/nftables/ruleset.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>
#include <set>

#include "base/text_hash.hpp"
#include "meter/nftables/counter_name.hpp"
#include "meter/nftables/exact_legs.hpp"
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
            const std::string name = counter_text({direction, rest_of(group), 0, {}});
            counters_.insert(name);
            plain_.insert(name);
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

    // Takes the fields out of the key in which all legs have the same value, or the same interval:
    // to compare it costs less than a longer key. "oifname "ppp0" "
    static std::string extract_common(Lane& lane) {
        std::string text;
        const Leg& first = *lane.legs.front().leg;
        const auto is_common = [&](Field field) {
            if (first.of(field).size() != 1) return false;
            return std::ranges::all_of(lane.legs, [&](const LaneLeg& leg) {
                const bool is_counted = leg.rule->per_address && field == leg.leg->near();
                return !is_counted && leg.leg->of(field) == first.of(field);
            });
        };
        std::erase_if(lane.key, [&](Field field) {
            if (!is_common(field)) return false;
            text += fmt::format("{} {} ", expression_of(field, lane.family),
                                value_text(field, lane.family, first.of(field).front()));
            return true;
        });
        return text;
    }

    // What all legs have in common.
    static std::string before_lookup(const Lane& lane) {
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
        return text;
    }

    // "ip saddr 10.0.0.0/8 ": the prefix that all addresses of a field are in. Most packets have
    // one of our addresses, so that one of two lookups finds nothing. In a large map it reads
    // memory that no cache has: 400 ns, and to compare costs 10.
    static std::string common_addresses(const Lane& lane, std::size_t elements) {
        constexpr std::size_t large = 512;
        std::string text;
        if (elements < large) return text;
        for (const Field field : lane.key) {
            if (field != Field::source && field != Field::destination) continue;
            Number least = ~Number{0};
            Number most = 0;
            for (const LaneLeg& leg : lane.legs) {
                least = std::min(least, leg.leg->of(field).front().first);
                most = std::max(most, leg.leg->of(field).back().last);
            }
            const Span common = common_prefix(least, most);
            // A prefix of less than 4 bits leaves out too little.
            const Number all = lane.family == Family::v6 ? ~Number{0} : Number{UINT32_MAX};
            if (common.last - common.first > all >> 4U) continue;
            text += fmt::format("{} {} ", expression_of(field, lane.family),
                                value_text(field, lane.family, common));
        }
        return text;
    }

    // "ip saddr 10.0.0.0/8 counter name ip saddr map @m…"
    Result<std::string> statement(Lane lane) {
        std::string text = before_lookup(lane);
        text += extract_common(lane);
        if (lane.key.empty()) {
            TRY_ASSIGN(const std::string counter, add_counter(lane.legs.front(), {}));
            plain_.insert(counter);
            return text + fmt::format("counter name \"{}\"", counter);
        }
        if (is_too_long(lane.key, lane.family))
            return fail(ErrorCode::over_limit,
                        fmt::format("rule '{}': more than {} of its keys are lists or ranges, or "
                                    "its addresses are too long for one lookup. Next: make rules "
                                    "with single values",
                                    lane.legs.front().rule->name, key_fields_max));
        TRY_ASSIGN(const CounterMap* const map, add_map(lane));
        std::string key;
        for (const Field field : lane.key)
            key += fmt::format(
                "{}{}", key.empty() ? "" : " . ",
                masked_expression(field, lane.family, lane.legs.front().leg->length_of(field)));
        return text + fmt::format("{}counter name {} map @{}",
                                  common_addresses(lane, map->elements.size()), key, map->name);
    }

    // Valid until the next one is added.
    Result<const CounterMap*> add_map(const Lane& lane) {
        CounterMap map;
        for (const Field field : lane.key)
            map.type +=
                fmt::format("{}{}", map.type.empty() ? "" : " . ", type_of(field, lane.family));
        for (const LaneLeg& leg : lane.legs) TRY(add_elements(lane, leg, map));
        std::string content = fmt::format("{}{}", map.type, map.intervals);
        for (const MapElement& element : map.elements)
            content += fmt::format("{}:{},", element.key, element.counter);
        map.name = fmt::format("m{:016x}", text_hash(content, 0));
        for (MapElement& element : map.elements) {
            if (!map.intervals) continue;
            element.octets.clear();
            plain_.insert(element.counter);
        }
        const auto known = std::ranges::find(set_.maps, map.name, &CounterMap::name);
        if (known != set_.maps.end()) return &*known;
        set_.maps.push_back(std::move(map));
        return &set_.maps.back();
    }

    struct Key {
        std::string text;
        std::string octets;
        Address address;  // that is counted for itself
    };

    // Each key with each value of one more field.
    Status multiply(const Lane& lane, const LaneLeg& leg, Field field, CounterMap& map,
                    std::vector<Key>& keys) {
        const bool is_near = leg.rule->per_address && field == leg.leg->near();
        // The value of a packet is masked to the length of the prefix.
        const bool is_exact = is_near || leg.leg->length_of(field) != 0;
        std::vector<Key> longer;
        for (const Span& span : leg.leg->of(field)) {
            const Number parts = is_near ? span.last - span.first + 1 : Number{1};
            // 0: all addresses of IPv6.
            if (parts == 0 || parts > elements_max ||
                longer.size() + parts * keys.size() > elements_max - elements_)
                return too_many(leg.rule->name);
            if (!is_exact && !span.is_single()) map.intervals = true;
            for (Number i = 0; i < parts; ++i) {
                const Number first = span.first + i;
                const std::string text =
                    value_text(field, lane.family, is_exact ? Span{first, first} : span);
                const std::string octets =
                    value_octets(field, lane.family, first, lane.key.size() > 1);
                for (const Key& key : keys)
                    longer.push_back({key.text.empty() ? text : key.text + " . " + text,
                                      key.octets + octets,
                                      is_near ? address_of(first, lane.family) : key.address});
            }
        }
        keys = std::move(longer);
        return {};
    }

    // The product of the values of all fields.
    Status add_elements(const Lane& lane, const LaneLeg& leg, CounterMap& map) {
        std::vector<Key> keys{{}};
        for (const Field field : lane.key) TRY(multiply(lane, leg, field, map, keys));
        elements_ += keys.size();
        for (Key& key : keys) {
            TRY_ASSIGN(std::string counter, add_counter(leg, key.address));
            map.elements.push_back(
                {std::move(key.text), std::move(key.octets), std::move(counter)});
        }
        return {};
    }

    Result<std::string> add_counter(const LaneLeg& leg, const Address& address) {
        std::string name =
            counter_text({leg.leg->direction, leg.rule->name, leg.rule->booking, address});
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
        set_.plain_counters.assign(plain_.begin(), plain_.end());
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
    std::set<std::string> plain_;
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
    std::vector<AccountingRule> exact = parsed;
    make_exact(exact);
    auto set = Compiler(options).compile(exact);
    // Intervals have fewer elements.
    const bool is_too_much = !set && set.error().code == ErrorCode::over_limit;
    return is_too_much ? Compiler(options).compile(parsed) : std::move(set);
}

}  // namespace octroi::accounting
