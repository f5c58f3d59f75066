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

// Whether the order of the two matters. A packet between two accounts of a group counts for one of
// them, whichever: if their order mattered, each account would need a lookup of its own.
bool is_ordered(const Leg& a, const Leg& b) {
    const bool between_accounts =
        a.direction != b.direction && !a.of(a.near()).empty() && !b.of(b.near()).empty();
    return !between_accounts && overlap(a, b);
}

bool decides(const Lane& lane, const Leg& leg) {
    return std::ranges::any_of(lane.legs,
                               [&](const LaneLeg& other) { return is_ordered(*other.leg, leg); });
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
        if (decides(lanes[i], leg)) break;
        if (lanes[i].has_same_form(form) && !overlaps(lanes[i], leg)) return lanes[i];
    }
    return add_lane(lanes, std::move(form));
}

template <typename Choose>
std::vector<Lane> fill_lanes(std::span<const AccountingRule* const> rules, Choose choose) {
    std::vector<Lane> lanes;
    for (const AccountingRule* rule : rules)
        for (const Leg& leg : rule->legs)
            choose(lanes, form_of(leg), leg).legs.push_back({rule, &leg});
    return lanes;
}

}  // namespace

bool is_too_long(std::span<const Field> key, Family family) {
    std::size_t octets = 0;
    for (const Field field : key) octets += key_octets_of(field, family);
    return octets > key_octets_max || key.size() > key_fields_max;
}

std::vector<Lane> lanes_of(std::span<const AccountingRule* const> rules) {
    return fill_lanes(rules, first_free);
}

std::vector<Lane> exclusive_lanes_of(std::span<const AccountingRule* const> rules) {
    return fill_lanes(rules, last_free);
}

}  // namespace octroi::accounting
