// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// The ends and the service of the traffic that a counter of ours counts.

#include <boost/unordered/unordered_flat_map.hpp>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/text_hash.hpp"
#include "config/rule_config.hpp"
#include "meter/name_table.hpp"
#include "meter/nftables/counter_name.hpp"
#include "record/counted_volume.hpp"

namespace octroi::accounting {

struct CounterEnds {
    CountedDirection direction = CountedDirection::in;
    NameRef local = no_name;
    NameRef far = no_name;
    NameRef service = no_name;
    // The counter names a booking that is not known here: `local` is `rule NAME`.
    bool has_unknown_booking = false;
};

struct RuleBooking {
    std::string rule;
    Booking booking;

    auto operator<=>(const RuleBooking&) const = default;
};

// One thread. Remembers each counter, and what rules that are gone were booked under: their
// counters may have counted since the last reading.
class RuleNames {
public:
    explicit RuleNames(std::span<const RuleConfig> rules) { add(rules); }

    // Adds rules. Those before stay known.
    void add(std::span<const RuleConfig> rules);
    // Adds bookings() of an earlier process.
    void add(std::span<const RuleBooking> bookings);
    // Drops the bookings that neither one of the rules nor one of the counters has. Rows of the
    // table stay.
    void drop_others(std::span<const RuleConfig> rules, std::span<const std::string> counters);
    // Null: the name of the counter is none of ours. Valid until the next call. A booking that
    // nobody knows: `rule NAME`, with has_unknown_booking. The rule came and went while no meter
    // ran, or another process has put it into the kernel.
    [[nodiscard]] const CounterEnds* find(std::string_view counter);
    // All but those under `rule NAME`. Sorted.
    [[nodiscard]] std::vector<RuleBooking> bookings() const;
    [[nodiscard]] const NameTable& table() const noexcept { return table_; }

private:
    struct Hash {
        using is_transparent = void;
        std::size_t operator()(std::string_view text) const noexcept { return text_hash(text, 0); }
    };
    struct Equal {
        using is_transparent = void;
        bool operator()(std::string_view a, std::string_view b) const noexcept { return a == b; }
    };
    template <typename Value>
    using ByText = boost::unordered_flat_map<std::string, Value, Hash, Equal>;
    struct Known {
        RuleBooking booking;
        CounterEnds ends;  // without a direction
    };

    void add_booking(RuleBooking booking);

    NameTable table_;
    ByText<Known> bookings_;  // by rule and booking_number()
    ByText<CounterEnds> counters_;
};

}  // namespace octroi::accounting
