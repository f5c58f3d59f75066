// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// The ends and the service of the traffic that a counter of ours counts.

#include <boost/unordered/unordered_flat_map.hpp>
#include <span>
#include <string>
#include <string_view>

#include "base/text_hash.hpp"
#include "config/rule_config.hpp"
#include "meter/name_table.hpp"
#include "record/counted_volume.hpp"

namespace octroi::accounting {

struct CounterEnds {
    CountedDirection direction = CountedDirection::in;
    NameRef local = no_name;
    NameRef far = no_name;
    NameRef service = no_name;
};

// One thread. Remembers each counter.
class RuleNames {
public:
    explicit RuleNames(std::span<const RuleConfig> rules) { replace(rules); }

    // Rows of the table stay.
    void replace(std::span<const RuleConfig> rules);
    // Null: the name of the counter is none of ours. Valid until the next call.
    [[nodiscard]] const CounterEnds* find(std::string_view counter);
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

    NameTable table_;
    ByText<CounterEnds> rules_;  // without a direction
    ByText<CounterEnds> counters_;
};

}  // namespace octroi::accounting
