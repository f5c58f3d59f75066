// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// The text of a listing, of whichever program.

#include <string>
#include <string_view>

#include "base/result.hpp"
#include "wire/counters/listed_counter.hpp"

namespace octroi::counters {

// format: iptables-save, iptables-list, nft-json, or auto: by the text. name: of the file, for the
// error. Error: corrupt (it is no JSON of nft, and should be).
[[nodiscard]] Result<CounterListing> parse_listing(std::string_view text, std::string_view format,
                                                   std::string_view name);

}  // namespace octroi::counters
