// SPDX-License-Identifier: GPL-3.0-or-later
#include "attribute/class_table.hpp"

#include <fmt/format.h>
#include <sodium.h>

#include <algorithm>
#include <array>

#include "attribute/builtin_classes.hpp"
#include "base/byte_cursor.hpp"
#include "base/check.hpp"
#include "base/id.hpp"
#include "base/narrow.hpp"

namespace octroi {
namespace {

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
    // char may alias anything, but libsodium takes unsigned char: copied through a small buffer.
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
        case ClassRule::Kind::other:
            return false;
    }
    return false;
}

}  // namespace

// "octroi class table 1", the default class, the used names in order, the routes; counts in front
// of lists.
std::string class_table_version(const ClassTable& table) {
    std::vector<bool> used(table.classes.size(), false);
    for (const ClassRoute& route : table.routes) {
        CHECK(route.class_index < table.classes.size());
        used[route.class_index] = true;
    }
    std::vector<std::string> names;
    for (std::size_t i = 0; i < used.size(); ++i) {
        if (used[i]) names.push_back(table.classes[i]);
    }
    std::sort(names.begin(), names.end());
    names.erase(std::unique(names.begin(), names.end()), names.end());
    std::vector<std::uint32_t> rank(table.classes.size(), 0);
    for (std::size_t i = 0; i < rank.size(); ++i) {
        const auto place = std::lower_bound(names.begin(), names.end(), table.classes[i]);
        rank[i] = static_cast<std::uint32_t>(place - names.begin());
    }
    ContentHash hash;
    ByteWriter head;
    head.text("octroi class table 1");
    head.text(table.default_class);
    head.be32(narrow<std::uint32_t>(names.size()));
    for (const std::string& name : names) head.text(name);
    head.be64(table.routes.size());
    hash.add(head.octets());
    constexpr std::size_t chunk = 4096;
    for (std::size_t begin = 0; begin < table.routes.size(); begin += chunk) {
        ByteWriter part;
        const std::size_t end = std::min(begin + chunk, table.routes.size());
        for (std::size_t i = begin; i < end; ++i) {
            const ClassRoute& route = table.routes[i];
            CHECK(i == 0 || table.routes[i - 1].prefix < route.prefix);
            write_route(route.prefix, rank[route.class_index], part);
        }
        hash.add(part.octets());
    }
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
            default:
                has_as_rule_ = has_as_rule_ || rule.kind == ClassRule::Kind::as_range;
                has_within_rule_ = has_within_rule_ || rule.kind == ClassRule::Kind::within;
                rules_.push_back(std::move(rule));
        }
    }
    if (default_class_.empty()) default_class_ = no_table_class;
}

void ClassTableBuilder::add(const Prefix& prefix, std::span<const std::uint32_t> origins,
                            std::string_view word, std::uint32_t votes, bool from_list) {
    // With thousands of `as` rules the answer for an AS is worth remembering, where nothing else
    // counts.
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
    votes_.add(prefix, label, votes);
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

Status ClassTableBuilder::name_classes(ClassTable& table,
                                       std::vector<std::uint16_t>& index_of_label) {
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
        index_of_label.push_back(static_cast<std::uint16_t>(place - table.classes.begin()));
    }
    return {};
}

Result<ClassTable> ClassTableBuilder::finish() {
    std::vector<LpmEntry> forced;
    for (const ClassRule& rule : routes_of_rules_)
        forced.push_back({rule.prefix, intern(rule.class_name)});
    ClassTable table;
    table.default_class = default_class_;
    std::vector<std::uint16_t> index_of_label;
    TRY(name_classes(table, index_of_label));

    const auto by_prefix = [](const LpmEntry& a, const LpmEntry& b) { return a.prefix < b.prefix; };
    std::stable_sort(forced.begin(), forced.end(), by_prefix);
    const std::vector<LpmEntry> voted =
        votes_.winners([&](std::uint32_t label) { return std::uint32_t{index_of_label[label]}; });
    std::vector<LpmEntry> all;
    all.reserve(voted.size() + forced.size());
    // Of equal prefixes merge() puts the voted one first; the last one counts.
    std::merge(voted.begin(), voted.end(), forced.begin(), forced.end(), std::back_inserter(all),
               by_prefix);
    table.routes.reserve(all.size());
    for (const LpmEntry& entry : all) {
        const ClassRoute route{entry.prefix, index_of_label[entry.value]};
        if (!table.routes.empty() && table.routes.back().prefix == route.prefix) {
            table.routes.back() = route;
        } else {
            table.routes.push_back(route);
        }
    }
    table.version = class_table_version(table);
    return table;
}

CompiledClasses::CompiledClasses() : names_{std::string(no_table_class)} {}

CompiledClasses::CompiledClasses(const ClassTable& table)
    : names_(table.classes), version_(table.version) {
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
}

ClassLookup::ClassLookup(const ClassTable& table) : table_(table) {
    std::vector<LpmEntry> entries;
    entries.reserve(table.routes.size());
    for (std::uint32_t i = 0; i < table.routes.size(); ++i)
        entries.push_back({table.routes[i].prefix, i});
    lpm_ = Lpm(std::move(entries));
}

ClassLookup::Match ClassLookup::find(const Address& address) const {
    const std::uint32_t place = lpm_.find(address);
    if (place == Lpm::no_match) return {std::nullopt, table_.default_class};
    const ClassRoute& route = table_.routes[place];
    return {route.prefix, table_.classes[route.class_index]};
}

}  // namespace octroi
