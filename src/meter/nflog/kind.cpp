// SPDX-License-Identifier: GPL-3.0-or-later
#include "meter/nflog/kind.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/narrow.hpp"
#include "host/random.hpp"
#include "meter/nflog/counters.hpp"
#include "meter/nflog/nflog_meter.hpp"

namespace octroi::nflog {
namespace {

constexpr std::array meter_options{
    Option{.key = "group",
           .type = OptionType::integer,
           .default_text = "0",
           .range = "0..65535",
           .help = "The group of the packet log that firewall rules send packets to.",
           .doc = "One program reads a group. A packet that two rules send to the group counts "
                  "twice."},
    Option{.key = "buffer_size",
           .type = OptionType::size,
           .default_text = R"("8 MiB")",
           .range = "64 KiB..1 GiB",
           .help = "Memory for packets that were logged and not yet read."},
    Option{.key = "flow_limit",
           .type = OptionType::integer,
           .default_text = "1000000",
           .range = "1024..100000000",
           .help = "The most flows in the flow table. When it is full, the meter makes readings "
                   "early; nothing is lost."},
};

void check_options(std::span<const MeterConfig* const> meters, std::vector<Problem>& problems) {
    for (auto meter = meters.begin(); meter != meters.end(); ++meter) {
        const auto group = (*meter)->options.integer("group");
        const auto other = std::find_if(meters.begin(), meter, [&](const MeterConfig* o) {
            return o->options.integer("group") == group;
        });
        if (other == meter) continue;
        problems.push_back({(*meter)->where,
                            fmt::format("[meter] {}: reads group {}, as the meter '{}' does; next: "
                                        "give each a group of its own",
                                        (*meter)->name, group, (*other)->name)});
    }
}

Result<OpenedMeter> open(MeterSetup& setup) {
    const OptionValues& values = setup.config.options;
    NflogMeterOptions options;
    options.log.group = narrow<std::uint16_t>(values.integer("group"));
    options.log.buffer_octets = narrow<std::uint32_t>(values.size("buffer_size").value());
    options.aggregator.flows.flow_limit = narrow<std::uint32_t>(values.integer("flow_limit"));
    options.seed = random_seed();
    TRY_ASSIGN(auto meter, NflogMeter::open(options, setup.host, setup.cursors));
    return OpenedMeter{std::move(meter),
                       {fmt::format("packets that rules log to group {}", options.log.group)},
                       {}};
}

constexpr std::array chapters{
    CounterChapter{"Packet log", "Packets that firewall rules log.", nflog_counters}};

constexpr std::array lost_events{LossReason::event_drop};
constexpr std::array loss_advice{
    LossAdvice{lost_events, "logged packets did not arrive",
               "a larger buffer_size in [[meter]]; fewer packets that the rules log"}};

}  // namespace

constinit const MeterKind kind{
    .name = "nflog",
    .help = "Packets that firewall rules send to the kernel's packet log.",
    .doc =
        "With nftables `log group 5`, with iptables `-j NFLOG --nflog-group 5`, in a table of "
        "the family ip, ip6 or inet; log in the forward hook to see the addresses behind NAT. "
        "Packets of the families netdev and bridge are excluded: nobody has checked their "
        "lengths. Octets are those of the IP header. Packets that the kernel has merged (GRO) "
        "are one packet, without the headers of the others.",
    .options = meter_options,
    .check_options = check_options,
    .scope = MeterScope::chosen,
    .has_both_ends = true,
    .counters = chapters,
    .cursor_prefix = source_prefix,
    .open = open,
    .loss_advice = loss_advice,
};

}  // namespace octroi::nflog
