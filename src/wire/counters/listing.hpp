// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Helpers of the parsers of listings.

#include <string_view>
#include <utility>

#include "wire/counters/listed_counter.hpp"

namespace octroi::counters {

// Adds the counter, or counts it as unread where there are too many.
void add_counter(CounterListing& listing, ListedCounter&& counter);
void add_unread(CounterListing& listing, std::string_view text);

// The user of `--uid-owner N` or `owner UID match N`, behind that text. nullopt: a range, or none.
[[nodiscard]] std::optional<std::uint32_t> parse_uid(std::string_view text);

}  // namespace octroi::counters
