// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// A row of the option `counters` of the kind `listed`: a name, and which counters of the firewall
// have it. Words KEY=VALUE behind the name, as in `octroi rules add`; a value with spaces stands in
// single quotes.
//
//     web from=nft family=inet table=filter counter=web_in direction=in
//     mail from=iptables chain=OUTPUT comment='mail server'
//     users from=iptables chain=OUTPUT uid=each
//     others from=iptables chain=OUTPUT policy=yes

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "record/counted_volume.hpp"
#include "wire/counters/listed_counter.hpp"

namespace octroi::counters {

enum class ListedFrom : std::uint8_t { nft, iptables, ip6tables, listing };

struct WantedCounter {
    std::string text;  // as it is configured
    std::string name;  // of the identity `rule`
    ListedFrom from = ListedFrom::nft;
    std::string family;  // of nftables; empty: any, or not nftables
    std::string table;   // empty: any, of a listing
    std::string chain;   // empty: any
    CountedDirection direction = CountedDirection::in;

    // One of these, or is_policy.
    std::string counter;               // a named counter of nftables
    std::string comment;               // of a rule
    std::string rule;                  // its text, as ListedCounter::rule
    std::optional<std::uint32_t> uid;  // rules of this user
    bool each_uid = false;             // rules of any user, each for `uid N`
    bool is_policy = false;            // what no rule of the chain ended
};

// Errors: invalid.
[[nodiscard]] Result<WantedCounter> parse_wanted(std::string_view text);

// Whether the row wants this counter of a listing of its kind.
[[nodiscard]] bool wants(const WantedCounter& wanted, const ListedCounter& listed);

}  // namespace octroi::counters
