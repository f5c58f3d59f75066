// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// The rows of the option table that a meter of kind `collector` has.

#include <array>

#include "config/listen.hpp"
#include "config/option.hpp"

namespace octroi {

inline Status are_places_to_listen(const OptionEntry& entry) {
    for (const std::string& text : entry.texts()) {
        const auto listen = parse_listen(text);
        if (!listen) return std::unexpected(listen.error());
    }
    return {};
}

inline CollectorConfig& collector(Config& config) { return config.meters.back().collector; }

inline constexpr std::array collector_options = {
    Option{.section = "meter",
           .key = "listen",
           .type = OptionType::texts,
           .default_text = R"(["udp/2055", "udp/4739", "udp/6343"])",
           .help = "collector: where exporters send to.",
           .doc = "NetFlow v1, v5, v7, v9, IPFIX and sFlow v5 are told apart message by message: "
                  "any of them may come in anywhere. `tcp/4739` takes IPFIX over TCP, "
                  "`tls/4740` IPFIX over TLS. Before the "
                  "port may stand an address: "
                  "`udp/192.0.2.1:2055`.",
           .check = are_places_to_listen,
           .assign = [](Config& c, const OptionEntry& e) { collector(c).listen = e.texts(); }},
    Option{
        .section = "meter",
        .key = "exporters",
        .type = OptionType::prefixes,
        .default_text = "[]",
        .help = "collector: networks whose exporters are listened to. Empty: all.",
        .doc = "UDP senders can be forged: name your exporters, and filter at your border.",
        .assign = [](Config& c, const OptionEntry& e) { collector(c).exporters = e.prefixes(); }},
    Option{.section = "meter",
           .key = "sampling",
           .type = OptionType::integer,
           .default_text = "0",
           .range = "0..4294967295",
           .help = "collector: one packet in how many is counted, where the exporter does not say.",
           .doc =
               "What records, options data, NetFlow v5 headers or sFlow samples say comes first. "
               "0: an exporter that says nothing counts every packet.",
           .assign = [](Config& c, const OptionEntry& e) { collector(c).sampling = e.integer(); }},
    Option{.section = "meter",
           .key = "deduplicate",
           .type = OptionType::choice,
           .default_text = R"("none")",
           .range = "none|ingress|flow-key",
           .help = "collector: which records of the same traffic count once.",
           .doc =
               "`ingress`: records made where traffic leaves a router (flowDirection 1) are "
               "duplicates. `flow-key`: the first exporter that reports a flow keeps it, records "
               "of others about it within `duplicate_window` are duplicates. Duplicates are kept "
               "under `@excluded/duplicate`.",
           .assign =
               [](Config& c, const OptionEntry& e) {
                   collector(c).deduplicate = e.text() == "none"      ? DeduplicateChoice::none
                                              : e.text() == "ingress" ? DeduplicateChoice::ingress
                                                                      : DeduplicateChoice::flow_key;
               }},
    Option{.section = "meter",
           .key = "duplicate_window",
           .type = OptionType::duration,
           .default_text = R"("5m")",
           .range = "1s..1h",
           .help = "collector: how long a flow stays with the exporter that reported it.",
           .assign = [](Config& c,
                        const OptionEntry& e) { collector(c).duplicate_window = e.duration(); }},
    Option{.section = "meter",
           .key = "duplicates_from",
           .type = OptionType::prefixes,
           .default_text = "[]",
           .help = "collector: exporters whose traffic others report too: always duplicates.",
           .assign = [](Config& c,
                        const OptionEntry& e) { collector(c).duplicates_from = e.prefixes(); }},
    Option{.section = "meter",
           .key = "nat_events",
           .type = OptionType::choice,
           .default_text = R"("apply")",
           .range = "apply|keep",
           .help = "collector: what is made of the translations (NAT) that exporters tell of.",
           .doc = "`apply`: traffic of an outside address is booked to the inside address that was "
                  "behind it at the time. `keep`: it is booked as reported. `octroi who` answers "
                  "either way.",
           .assign =
               [](Config& c, const OptionEntry& e) {
                   collector(c).nat_events =
                       e.text() == "keep" ? NatEventsChoice::keep : NatEventsChoice::apply;
               }},
    Option{.section = "meter",
           .key = "nat_events_from",
           .type = OptionType::prefixes,
           .default_text = "[]",
           .help = "collector: translators that are believed of all exporters' records.",
           .doc = "What others say of translations is then not kept. Empty: what an exporter says "
                  "counts for its own records only.",
           .assign = [](Config& c,
                        const OptionEntry& e) { collector(c).nat_events_from = e.prefixes(); }},
    Option{
        .section = "meter",
        .key = "clock_skew",
        .type = OptionType::duration,
        .default_text = R"("5m")",
        .range = "1s..24h",
        .help = "collector: how far an exporter's clock may be from ours.",
        .doc = "Beyond it the times of its records are moved by the difference, and counted.",
        .assign = [](Config& c, const OptionEntry& e) { collector(c).clock_skew = e.duration(); }},
    Option{
        .section = "meter",
        .key = "socket_buffer",
        .type = OptionType::size,
        .default_text = R"("64 MiB")",
        .range = "64 KiB..1 GiB",
        .help = "collector: what the kernel keeps of a burst, for each socket.",
        .assign = [](Config& c, const OptionEntry& e) { collector(c).socket_buffer = e.size(); }},
    Option{.section = "meter",
           .key = "journal",
           .type = OptionType::text,
           .default_text = R"("")",
           .help = "collector: folder of the intake journal.",
           .doc =
               "What was received and is not yet in the ledger. Empty: `journal/NAME` beside the "
               "ledger.",
           .assign = [](Config& c, const OptionEntry& e) { collector(c).journal = e.text(); }},
    Option{.section = "meter",
           .key = "journal_size",
           .type = OptionType::size,
           .default_text = R"("1 GiB")",
           .range = "128 MiB..1 TiB",
           .help = "collector: bound of the journal. Half full, it asks for a commit.",
           .assign = [](Config& c, const OptionEntry& e) { collector(c).journal_size = e.size(); }},
    Option{.section = "meter",
           .key = "journal_sync",
           .type = OptionType::duration,
           .default_text = R"("5s")",
           .range = "100ms..10m",
           .help = "collector: how often the journal is synced to the disk.",
           .doc = "A crash or a kill takes nothing that was received. A power cut takes at most "
                  "what came in twice this time.",
           .assign = [](Config& c,
                        const OptionEntry& e) { collector(c).journal_sync = e.duration(); }},
    Option{
        .section = "meter",
        .key = "tls_certificate",
        .type = OptionType::text,
        .default_text = R"("")",
        .help = "collector: our certificate and the chain behind it, for `tls/` (PEM file).",
        .assign = [](Config& c, const OptionEntry& e) { collector(c).tls_certificate = e.text(); }},
    Option{.section = "meter",
           .key = "tls_key",
           .type = OptionType::text,
           .default_text = R"("")",
           .help = "collector: the key of our certificate (PEM file).",
           .assign = [](Config& c, const OptionEntry& e) { collector(c).tls_key = e.text(); }},
    Option{.section = "meter",
           .key = "tls_clients",
           .type = OptionType::text,
           .default_text = R"("")",
           .help = "collector: authorities whose exporters may connect (PEM file). Empty: anybody.",
           .assign = [](Config& c, const OptionEntry& e) { collector(c).tls_clients = e.text(); }},
};

}  // namespace octroi
