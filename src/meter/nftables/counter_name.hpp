// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// The names of our counters in nftables: "out-physics", "in-physics/10.1.2.3". A name of nft has
// letters, digits, '/', '-', '_' and '.', begins with a letter, and has at most 127 octets
// (NFT_OBJ_MAXNAMELEN, linux/netfilter/nf_tables.h).
//
// DO NOT CHANGE: state files and running kernels contain these names.

#include <optional>
#include <string>
#include <string_view>

#include "base/address.hpp"
#include "record/counted_volume.hpp"

namespace octroi::accounting {

struct CounterName {
    CountedDirection direction = CountedDirection::in;
    std::string rule;
    Address address;  // of a rule that counts each address; else empty
};

[[nodiscard]] std::string counter_text(const CounterName& name);
// nullopt: it is no name of ours.
[[nodiscard]] std::optional<CounterName> parse_counter(std::string_view text);

// The rule that counts what no rule of the group matches.
[[nodiscard]] inline std::string rest_of(std::string_view group) {
    return std::string(group) + ".rest";
}

}  // namespace octroi::accounting
