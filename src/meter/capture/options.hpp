// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// The options of capture: of [[meter]], and of the commands that read capture files.

#include <array>

#include "config/option.hpp"

namespace octroi::capture {

inline constexpr std::array meter_options = {
    Option{.key = "interfaces",
           .type = OptionType::texts,
           .default_text = "[]",
           .help = "Interfaces to capture on. Empty: every physical interface.",
           .doc =
               "Only one meter with the role `bill` may capture on an interface: two would charge "
               "its traffic twice."},
    Option{.key = "promiscuous",
           .type = OptionType::boolean,
           .default_text = "false",
           .help = "Count also frames that are not addressed to this host (mirror port, shared "
                   "segment)."},
    Option{.key = "filter",
           .type = OptionType::text,
           .default_text = R"("")",
           .help = "Count only packets that match, in the language of pcap-filter(7).",
           .doc = "Other packets are not observed: they are in no sum, and they are not recorded "
                  "as a loss."},
    Option{.key = "snap_length",
           .type = OptionType::integer,
           .default_text = "128",
           .range = "64..262144",
           .help = "Octets of each packet that are captured. Sizes are always those of the whole "
                   "packet."},
    Option{
        .key = "ring_size",
        .type = OptionType::size,
        .default_text = R"("64 MiB")",
        .range = "64 KiB..1 GiB",
        .help = "Memory that is shared with the kernel for captured packets, for each interface."},
    Option{.key = "fragments",
           .type = OptionType::choice,
           .default_text = R"("first")",
           .range = "first|separate",
           .help = "The service of later IP fragments.",
           .doc = "`first`: the service of their first fragment where the meter saw it, else "
                  "`fragment`. `separate`: always `fragment`."},
    Option{.key = "active_timeout",
           .type = OptionType::duration,
           .default_text = R"("5m")",
           .range = "1s..1h",
           .help = "The meter makes a reading of an active flow at least this often."},
    Option{.key = "inactive_timeout",
           .type = OptionType::duration,
           .default_text = R"("60s")",
           .range = "1s..1h",
           .help = "A flow ends when it had no packet for this time."},
    Option{.key = "flow_limit",
           .type = OptionType::integer,
           .default_text = "1000000",
           .range = "1024..100000000",
           .help =
               "The most flows in the flow table. When it is full, the meter makes readings early; "
               "nothing is lost.",
           .doc = "A flow needs less than 300 bytes of memory."},
};

// Of `octroi run` and `octroi top`.
inline constexpr std::array run_options = {
    Option{.key = "interfaces",
           .type = OptionType::texts,
           .default_text = "[]",
           .help = "Meter this interface instead of all physical ones",
           .flags = "-i,--interface",
           .placeholder = "NAME"},
    Option{.key = "promiscuous",
           .type = OptionType::boolean,
           .default_text = "false",
           .help = "Also count frames that are not addressed to this machine"},
    Option{.key = "filter",
           .type = OptionType::text,
           .default_text = R"("")",
           .help = "Count only packets that match, as \"not port 22\" (pcap-filter(7))"},
};

inline constexpr Option fragments_option = {
    .key = "fragments",
    .type = OptionType::choice,
    .default_text = R"("first")",
    .range = "first|separate",
    .help = "The service of later fragments: that of their first fragment, or `fragment`"};

inline constexpr std::array inspect_options = {
    fragments_option,
    Option{.key = "summary",
           .type = OptionType::boolean,
           .default_text = "false",
           .help = "Totals of the file instead of its flows"},
};

inline constexpr std::array import_options = {
    fragments_option,
    Option{.key = "checkpoint",
           .type = OptionType::integer,
           .default_text = "0",  // the default of FileMeterOptions
           .range = "0..9223372036854775807",
           .help = "Commit after this number of packets (default: 8388608). After a kill, the next "
                   "import continues at the last commit",
           .placeholder = "PACKETS"},
};

// Reports timeouts that do not fit each other.
void check_options(std::span<const MeterConfig* const> meters, std::vector<Problem>& problems);

}  // namespace octroi::capture
