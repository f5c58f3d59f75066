// SPDX-License-Identifier: GPL-3.0-or-later
#include "meter/neighbours/kind.hpp"

#include <fmt/format.h>

#include "base/narrow.hpp"
#include "host/interface_name.hpp"
#include "meter/neighbours/neighbours_meter.hpp"
#include "meter/neighbours/options.hpp"

namespace octroi::neighbours {
namespace {

Result<OpenedMeter> open_neighbours_meter(MeterSetup& setup) {
    const OptionValues& values = setup.config.options;
    NeighboursMeterOptions options;
    options.interfaces = values.texts("interfaces");
    options.poll = values.duration("poll");
    options.policy.networks = values.prefixes("networks");
    options.policy.valid_for = values.duration("valid_for");
    options.policy.gone_after = values.duration("gone_after");
    options.policy.limit = narrow<std::size_t>(values.integer("neighbour_limit"));
    TRY_ASSIGN(auto source, open_neighbours());
    std::string notice =
        fmt::format("neighbours (ARP, ND) of {}",
                    options.interfaces.empty() ? "all interfaces" : "the interfaces that match");
    return OpenedMeter{
        std::make_unique<NeighboursMeter>(std::move(options), std::move(source), interface_name,
                                          setup.cursors, setup.clock),
        {std::move(notice)},
        {}};
}

constexpr std::array chapters{CounterChapter{
    "Neighbours", "Which MAC address has which IP address, from the kernel.", neighbour_counters}};

constexpr std::array counter_advice{
    CounterAdvice{"neighbours_refused_total",
                  "neighbours were beyond neighbour_limit, or a host had more than 256 addresses",
                  "a larger neighbour_limit in [[meter]], or `networks` with the clients only"},
};

}  // namespace

constinit const MeterKind kind{
    .name = "neighbours",
    .help = "Which MAC address has which IP address: the kernel's ARP and ND tables.",
    .doc =
        "Counts no traffic. It states who held an address, so that traffic of an address "
        "belongs to the account of the MAC address: docs/identities.md.",
    .options = neighbour_options,
    .counters = chapters,
    .cursor_prefix = neighbours_source,
    .open = open_neighbours_meter,
    .counter_advice = counter_advice,
};

}  // namespace octroi::neighbours
