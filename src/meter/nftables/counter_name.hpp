// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// The names of our counters in nftables: "out-physics", "in-physics/10.1.2.3",
// "out-physics/x01234567". A name of nft has letters, digits, '/', '-', '_' and '.', begins with a
// letter, and has at most 127 octets (NFT_OBJ_MAXNAMELEN, linux/netfilter/nf_tables.h).
//
// "x01234567" stands for the identity, the service and the class of the rule. So a counter belongs
// to the same ones for ever: a rule that gets another identity gets other counters, and the last
// increases of the counters before go to the identity before.
//
// DO NOT CHANGE: state files and running kernels contain these names.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/address.hpp"
#include "record/counted_volume.hpp"

namespace octroi::accounting {

// What the traffic of a rule is booked under, as the configuration has it. All empty: under
// `rule NAME`.
struct Booking {
    std::string identity;
    std::string service;
    std::string far_class;

    auto operator<=>(const Booking&) const = default;
};

// 0: all texts are empty. Two bookings of one rule with the same number: one of 2^32.
[[nodiscard]] std::uint32_t booking_number(const Booking& booking) noexcept;

struct CounterName {
    CountedDirection direction = CountedDirection::in;
    std::string rule;
    std::uint32_t booking = 0;  // booking_number()
    Address address;            // of a rule that counts each address; else empty
};

[[nodiscard]] std::string counter_text(const CounterName& name);
// nullopt: it is no name of ours.
[[nodiscard]] std::optional<CounterName> parse_counter(std::string_view text);

// The rule that counts what no rule of the group matches.
[[nodiscard]] inline std::string rest_of(std::string_view group) {
    return std::string(group) + ".rest";
}

}  // namespace octroi::accounting
