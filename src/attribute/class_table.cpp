// SPDX-License-Identifier: GPL-3.0-or-later
#include "attribute/class_table.hpp"

#include <fmt/format.h>
#include <sodium.h>

#include <algorithm>
#include <array>
#include <map>

#include "attribute/builtin_classes.hpp"
#include "base/byte_cursor.hpp"
#include "base/check.hpp"
#include "base/id.hpp"
#include "base/narrow.hpp"

namespace octroi {
namespace {

// A class index has 16 bits.
constexpr std::size_t classes_max = 65'535;
constexpr std::size_t version_octets = 32;
constexpr std::uint32_t unmatched_label = 0xFFFFFFFFU;

class ContentHash {
public:
    ContentHash() { CHECK(crypto_generichash_init(&state_, nullptr, 0, version_octets) == 0); }
    void add(std::string_view octets) {
        CHECK(crypto_generichash_update(&state_, as_bytes(octets), octets.size()) == 0);
    }
    std::string hex() {
        std::array<unsigned char, version_octets> digest{};
        CHECK(crypto_generichash_final(&state_, digest.data(), digest.size()) == 0);
        return to_hex(std::string(digest.begin(), digest.end()));
    }

private:
    // Through a small buffer, because libsodium takes unsigned char.
    const unsigned char* as_bytes(std::string_view octets) {
        buffer_.assign(octets.begin(), octets.end());
        return buffer_.data();
    }
    crypto_generichash_state state_{};
    std::vector<unsigned char> buffer_;
};

void write_route(const Prefix& prefix, std::uint32_t class_rank, ByteWriter& out) {
    out.u8(static_cast<std::uint8_t>(prefix.address.family));
    for (const std::uint8_t octet : prefix.address.octets) out.u8(octet);
    out.u8(prefix.length);
    out.be32(class_rank);
}

// The names that a table uses, sorted, and the index of each of its classes among them.
class Ranks {
public:
    explicit Ranks(const ClassTable& table) {
        std::vector<bool> used(table.classes.size(), false);
        const auto use = [&](const auto& list) {
            for (const auto& entry : list) {
                CHECK(entry.class_index < table.classes.size());
                used[entry.class_index] = true;
            }
        };
        use(table.routes);
        use(table.ases);
        use(table.next_hops);
        for (std::size_t i = 0; i < used.size(); ++i) {
            if (used[i]) names_.push_back(table.classes[i]);
        }
        std::sort(names_.begin(), names_.end());
        names_.erase(std::unique(names_.begin(), names_.end()), names_.end());
        for (const std::string& name : table.classes) {
            const auto place = std::lower_bound(names_.begin(), names_.end(), name);
            ranks_.push_back(static_cast<std::uint32_t>(place - names_.begin()));
        }
    }
    [[nodiscard]] const std::vector<std::string>& names() const { return names_; }
    [[nodiscard]] std::uint32_t of(std::uint16_t class_index) const { return ranks_[class_index]; }

private:
    std::vector<std::string> names_;
    std::vector<std::uint32_t> ranks_;
};

// Hashes the classes of AS numbers and next hops.
std::string stated_octets(const ClassTable& table, const Ranks& ranks) {
    ByteWriter out;
    out.be64(table.ases.size());
    for (const ClassAses& range : table.ases) {
        out.be32(range.first);
        out.be32(range.last);
        out.be32(ranks.of(range.class_index));
    }
    out.be64(table.next_hops.size());
    for (const auto& [next_hop, class_index] : table.next_hops)
        write_route({next_hop, static_cast<std::uint8_t>(next_hop.bits())}, ranks.of(class_index),
                    out);
    return out.drain();
}

const ClassNextHop* entry_of(std::span<const ClassNextHop> entries, const Address& next_hop) {
    const auto at = std::lower_bound(
        entries.begin(), entries.end(), next_hop,
        [](const ClassNextHop& entry, const Address& wanted) { return entry.next_hop < wanted; });
    return at == entries.end() || at->next_hop != next_hop ? nullptr : &*at;
}

bool matches(const ClassRule& rule, const Prefix& prefix, std::span<const std::uint32_t> origins,
             std::string_view word, bool own) {
    switch (rule.kind) {
        case ClassRule::Kind::as_range:
            return std::ranges::any_of(origins, [&](std::uint32_t as) {
                return as >= rule.first_as && as <= rule.last_as;
            });
        case ClassRule::Kind::within:
            return prefix.length >= rule.prefix.length && rule.prefix.contains(prefix.address);
        case ClassRule::Kind::word:
            return !word.empty() && word == rule.word;
        case ClassRule::Kind::own:
            return own;
        case ClassRule::Kind::prefix:
        case ClassRule::Kind::next_hop:
        case ClassRule::Kind::other:
            return false;
    }
    return false;
}

Status too_many_routes() {
    return fail(ErrorCode::over_limit,
                fmt::format("there are more than {} prefixes, which a class table may have; next: "
                            "leave out those of the default class, or join neighbours",
                            RouteVotes::pairs_max));
}

}  // namespace

// "octroi class table 1", the default class, the used names in order, the routes; then, where there
// are any, AS numbers and next hops. Counts in front of lists.
std::string class_table_version(const ClassTable& table) {
    const Ranks ranks(table);
    ContentHash hash;
    ByteWriter head;
    head.text("octroi class table 1");
    head.text(table.default_class);
    head.be32(narrow<std::uint32_t>(ranks.names().size()));
    for (const std::string& name : ranks.names()) head.text(name);
    head.be64(table.routes.size());
    hash.add(head.octets());
    // In parts: a full routing table need not be in memory a second time.
    constexpr std::size_t chunk = 4096;
    for (std::size_t begin = 0; begin < table.routes.size(); begin += chunk) {
        ByteWriter part;
        const std::size_t end = std::min(begin + chunk, table.routes.size());
        for (std::size_t i = begin; i < end; ++i) {
            const ClassRoute& route = table.routes[i];
            CHECK(i == 0 || table.routes[i - 1].prefix < route.prefix);
            write_route(route.prefix, ranks.of(route.class_index), part);
        }
        hash.add(part.octets());
    }
    if (!table.ases.empty() || !table.next_hops.empty()) hash.add(stated_octets(table, ranks));
    return hash.hex();
}

ClassTableBuilder::ClassTableBuilder(std::vector<ClassRule> rules, std::string default_class,
                                     std::string bare_class)
    : default_class_(std::move(default_class)), bare_class_(std::move(bare_class)) {
    for (ClassRule& rule : rules) {
        switch (rule.kind) {
            case ClassRule::Kind::other:
                default_class_ = rule.class_name;
                break;
            case ClassRule::Kind::prefix:
                routes_of_rules_.push_back(std::move(rule));
                break;
            case ClassRule::Kind::next_hop:
                next_hop_rules_.push_back(std::move(rule));
                break;
            default:
                has_as_rule_ = has_as_rule_ || rule.kind == ClassRule::Kind::as_range;
                has_within_rule_ = has_within_rule_ || rule.kind == ClassRule::Kind::within;
                rules_.push_back(std::move(rule));
        }
    }
    if (default_class_.empty()) default_class_ = no_table_class;
}

Status ClassTableBuilder::add(const Prefix& prefix, std::span<const std::uint32_t> origins,
                              std::string_view word, std::uint32_t votes, RoutePlace place) {
    const bool from_list = place.line != 0;
    // There may be thousands of `as` rules: cache the result for an AS if it depends on nothing
    // else.
    const bool by_as_only =
        has_as_rule_ && !has_within_rule_ && word.empty() && origins.size() == 1;
    std::uint32_t label = 0;
    if (!by_as_only) {
        label = label_of(prefix, origins, word, from_list);
    } else if (const auto known = by_as_.find(origins.front()); known != by_as_.end()) {
        label = known->second;
    } else {
        label = label_of(prefix, origins, word, from_list);
        by_as_.emplace(origins.front(), label);
    }
    if (label == unmatched_label) {
        ++unmatched_;
        label = intern(default_class_);
    }
    // An AS number is an origin, not a class, if rules give ASes their classes: a prefix may have
    // several.
    const bool states_class = origins.empty() || (origins.size() == 1 && !has_as_rule_);
    return votes_.add(prefix, label, votes, states_class ? place : RoutePlace{})
               ? Status{}
               : too_many_routes();
}

std::uint32_t ClassTableBuilder::label_of(const Prefix& prefix,
                                          std::span<const std::uint32_t> origins,
                                          std::string_view word, bool from_list) {
    const bool own = origins.empty() && word.empty() && !from_list;
    for (const ClassRule& rule : rules_) {
        if (matches(rule, prefix, origins, word, own)) return intern(rule.class_name);
    }
    if (!word.empty()) return intern(word);
    if (from_list && origins.empty() && !bare_class_.empty()) return intern(bare_class_);
    if (from_list && origins.size() == 1 && !has_as_rule_)
        return intern(fmt::to_string(origins.front()));
    return unmatched_label;
}

std::uint32_t ClassTableBuilder::intern(std::string_view class_name) {
    const auto [it, is_new] =
        labels_.try_emplace(std::string(class_name), narrow<std::uint32_t>(names_.size()));
    if (is_new) names_.emplace_back(class_name);
    return it->second;
}

Status ClassTableBuilder::name_classes(ClassTable& table) {
    if (names_.size() > classes_max) {
        return fail(
            ErrorCode::over_limit,
            fmt::format(
                "{} classes are more than the {} that a table may have; group them by rules",
                names_.size(), classes_max));
    }
    for (const std::string& name : names_) TRY(check_class_name(name));
    TRY(check_class_name(default_class_));
    table.classes = names_;
    std::sort(table.classes.begin(), table.classes.end());
    for (const std::string& name : names_) {
        const auto place = std::lower_bound(table.classes.begin(), table.classes.end(), name);
        index_of_label_.push_back(static_cast<std::uint16_t>(place - table.classes.begin()));
    }
    return {};
}

std::uint16_t ClassTableBuilder::index_of(std::string_view class_name) {
    return index_of_label_[intern(class_name)];
}

void ClassTableBuilder::drop_conflicts() {
    conflict_count_ = votes_.remove_conflicts([&](const auto& first, const auto& second) {
        if (conflicts_.size() >= conflicts_max) return;
        conflicts_.push_back({first.prefix, first.place(), second.place(), names_[first.label],
                              names_[second.label]});
    });
    std::ranges::sort(conflicts_, {}, &Conflict::second);
}

Status ClassTableBuilder::add_routes(ClassTable& table) {
    std::vector<LpmEntry> forced;
    for (const ClassRule& rule : routes_of_rules_)
        forced.push_back({rule.prefix, intern(rule.class_name)});
    const auto by_prefix = [](const LpmEntry& a, const LpmEntry& b) { return a.prefix < b.prefix; };
    std::stable_sort(forced.begin(), forced.end(), by_prefix);
    const std::vector<LpmEntry> voted =
        votes_.winners([&](std::uint32_t label) { return std::uint32_t{index_of_label_[label]}; });
    std::vector<LpmEntry> all;
    all.reserve(voted.size() + forced.size());
    // merge() puts the voted one of equal prefixes first; the last one counts.
    std::merge(voted.begin(), voted.end(), forced.begin(), forced.end(), std::back_inserter(all),
               by_prefix);
    table.routes.reserve(all.size());
    for (const LpmEntry& entry : all) {
        const ClassRoute route{entry.prefix, index_of_label_[entry.value]};
        if (!table.routes.empty() && table.routes.back().prefix == route.prefix) {
            table.routes.back() = route;
        } else {
            table.routes.push_back(route);
        }
    }
    return table.routes.size() > RouteVotes::pairs_max ? too_many_routes() : Status{};
}

// Each rule gets the numbers that no rule before it has.
void ClassTableBuilder::add_ases(ClassTable& table) {
    std::map<std::uint64_t, ClassAses> ranges;  // by their first number
    for (const ClassRule& rule : rules_) {
        if (rule.kind != ClassRule::Kind::as_range) continue;
        std::uint64_t at = rule.first_as;
        auto next = ranges.upper_bound(at);
        if (next != ranges.begin())
            at = std::max(at, std::uint64_t{std::prev(next)->second.last} + 1);
        while (at <= rule.last_as) {
            const std::uint64_t end = next == ranges.end() ? UINT64_MAX : next->first;
            const auto last =
                static_cast<std::uint32_t>(std::min<std::uint64_t>(rule.last_as, end - 1));
            if (at < end)
                ranges[at] = {static_cast<std::uint32_t>(at), last, index_of(rule.class_name)};
            if (next == ranges.end()) break;
            at = std::uint64_t{next->second.last} + 1;
            ++next;
        }
    }
    for (const auto& [first, range] : ranges) {
        ClassAses* before = table.ases.empty() ? nullptr : &table.ases.back();
        const bool goes_on = before != nullptr && std::uint64_t{before->last} + 1 == first &&
                             before->class_index == range.class_index;
        if (goes_on) {
            before->last = range.last;
        } else {
            table.ases.push_back(range);
        }
    }
}

void ClassTableBuilder::add_next_hops(ClassTable& table) {
    std::map<Address, std::uint16_t> classes;
    for (const ClassRule& rule : next_hop_rules_)
        classes[rule.next_hop] = index_of(rule.class_name);
    for (const auto& [next_hop, class_index] : classes)
        table.next_hops.push_back({next_hop, class_index});
}

Result<ClassTable> ClassTableBuilder::finish() {
    for (const auto* list : {&rules_, &routes_of_rules_, &next_hop_rules_}) {
        for (const ClassRule& rule : *list) {
            const bool needs_route = rule.kind == ClassRule::Kind::within ||
                                     rule.kind == ClassRule::Kind::word ||
                                     rule.kind == ClassRule::Kind::own;
            // These rules apply to AS numbers and next hops of readings too, also where no route
            // has met them. The others name a class only if a route did.
            if (!needs_route) intern(rule.class_name);
        }
    }
    ClassTable table;
    table.default_class = default_class_;
    TRY(name_classes(table));
    drop_conflicts();
    TRY(add_routes(table));
    add_ases(table);
    add_next_hops(table);
    table.version = class_table_version(table);
    return table;
}

CompiledClasses::CompiledClasses() : names_{std::string(no_table_class)} {}

CompiledClasses::CompiledClasses(const ClassTable& table)
    : names_(table.classes),
      version_(table.version),
      ases_(table.ases),
      next_hops_(table.next_hops) {
    const std::string default_class =
        table.default_class.empty() ? std::string(no_table_class) : table.default_class;
    const auto place = std::find(names_.begin(), names_.end(), default_class);
    default_index_ = static_cast<std::uint32_t>(place - names_.begin());
    if (place == names_.end()) names_.push_back(default_class);
    std::vector<LpmEntry> entries;
    entries.reserve(table.routes.size());
    for (const ClassRoute& route : table.routes) {
        CHECK(route.class_index < table.classes.size());
        entries.push_back({route.prefix, route.class_index});
    }
    lpm_ = Lpm(std::move(entries));
    for (const ClassAses& range : ases_) CHECK(range.class_index < table.classes.size());
    for (const ClassNextHop& entry : next_hops_) CHECK(entry.class_index < table.classes.size());
}

std::uint32_t CompiledClasses::find_as(std::uint32_t number) const noexcept {
    const ClassAses* range = range_of(ases_, number);
    return range == nullptr ? default_index_ : range->class_index;
}

std::uint32_t CompiledClasses::find_next_hop(const Address& next_hop) const noexcept {
    const ClassNextHop* entry = entry_of(next_hops_, next_hop);
    return entry == nullptr ? no_class : entry->class_index;
}

const ClassAses* range_of(std::span<const ClassAses> ranges, std::uint32_t number) noexcept {
    // 0: the exporter stated no AS.
    if (number == 0) return nullptr;
    const auto behind =
        std::upper_bound(ranges.begin(), ranges.end(), number,
                         [](std::uint32_t n, const ClassAses& range) { return n < range.first; });
    if (behind == ranges.begin() || std::prev(behind)->last < number) return nullptr;
    return &*std::prev(behind);
}

ClassLookup::ClassLookup(const ClassTable& table) : table_(table) {
    std::vector<LpmEntry> entries;
    entries.reserve(table.routes.size());
    for (std::uint32_t i = 0; i < table.routes.size(); ++i)
        entries.push_back({table.routes[i].prefix, i});
    lpm_ = Lpm(std::move(entries));
}

ClassLookup::Match ClassLookup::find(const Address& address, std::uint32_t as,
                                     const Address& next_hop) const {
    Match match{.class_name = table_.default_class};
    const auto decided_by = [&](std::uint16_t class_index) {
        match.class_name = table_.classes[class_index];
        return match;
    };
    match.next_hop = entry_of(table_.next_hops, next_hop);
    if (match.next_hop != nullptr) return decided_by(match.next_hop->class_index);
    const std::uint32_t place = lpm_.find(address);
    if (place != Lpm::no_match) {
        match.prefix = table_.routes[place].prefix;
        return decided_by(table_.routes[place].class_index);
    }
    match.ases = range_of(table_.ases, as);
    if (match.ases != nullptr) return decided_by(match.ases->class_index);
    return match;
}

}  // namespace octroi
