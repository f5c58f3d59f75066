// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// The rows of [[exporter]]: what differs between senders of flow exports. docs/flow-exports.md
// lists the makers that are known to need them.

#include <array>
#include <utility>

#include "config/option.hpp"

namespace octroi {

inline ExporterConfig& exporter_row(Config& config) { return config.exporters.back(); }

// "-1h30m"
[[nodiscard]] Result<Duration> parse_clock_offset(std::string_view text);
// "3=uplink"
[[nodiscard]] Result<std::pair<std::uint32_t, std::string>> parse_interface_name(
    std::string_view text);

inline Status check_clock_offset(const OptionEntry& entry) {
    TRY(parse_clock_offset(entry.text()));
    return {};
}

inline Status check_interface_names(const OptionEntry& entry) {
    for (const std::string& text : entry.texts()) TRY(parse_interface_name(text));
    return {};
}

inline void assign_interface_names(Config& config, const OptionEntry& entry) {
    for (const std::string& text : entry.texts())
        if (auto name = parse_interface_name(text))
            exporter_row(config).interfaces.push_back(*std::move(name));
}

inline OutBytesChoice out_bytes_choice(std::string_view word) {
    if (word == "same") return OutBytesChoice::same;
    return word == "reverse" ? OutBytesChoice::reverse : OutBytesChoice::automatic;
}

inline constexpr std::array exporter_options = {
    Option{
        .section = "exporter",
        .key = "prefix",
        .type = OptionType::prefixes,
        .default_text = R"("192.0.2.1")",
        .required = true,
        .help = "Addresses of the exporters that the row is about.",
        .doc = "One prefix, or a list. Of sFlow, the address of the agent. The first row that "
               "fits applies.",
        .assign = [](Config& c, const OptionEntry& e) { exporter_row(c).prefixes = e.prefixes(); }},
    Option{.section = "exporter",
           .key = "domain",
           .type = OptionType::integer,
           .default_text = "-1",
           .range = "-1..4294967295",
           .help = "Observation domain (IPFIX), source id (NetFlow v9) or engine (v5). -1: all.",
           .assign =
               [](Config& c, const OptionEntry& e) {
                   if (e.integer() >= 0)
                       exporter_row(c).domain = static_cast<std::uint32_t>(e.integer());
               }},
    Option{.section = "exporter",
           .key = "name",
           .type = OptionType::text,
           .default_text = R"("")",
           .help = "Name of the exporter in `octroi meters --exporters`.",
           .assign = [](Config& c, const OptionEntry& e) { exporter_row(c).name = e.text(); }},
    Option{.section = "exporter",
           .key = "sampling",
           .type = OptionType::integer,
           .default_text = "0",
           .range = "0..16777216",
           .help = "The sampling rate N (1 packet of N is counted), whatever the exporter states.",
           .doc = "1: it does not sample. 0: the rate that it states.",
           .assign =
               [](Config& c, const OptionEntry& e) {
                   exporter_row(c).sampling = static_cast<std::uint64_t>(e.integer());
               }},
    Option{.section = "exporter",
           .key = "out_bytes",
           .type = OptionType::choice,
           .default_text = R"("auto")",
           .range = "auto|same|reverse",
           .help = "What elements 23 and 24 (OUT_BYTES, OUT_PKTS) count beside 1 and 2.",
           .doc = "`same`: the same traffic where it left; it does not count again. `reverse`: the "
                  "other direction of the connection. `auto`: decided for each record by its "
                  "counts: more packets out than in, packets of another mean size, or counts out "
                  "without counts in are the other direction.",
           .assign =
               [](Config& c, const OptionEntry& e) {
                   exporter_row(c).out_bytes = out_bytes_choice(e.text());
               }},
    Option{.section = "exporter",
           .key = "clock_offset",
           .type = OptionType::text,
           .default_text = R"("0s")",
           .help =
               "How far the clock of the exporter is ahead: `1h`, `-90s`. It is subtracted from "
               "its times.",
           .check = check_clock_offset,
           .assign =
               [](Config& c, const OptionEntry& e) {
                   if (const auto offset = parse_clock_offset(e.text()))
                       exporter_row(c).clock_offset = *offset;
               }},
    Option{
        .section = "exporter",
        .key = "interfaces",
        .type = OptionType::texts,
        .default_text = "[]",
        .help = "Names of its interfaces: `[\"3=uplink\", \"4=customers\"]`.",
        .doc = "The number is the ifIndex. They take the place of names that the exporter sends.",
        .check = check_interface_names,
        .assign = assign_interface_names},
    Option{.section = "exporter",
           .key = "trusted_nat",
           .type = OptionType::boolean,
           .default_text = "false",
           .help = "Its NAT events apply to the records of all exporters.",
           .doc = "If any row says so, NAT events of other exporters are ignored. Else the events "
                  "of each exporter apply to its own records only. The domain of the row has no "
                  "meaning here.",
           .assign = [](Config& c,
                        const OptionEntry& e) { exporter_row(c).trusted_nat = e.boolean(); }},
    Option{.section = "exporter",
           .key = "duplicates",
           .type = OptionType::boolean,
           .default_text = "false",
           .help = "Other exporters report its traffic too: all its records are duplicates.",
           .doc = "The ledger keeps duplicates under `@excluded/duplicate`.",
           .assign = [](Config& c,
                        const OptionEntry& e) { exporter_row(c).duplicates = e.boolean(); }},
    Option{.section = "exporter",
           .key = "link_header",
           .type = OptionType::integer,
           .default_text = "14",
           .range = "0..256",
           .help = "Octets before the IP header of a frame.",
           .doc = "For records with octets of layer 2 only (elements 352 and 353). 14: Ethernet "
                  "without its checksum; 18: with it. VLAN tags that the record states come on "
                  "top.",
           .assign =
               [](Config& c, const OptionEntry& e) {
                   exporter_row(c).link_header = static_cast<std::uint32_t>(e.integer());
               }},
    Option{.section = "exporter",
           .key = "link_speed",
           .type = OptionType::integer,
           .default_text = "800000",
           .range = "1..100000000",
           .help = "Speed of its fastest interface, in Mbit/s.",
           .doc = "A record with more volume than such a link carries in its time is not believed: "
                  "the ledger keeps it under `@excluded/implausible`.",
           .assign =
               [](Config& c, const OptionEntry& e) {
                   exporter_row(c).link_speed_bits =
                       static_cast<std::uint64_t>(e.integer()) * 1'000'000;
               }},
};

}  // namespace octroi
