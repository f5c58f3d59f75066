// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// A counter as a listing of rules shows it, and the parsers of such listings. Pure: text in, values
// out. Nothing is guessed: what cannot be read is counted in CounterListing::unread.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace octroi::counters {

enum class CounterForm : std::uint8_t {
    policy,   // of a chain: packets that no rule ended (its default)
    rule,     // of a rule
    named,    // an object "counter" of nftables
    quota,    // an object or a statement "quota" of nftables: `used`, no packets
    element,  // of an element of a set or map of nftables
};
[[nodiscard]] const char* to_string(CounterForm form);

// Texts are as the listing has them; empty: not stated.
struct ListedCounter {
    CounterForm form = CounterForm::rule;
    std::string family;   // of nftables: "ip", "ip6", "inet"…
    std::string table;    // "filter"
    std::string chain;    // "OUTPUT"
    std::string rule;     // iptables-save: the rule without its chain; nft: the statements, as JSON
    std::string name;     // of a named counter or quota, or of the set of an element
    std::string element;  // "192.0.2.1", "10.0.0.0/8", "10.0.0.1 . 80"
    std::string element_type;  // of the set: "ipv4_addr"
    std::string comment;
    std::string target;  // "ACCEPT"
    std::string proto;
    std::string in;  // interface, "" for every one
    std::string out;
    std::string src;
    std::string dst;
    // The rule matches packets of this user only. Absent: no such match, a negation or a range.
    std::optional<std::uint32_t> uid;
    std::optional<std::uint64_t> handle;  // of the rule or object, nft only
    std::optional<std::uint64_t> table_handle;
    std::optional<std::uint64_t> packets;
    std::optional<std::uint64_t> bytes;
    std::optional<std::uint64_t> used;  // octets, of a quota
    // A figure was printed as K, M, G, T or P: it stands for 1000 of the smaller unit, cut off.
    bool rounded = false;
};

struct CounterListing {
    std::vector<ListedCounter> counters;
    // Lines or objects that look like a counter and cannot be read.
    std::uint64_t unread = 0;
    std::string first_unread;  // for a message, at most 100 octets
};

// More counters of one listing are not read: they are counted as unread.
inline constexpr std::size_t listed_counters_max = std::size_t{1} << 22U;

// `iptables-save -c`, `ip6tables-save -c`, and `iptables -vS` (rules with "-c PACKETS BYTES").
// Source: iptables/iptables-save.c, print_rule4() of iptables.
[[nodiscard]] CounterListing parse_iptables_save(std::string_view text);

// `iptables -nvL`, also with -x and --line-numbers, ip6tables, and the older ipchains and ipfwadm
// with -l. A listing without -v has no counters.
[[nodiscard]] CounterListing parse_iptables_list(std::string_view text);

// `nft -j list …`: libnftables-json(5). nullopt: the text is no JSON document of that form.
[[nodiscard]] std::optional<CounterListing> parse_nft_json(std::string_view text);

}  // namespace octroi::counters
