// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// The options of [[meter]] with kind = "leases", and of `octroi inspect leases`.

#include <array>

#include "config/option.hpp"

namespace octroi::dhcp {

[[nodiscard]] Status check_lease_files(const OptionEntry& entry);

inline constexpr Option format_option = {
    .key = "format",
    .type = OptionType::choice,
    .default_text = R"("auto")",
    .range = "auto|dhcpd|kea|dnsmasq",
    .help = "The server that writes the files; auto: recognised by their content.",
    .placeholder = "SERVER"};

inline constexpr std::array lease_options = {
    Option{.key = "files",
           .type = OptionType::texts,
           .default_text = R"(["/var/lib/dhcp/dhcpd.leases"])",
           .required = true,
           .help = "Lease files of DHCP servers on this machine, for IPv4 and IPv6.",
           .doc =
               "ISC dhcpd: `/var/lib/dhcp/dhcpd.leases` and `dhcpd6.leases`; Kea: "
               "`/var/lib/kea/kea-leases4.csv` and `kea-leases6.csv` (`.1`, `.2` and "
               "`.completed` beside them are read too); dnsmasq: `/var/lib/misc/dnsmasq.leases`. "
               "A file that does not exist is read when it appears.",
           .check = check_lease_files},
    format_option,
    Option{.key = "networks",
           .type = OptionType::prefixes,
           .default_text = "[]",
           .help = "Addresses that the meter may state a holder of. Empty: all."},
    Option{.key = "poll",
           .type = OptionType::duration,
           .default_text = R"("5s")",
           .range = "1s..1h",
           .help = "How often the meter looks whether a file has changed."},
    Option{.key = "lease_limit",
           .type = OptionType::integer,
           .default_text = "1000000",
           .range = "16..10000000",
           .help = "The most leases of a file that the meter knows at a time.",
           .doc = "Others are not used; `leases_refused_total` counts them. A lease takes some 400 "
                  "bytes."},
};

inline constexpr std::array lease_inspect_options = {format_option};

}  // namespace octroi::dhcp
