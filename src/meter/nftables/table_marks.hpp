// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Empty chains of our table, with names that state what the table is. Tables have no other place
// for such a text that every kernel keeps.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace octroi::accounting {

// Where this chain is missing, another program made the table: for example from a saved ruleset,
// which has the counter values of another time. generation: TableCounters::generation.
[[nodiscard]] std::string born_chain(std::string_view generation);

// What the rules of a table are: a table with the same mark needs no change.
struct Mark {
    std::uint64_t content = 0;   // a hash of the whole content
    std::size_t rules = 0;       // in all chains
    std::size_t references = 0;  // from rules and elements of maps to counters

    auto operator<=>(const Mark&) const = default;
};

[[nodiscard]] std::string mark_chain(const Mark& mark);
// nullopt: the chain is no mark.
[[nodiscard]] std::optional<Mark> parse_mark(std::string_view chain);

}  // namespace octroi::accounting
