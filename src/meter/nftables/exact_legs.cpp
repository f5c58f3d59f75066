// SPDX-License-Identifier: GPL-3.0-or-later
#include "meter/nftables/exact_legs.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <tuple>
#include <utility>

namespace octroi::accounting {
namespace {

// Lookups of one form of rules, and the values that the ranges of one leg may become.
constexpr std::size_t lookups_max = 3;
constexpr std::size_t values_max = 64;
// A form of rules may have as many elements as this, or as this many times its prefixes.
constexpr std::size_t elements_allowed = 4096;
constexpr std::size_t growth_allowed = 4;
// A prefix becomes at most 2^this longer ones.
constexpr unsigned shift_max = 16;

unsigned bits_of(Family family) { return family == Family::v4 ? 32 : 128; }

bool is_address(std::size_t field) {
    return field == index_of(Field::source) || field == index_of(Field::destination);
}

// The host bits of a prefix of this length, all set.
Number host_bits(unsigned bits, unsigned length) {
    if (bits - length == 128) return ~Number{0};
    return (Number{1} << (bits - length)) - 1;
}

// Calls visit(first address, length) for the fewest prefixes that are the span, in order.
template <typename Visit>
void each_prefix(const Span& span, unsigned bits, Visit visit) {
    Number first = span.first;
    for (;;) {
        unsigned length = bits;
        while (length > 0 && (first & host_bits(bits, length - 1)) == 0 &&
               host_bits(bits, length - 1) <= span.last - first)
            --length;
        visit(first, length);
        const Number last = first + host_bits(bits, length);
        if (last >= span.last) return;
        first = last + 1;
    }
}

// How many prefixes there are of each length.
using Histogram = std::map<unsigned, std::size_t>;
using Lengths = std::vector<unsigned>;  // ascending

// The shortest length to which a prefix can be divided. 0: there is none.
unsigned target_of(const Lengths& lengths, unsigned length) {
    const auto found = std::ranges::lower_bound(lengths, length);
    return found == lengths.end() ? 0 : *found;
}

std::size_t elements_of(const Histogram& prefixes, const Lengths& lengths) {
    std::size_t sum = 0;
    for (const auto& [length, count] : prefixes) {
        const unsigned target = target_of(lengths, length);
        if (target == 0 || target - length > shift_max) return SIZE_MAX;
        sum += count << (target - length);
    }
    return sum;
}

// Adds the length that saves most elements.
void add_length(const Histogram& prefixes, Lengths& lengths) {
    Lengths best;
    std::size_t least = SIZE_MAX;
    for (const auto& [length, count] : prefixes) {
        if (std::ranges::find(lengths, length) != lengths.end()) continue;
        Lengths with = lengths;
        with.insert(std::ranges::upper_bound(with, length), length);
        const std::size_t elements = elements_of(prefixes, with);
        if (!best.empty() && elements >= least) continue;
        least = elements;
        best = std::move(with);
    }
    if (!best.empty()) lengths = std::move(best);
}

// Empty: a map of intervals costs less.
Lengths choose_lengths(const Histogram& prefixes) {
    std::size_t count = 0;
    for (const auto& [length, of_length] : prefixes) count += of_length;
    const std::size_t allowed = std::max(elements_allowed, growth_allowed * count);
    Lengths lengths{prefixes.rbegin()->first};
    while (elements_of(prefixes, lengths) > allowed) {
        if (lengths.size() == lookups_max) return {};
        const std::size_t before = lengths.size();
        add_length(prefixes, lengths);
        if (lengths.size() == before) return {};
    }
    return lengths;
}

// Ranges become their values. False: they are too many.
bool make_single(Spans& spans) {
    std::size_t count = 0;
    for (const Span& span : spans) {
        if (span.last - span.first >= values_max) return false;
        count += static_cast<std::size_t>(span.last - span.first) + 1;
    }
    if (count == spans.size()) return true;
    if (count > values_max) return false;
    Spans single;
    for (const Span& span : spans)
        for (Number value = span.first; value <= span.last; ++value)
            single.push_back({value, value});
    spans = std::move(single);
    return true;
}

bool make_others_single(Leg& leg) {
    FieldValues values = leg.values;
    std::size_t before = 1;
    std::size_t after = 1;
    for (std::size_t field = 0; field < field_count; ++field) {
        if (is_address(field) || values[field].empty()) continue;
        if (!make_single(values[field])) return false;
        before *= leg.values[field].size();
        after *= values[field].size();
    }
    if (after > std::max(values_max, before)) return false;
    std::size_t addresses = 1;
    for (const Field field : {Field::source, Field::destination})
        addresses *= std::max<std::size_t>(leg.of(field).size(), 1);
    if (after > before && after * addresses > elements_allowed) return false;
    leg.values = std::move(values);
    return true;
}

// Legs that one map would have.
using FormKey = std::tuple<std::string, std::uint8_t, Family, bool, unsigned, bool>;

struct Form {
    std::array<Histogram, 2> prefixes;  // of source, destination
    std::array<Lengths, 2> lengths;
    std::size_t lookups = 1;  // 0: intervals
};

constexpr std::array address_fields{Field::source, Field::destination};

bool counts_each(const AccountingRule& rule, const Leg& leg, Field field) {
    return rule.per_address && leg.near() == field;
}

FormKey key_of(const AccountingRule& rule, const Leg& leg) {
    unsigned fields = 0;
    for (std::size_t field = 0; field < field_count; ++field)
        if (!leg.values[field].empty()) fields |= 1U << field;
    return {rule.group, leg.hooks, leg.family, leg.fragments, fields, rule.per_address};
}

void note_prefixes(const AccountingRule& rule, const Leg& leg, Form& form) {
    for (std::size_t i = 0; i < address_fields.size(); ++i) {
        if (counts_each(rule, leg, address_fields[i])) continue;
        for (const Span& span : leg.of(address_fields[i]))
            each_prefix(span, bits_of(leg.family),
                        [&](Number, unsigned length) { ++form.prefixes[i][length]; });
    }
}

void choose(Form& form, Family family) {
    std::size_t masked = 0;
    for (std::size_t i = 0; i < address_fields.size(); ++i) {
        if (form.prefixes[i].empty()) continue;
        form.lengths[i] = choose_lengths(form.prefixes[i]);
        form.lookups *= form.lengths[i].size();
        if (!form.lengths[i].empty() && form.lengths[i].front() != bits_of(family)) ++masked;
    }
    // nft 1.0.6 prints a second masked field so that it cannot read it again, and a ruleset that
    // somebody saves must stay one that can be restored.
    if (form.lookups > lookups_max || masked > 1) form.lookups = 0;
}

// The prefixes of one field by their length.
std::vector<std::pair<unsigned, Spans>> parts_of(const AccountingRule& rule, const Leg& leg,
                                                 std::size_t i, const Lengths& lengths) {
    const Field field = address_fields[i];
    const Spans& spans = leg.of(field);
    const unsigned bits = bits_of(leg.family);
    if (spans.empty()) return {{0, {}}};
    if (counts_each(rule, leg, field)) return {{bits, spans}};
    std::map<unsigned, Spans> parts;
    for (const Span& span : spans)
        each_prefix(span, bits, [&](Number first, unsigned length) {
            const unsigned target = target_of(lengths, length);
            const std::size_t count = std::size_t{1} << (target - length);
            const Number size = host_bits(bits, target);
            for (std::size_t k = 0; k < count; ++k, first += size + 1)
                parts[target].push_back({first, first + size});
        });
    return {parts.begin(), parts.end()};
}

void split(const AccountingRule& rule, const Leg& leg, const Form& form, std::vector<Leg>& legs) {
    const auto sources = parts_of(rule, leg, 0, form.lengths[0]);
    const auto destinations = parts_of(rule, leg, 1, form.lengths[1]);
    for (const auto& [source_length, source] : sources)
        for (const auto& [destination_length, destination] : destinations) {
            Leg& part = legs.emplace_back(leg);
            part.values[index_of(Field::source)] = source;
            part.values[index_of(Field::destination)] = destination;
            part.is_exact = true;
            part.lengths = {static_cast<std::uint8_t>(source_length),
                            static_cast<std::uint8_t>(destination_length)};
        }
}

}  // namespace

void make_exact(std::vector<AccountingRule>& rules) {
    std::map<FormKey, Form> forms;
    std::vector<std::vector<bool>> can_be(rules.size());
    for (std::size_t i = 0; i < rules.size(); ++i)
        for (Leg& leg : rules[i].legs) {
            can_be[i].push_back(make_others_single(leg));
            if (can_be[i].back()) note_prefixes(rules[i], leg, forms[key_of(rules[i], leg)]);
        }
    for (auto& [key, form] : forms) choose(form, std::get<Family>(key));
    for (std::size_t i = 0; i < rules.size(); ++i) {
        std::vector<Leg> legs;
        for (std::size_t k = 0; k < rules[i].legs.size(); ++k) {
            const Leg& leg = rules[i].legs[k];
            const Form* form = can_be[i][k] ? &forms[key_of(rules[i], leg)] : nullptr;
            if (form != nullptr && form->lookups > 0)
                split(rules[i], leg, *form, legs);
            else
                legs.push_back(leg);
        }
        rules[i].legs = std::move(legs);
    }
}

}  // namespace octroi::accounting
