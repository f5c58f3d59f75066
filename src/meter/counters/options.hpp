// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// The options of [[meter]] of the kinds of this folder.

#include <array>

#include "config/option.hpp"

namespace octroi::counters {

inline constexpr Option poll_option = {
    .key = "poll",
    .type = OptionType::duration,
    .default_text = R"("10s")",
    .range = "100ms..1h",
    .help = "How often the counters are read.",
    .doc =
        "The volume is exact for every value. An increase is spread evenly over the time between "
        "two readings."};

inline constexpr std::int64_t default_link_speed = 800'000;
inline constexpr Option link_speed_option = {
    .key = "link_speed",
    .type = OptionType::integer,
    .default_text = "800000",
    .range = "1..100000000",
    .help = "Speed of the fastest interface, in Mbit/s.",
    .doc =
        "An increase that such a link does not carry in the time is not believed: the ledger "
        "keeps it under `@excluded/implausible`. With a value other than the default, losses of "
        "a counter have a bound from it."};

// Each row of `counters` is a parse_wanted() text.
[[nodiscard]] Status check_wanted(const OptionEntry& entry);

inline constexpr std::array interface_options = {
    Option{.key = "interfaces",
           .type = OptionType::texts,
           .default_text = "[]",
           .help = "Interfaces that are counted. Empty: every physical interface.",
           .doc = "Empty: the same interfaces as those of the kind `capture`. An interface that is "
                  "named and does not exist is counted when it appears."},
    poll_option,
    link_speed_option,
};

inline constexpr std::array wireguard_options = {
    Option{.key = "interfaces",
           .type = OptionType::texts,
           .default_text = "[]",
           .help = "WireGuard interfaces with the peers that are counted. Empty: all of them.",
           .doc = "An interface that is named and does not exist is counted when it appears."},
    Option{.key = "state_addresses",
           .type = OptionType::boolean,
           .default_text = "false",
           .help = "Packets of the inner addresses of a peer (AllowedIPs) belong to the peer.",
           .doc = "For a meter of packets behind the tunnel; this meter counts by the key of the "
                  "peer in any case, so make one of the two `role = \"witness\"`. Prefixes shorter "
                  "than /8 (IPv4) and /16 (IPv6) are left out: docs/identities.md."},
    poll_option,
    link_speed_option,
};

inline constexpr std::array listed_options = {
    Option{.key = "counters",
           .type = OptionType::texts,
           .default_text = R"(["mail from=iptables chain=OUTPUT comment=mail"])",
           .required = true,
           .help = "Counters that are read: a name, and the keys that find it in the firewall.",
           .doc =
               "`from=nft`, `iptables`, `ip6tables` or `listing`. Where: `family=` (nftables; "
               "`inet` by default), `table=` (`filter` by default), `chain=`. Which: one of "
               "`counter=` (a named counter of nftables), `comment=` (rules with this comment), "
               "`rule=` (the text of a rule as `octroi inspect counters` shows it), `uid=` "
               "(rules that match this user; `uid=each`: of any user, each for the identity "
               "`uid N`), `policy=yes` (what no rule of an iptables chain ended; iptables on "
               "nftables counts it "
               "only after `iptables -P CHAIN ACCEPT -c 0 0`). `direction=in` "
               "is traffic to the account, `out` from it; chains such as INPUT and OUTPUT need "
               "none. A value with spaces stands in single quotes. The traffic belongs to the "
               "identity `rule NAME`; several rows may have one name. Counters are read and never "
               "set to 0. Rules of one chain "
               "with one text are the same in a listing, and do not count.",
           .check = check_wanted},
    Option{.key = "listing",
           .type = OptionType::text,
           .default_text = R"("")",
           .help = "For from=listing: a file that another program writes.",
           .doc = "As `iptables-save -c`, `iptables -nvxL` or `nft -j list ruleset` print it. Let "
                  "the other program write another file and rename it, so that it is read as a "
                  "whole."},
    Option{.key = "command",
           .type = OptionType::texts,
           .default_text = "[]",
           .help = "For from=listing: a program that prints a listing, and its arguments.",
           .doc = "It runs at each reading, without a shell, for 10 seconds at most."},
    poll_option,
    link_speed_option,
};

}  // namespace octroi::counters
