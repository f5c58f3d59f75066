// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Legs that one lookup of the kernel can decide: they match the same fields, and no packet matches
// two of them. The number of lanes follows the number of forms of rules and the depth to which
// their prefixes are nested, not the number of rules.

#include <array>
#include <span>
#include <string>
#include <vector>

#include "meter/nftables/accounting_rule.hpp"

namespace octroi::accounting {

// NFT_DATA_VALUE_MAXLEN, linux/netfilter/nf_tables.h.
inline constexpr std::size_t key_octets_max = 64;
// libnftables describes a concatenation by 6 bits for each field, in 32 bits. It accepts a longer
// one, but its elements are wrong.
inline constexpr std::size_t key_fields_max = 5;

// A key beyond these limits.
[[nodiscard]] bool is_too_long(std::span<const Field> key, Family family);

struct LaneLeg {
    const AccountingRule* rule;  // borrowed
    const Leg* leg;              // borrowed
};

struct Lane {
    Family family = Family::none;
    std::uint8_t hooks = hook_all;
    bool fragments = false;
    bool is_exact = false;                  // as in Leg
    std::array<std::uint8_t, 2> lengths{};  // as in Leg
    std::vector<Field> key;                 // looked up
    // Equal in all legs, and compared before the lookup, because a key is limited.
    std::vector<std::pair<Field, Number>> constants;
    std::vector<LaneLeg> legs;

    [[nodiscard]] bool has_same_form(const Lane& other) const {
        return family == other.family && hooks == other.hooks && fragments == other.fragments &&
               is_exact == other.is_exact && lengths == other.lengths && key == other.key &&
               constants == other.constants;
    }
};

// Every leg that matches counts.
[[nodiscard]] std::vector<Lane> lanes_of(std::span<const AccountingRule* const> rules);
// The first leg that matches counts, in the order of the rules; then also of the lanes. Of rules
// that follow one another and all name addresses of their near ends, the legs of the direction out
// come first: a packet between two of them counts for its sender.
[[nodiscard]] std::vector<Lane> exclusive_lanes_of(std::span<const AccountingRule* const> rules);

}  // namespace octroi::accounting
