// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// A [[rule]] as the packets that it matches.

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "base/address.hpp"
#include "base/result.hpp"
#include "config/rule_config.hpp"
#include "meter/nftables/counter_name.hpp"
#include "meter/nftables/service_names.hpp"
#include "meter/nftables/span.hpp"
#include "record/counted_volume.hpp"

namespace octroi::accounting {

// Bits.
enum Hook : std::uint8_t { hook_input = 1, hook_output = 2, hook_forward = 4, hook_all = 7 };

// Packets of one direction and one IP version. A packet matches if its value of each field is in
// the spans of that field.
struct Leg {
    CountedDirection direction = CountedDirection::in;
    std::uint8_t hooks = hook_all;
    Family family = Family::none;  // none: both
    bool fragments = false;
    FieldValues values;
    // A hash can look it up: make_exact().
    bool is_exact = false;
    // Of source and destination: each span is one prefix of this length. 0: any intervals.
    std::array<std::uint8_t, 2> lengths{};

    [[nodiscard]] const Spans& of(Field field) const { return values[index_of(field)]; }
    // The field of the near end's address.
    [[nodiscard]] Field near() const {
        return direction == CountedDirection::out ? Field::source : Field::destination;
    }
    [[nodiscard]] std::uint8_t length_of(Field field) const {
        return field == Field::source        ? lengths[0]
               : field == Field::destination ? lengths[1]
                                             : std::uint8_t{0};
    }
};

struct AccountingRule {
    std::string name;
    std::string group;
    bool per_address = false;
    std::uint32_t booking = 0;  // booking_number()
    std::vector<Leg> legs;
};

[[nodiscard]] Booking booking_of(const RuleConfig& config);

// Errors: invalid. The text names the rule.
[[nodiscard]] Result<AccountingRule> parse_rule(const RuleConfig& config,
                                                const ServiceNames& names);

// Whether a packet can match both.
[[nodiscard]] bool overlap(const Leg& a, const Leg& b) noexcept;

}  // namespace octroi::accounting
