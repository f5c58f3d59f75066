// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// The options of the collector in [[meter]].

#include <array>

#include "config/option.hpp"

namespace octroi::collector {

// Each text is an address to listen on (config/listen.hpp).
[[nodiscard]] Status check_listen(const OptionEntry& entry);

inline constexpr std::array meter_options = {
    Option{
        .key = "listen",
        .type = OptionType::texts,
        .default_text = R"(["udp/2055", "udp/4739", "udp/6343"])",
        .help = "Ports that exporters send to.",
        .doc =
            "Each port receives NetFlow v1, v5, v7, v9, IPFIX and sFlow v5; the protocol of each "
            "message is recognised. `tcp/4739` receives IPFIX over TCP, `tls/4740` "
            "IPFIX over TLS. An address may stand before the port: `udp/192.0.2.1:2055`.",
        .check = check_listen},
    Option{
        .key = "exporters",
        .type = OptionType::prefixes,
        .default_text = "[]",
        .help = "Networks of the exporters that are accepted. Empty: all.",
        .doc =
            "UDP source addresses can be forged: list your exporters, and filter at your border."},
    Option{.key = "sampling",
           .type = OptionType::integer,
           .default_text = "0",
           .range = "0..4294967295",
           .help = "The sampling rate N (1 packet of N is counted) if the exporter states none.",
           .doc =
               "A rate in records, options data, NetFlow v5 headers or sFlow samples overrides it; "
               "`sampling` in `[[exporter]]` overrides both. "
               "0: counts of an exporter that states no rate are not multiplied."},
    Option{.key = "deduplicate",
           .type = OptionType::choice,
           .default_text = R"("none")",
           .range = "none|ingress|flow-key",
           .help = "Which records of the same traffic count once.",
           .doc =
               "`ingress`: records made where traffic leaves a router (flowDirection 1) are "
               "duplicates. `flow-key`: the first exporter that reports a flow owns it; records "
               "of other exporters about it within `duplicate_window` are duplicates. The ledger "
               "keeps duplicates under `@excluded/duplicate`."},
    Option{.key = "duplicate_window",
           .type = OptionType::duration,
           .default_text = R"("5m")",
           .range = "1s..1h",
           .help = "How long a flow belongs to the exporter that reported it first."},
    Option{.key = "nat_events",
           .type = OptionType::choice,
           .default_text = R"("apply")",
           .range = "apply|keep",
           .help = "How translations (NAT) that exporters report are used.",
           .doc =
               "`apply`: traffic of an outside address is counted for the inside address that used "
               "it at that time. `keep`: it is counted for the outside address. `octroi who` "
               "works with both."},
    Option{.key = "clock_skew",
           .type = OptionType::duration,
           .default_text = R"("5m")",
           .range = "1s..24h",
           .help = "The largest accepted difference between the clock of an exporter and that of "
                   "this machine.",
           .doc = "If the difference is larger, the times of the records are corrected by it, and "
                  "`collector_moved_total` counts these records."},
    Option{.key = "socket_buffer",
           .type = OptionType::size,
           .default_text = R"("64 MiB")",
           .range = "64 KiB..1 GiB",
           .help = "The receive buffer in the kernel, for each socket."},
    Option{
        .key = "journal",
        .type = OptionType::text,
        .default_text = R"("")",
        .help = "Folder of the intake journal.",
        .doc =
            "The journal holds messages that were received and are not yet in the ledger. Empty: "
            "`journal/NAME` beside the ledger."},
    Option{.key = "journal_size",
           .type = OptionType::size,
           .default_text = R"("1 GiB")",
           .range = "128 MiB..1 TiB",
           .help = "The largest size of the journal. The meter commits early when it has read 128 "
                   "MiB, or a quarter of this size."},
    Option{
        .key = "journal_sync",
        .type = OptionType::duration,
        .default_text = R"("5s")",
        .range = "100ms..10m",
        .help = "How often the journal is synced to the disk.",
        .doc =
            "A crash or a kill loses no message that was received. A power cut loses at most the "
            "messages of twice this time."},
    Option{.key = "tls_certificate",
           .type = OptionType::text,
           .default_text = R"("")",
           .help = "The server certificate and its chain, for `tls/` (PEM file)."},
    Option{.key = "tls_key",
           .type = OptionType::text,
           .default_text = R"("")",
           .help = "The key of the server certificate (PEM file)."},
    Option{.key = "tls_clients",
           .type = OptionType::text,
           .default_text = R"("")",
           .help = "Authorities that sign the certificates of exporters (PEM file). Empty: any "
                   "exporter may connect."},
};

// Reports meters that listen with TLS and have no certificate.
void check_options(std::span<const MeterConfig* const> meters, std::vector<Problem>& problems);

}  // namespace octroi::collector
