// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// The options of [[meter]] with kind = "radius".

#include <array>

#include "config/option.hpp"

namespace octroi::radius_meter {

// One address of UDP (config/listen.hpp).
[[nodiscard]] Status check_radius_listen(const OptionEntry& entry);
// An absolute path.
[[nodiscard]] Status check_clients_path(const OptionEntry& entry);

inline constexpr std::array radius_options = {
    Option{.key = "listen",
           .type = OptionType::text,
           .default_text = R"("udp/127.0.0.1:1813")",
           .help = "Address and port that NAS send Accounting-Requests to.",
           .doc = "`udp/192.0.2.1:1813`, `udp/[2001:db8::1]:1813`; `udp/1813`: all addresses. On a "
                  "machine with several addresses name the one that the NAS know: answers come "
                  "from the address that the kernel chooses otherwise.",
           .check = check_radius_listen},
    Option{.key = "clients",
           .type = OptionType::text,
           .default_text = R"("/etc/octroi/radius-clients")",
           .required = true,
           .help = "File with the NAS and their secrets.",
           .doc = "A line for each: a network or an address, a blank, the secret. Only the user of "
                  "the daemon should be able to read it. A change applies with the next commit.",
           .check = check_clients_path},
    Option{.key = "networks",
           .type = OptionType::prefixes,
           .default_text = "[]",
           .help = "Addresses that the meter may state a holder of. Empty: all.",
           .doc = "List the pools of your NAS: then a NAS cannot claim any other address."},
    Option{
        .key = "valid_for",
        .type = OptionType::duration,
        .default_text = R"("7d")",
        .range = "10m..365d",
        .help = "How long a session without a stop holds its addresses after its last statement.",
        .doc = "Longer sessions need Interim-Updates (Acct-Interim-Interval). A later session "
               "of the address ends it in any case."},
    Option{.key = "volumes",
           .type = OptionType::boolean,
           .default_text = "false",
           .help = "Count the volumes that NAS state (Acct-*-Octets, Gigawords, Packets).",
           .doc = "They are those of the sessions, as the NAS counts them. If another meter counts "
                  "the packets of the users too, make one of the two `role = \"witness\"`."},
    Option{.key = "link_speed",
           .type = OptionType::integer,
           .default_text = "800000",
           .range = "1..100000000",
           .help = "Speed of the fastest link of a session, in Mbit/s.",
           .doc = "With `volumes`: an increase that such a link does not carry in the time is not "
                  "believed, and the ledger keeps it under `@excluded/implausible`. NAS without "
                  "Acct-*-Gigawords count modulo 4 GiB: state the real speed."},
    Option{.key = "session_limit",
           .type = OptionType::integer,
           .default_text = "200000",
           .range = "16..5000000",
           .help = "The most sessions that are known at a time.",
           .doc = "The oldest are dropped then, and `radius_evicted_total` counts them. A session "
                  "takes some 500 bytes of memory, and 200 in the state file of each commit."},
    Option{.key = "journal",
           .type = OptionType::text,
           .default_text = R"("")",
           .help = "Folder of the intake journal.",
           .doc = "It holds requests that are not yet in the ledger, at most 64 MiB. Empty: "
                  "`radius/NAME` beside the ledger."},
};

// Two meters cannot listen on one address.
void check_radius_meters(std::span<const MeterConfig* const> meters,
                         std::vector<Problem>& problems);

}  // namespace octroi::radius_meter
