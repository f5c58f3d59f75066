// SPDX-License-Identifier: GPL-3.0-or-later
#include "meter/nftables/lanes.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace octroi::accounting {
namespace {

// In a concatenation each field fills registers of 4 octets.
std::size_t key_octets_of(Field field, Family family) {
    switch (field) {
        case Field::in_interface:
        case Field::out_interface:
            return 16;
        case Field::mac:
            return 8;
        case Field::source:
        case Field::destination:
            return family == Family::v6 ? 16 : 4;
        default:
            return 4;
    }
}

Lane form_of(const Leg& leg) {
    Lane lane{.family = leg.family,
              .hooks = leg.hooks,
              .fragments = leg.fragments,
              .is_exact = leg.is_exact,
              .lengths = leg.lengths,
              .key = {},
              .constants = {},
              .legs = {}};
    std::size_t octets = 0;
    std::size_t fields = 0;
    for (std::size_t i = 0; i < field_count; ++i) {
        if (leg.values[i].empty()) continue;
        octets += key_octets_of(static_cast<Field>(i), leg.family);
        ++fields;
    }
    for (std::size_t i = 0; i < field_count; ++i) {
        if (leg.values[i].empty()) continue;
        const auto field = static_cast<Field>(i);
        const bool is_constant = (octets > key_octets_max || fields > key_fields_max) &&
                                 leg.values[i].size() == 1 && leg.values[i].front().is_single();
        if (is_constant) {
            octets -= key_octets_of(field, leg.family);
            --fields;
            lane.constants.emplace_back(field, leg.values[i].front().first);
        } else {
            lane.key.push_back(field);
        }
    }
    // nft reads a mask in the first field only.
    std::ranges::stable_partition(lane.key, [&](Field field) {
        const std::uint8_t length = leg.length_of(field);
        return length != 0 && length != (leg.family == Family::v6 ? 128 : 32);
    });
    return lane;
}

bool overlaps(const Lane& lane, const Leg& leg) {
    return std::ranges::any_of(lane.legs,
                               [&](const LaneLeg& other) { return overlap(*other.leg, leg); });
}

Lane& add_lane(std::vector<Lane>& lanes, Lane form) {
    lanes.push_back(std::move(form));
    return lanes.back();
}

Lane& first_free(std::vector<Lane>& lanes, Lane form, const Leg& leg) {
    for (Lane& lane : lanes)
        if (lane.has_same_form(form) && !overlaps(lane, leg)) return lane;
    return add_lane(lanes, std::move(form));
}

// A leg may go into an earlier lane only if no packet that it matches is decided in between.
Lane& last_free(std::vector<Lane>& lanes, Lane form, const Leg& leg) {
    for (std::size_t i = lanes.size(); i-- > 0;) {
        if (overlaps(lanes[i], leg)) break;
        if (lanes[i].has_same_form(form)) return lanes[i];
    }
    return add_lane(lanes, std::move(form));
}

void add_leg(std::vector<Lane>& lanes, const AccountingRule& rule, const Leg& leg) {
    last_free(lanes, form_of(leg), leg).legs.push_back({&rule, &leg});
}

bool names_addresses(const AccountingRule& rule) {
    return std::ranges::all_of(rule.legs,
                               [](const Leg& leg) { return !leg.of(leg.near()).empty(); });
}

}  // namespace

bool is_too_long(std::span<const Field> key, Family family) {
    std::size_t octets = 0;
    for (const Field field : key) octets += key_octets_of(field, family);
    return octets > key_octets_max || key.size() > key_fields_max;
}

std::vector<Lane> lanes_of(std::span<const AccountingRule* const> rules) {
    std::vector<Lane> lanes;
    for (const AccountingRule* rule : rules)
        for (const Leg& leg : rule->legs)
            first_free(lanes, form_of(leg), leg).legs.push_back({rule, &leg});
    return lanes;
}

std::vector<Lane> exclusive_lanes_of(std::span<const AccountingRule* const> rules) {
    std::vector<Lane> lanes;
    const auto has_addresses = [](const AccountingRule* rule) { return names_addresses(*rule); };
    for (auto from = rules.begin(); from != rules.end();) {
        const auto to =
            has_addresses(*from) ? std::find_if_not(from, rules.end(), has_addresses) : from + 1;
        // If the order of the rules decided between a sender and a receiver, each of them would
        // need a lookup of its own.
        for (const auto direction : {CountedDirection::out, CountedDirection::in})
            for (auto rule = from; rule != to; ++rule)
                for (const Leg& leg : (*rule)->legs)
                    if (leg.direction == direction) add_leg(lanes, **rule, leg);
        from = to;
    }
    return lanes;
}

}  // namespace octroi::accounting
