// SPDX-License-Identifier: GPL-3.0-or-later
#include "meter/counters/kind.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <filesystem>

#include "base/narrow.hpp"
#include "meter/counters/counter_meter.hpp"
#include "meter/counters/counters.hpp"
#include "meter/counters/inspect.hpp"
#include "meter/counters/interface_source.hpp"
#include "meter/counters/options.hpp"

namespace octroi::counters {
namespace {

// DO NOT CHANGE: ledgers contain it.
constexpr std::string_view interfaces_prefix = "interfaces:";

// Two ledgers beside one another may have a meter of the same name.
std::string state_folder_of(const MeterSetup& setup) {
    if (setup.ledger_id.empty()) return "";
    const std::string name = fmt::format("{}-{}", setup.config.name, setup.ledger_id.substr(0, 8));
    return (std::filesystem::path(setup.state_folder) / "counters" / name).string();
}

Result<OpenedMeter> open_meter(const MeterSetup& setup, std::string_view prefix,
                               std::unique_ptr<CounterSource> source, std::string notice) {
    const OptionValues& values = setup.config.options;
    CounterMeterOptions options;
    options.cursor_source = fmt::format("{}counters", prefix);
    options.poll = values.duration("poll");
    const std::int64_t speed = values.integer("link_speed");
    options.link_bits_per_second = narrow<std::uint64_t>(speed) * 1'000'000;
    options.link_speed_is_known = speed != default_link_speed;
    options.folder = state_folder_of(setup);
    TRY_ASSIGN(auto meter, CounterMeter::open(std::move(options), std::move(source), setup.clock,
                                              setup.cursors));
    std::vector<std::string> warnings = meter->warnings();
    return OpenedMeter{std::move(meter), {std::move(notice)}, std::move(warnings)};
}

Result<OpenedMeter> open_interfaces(MeterSetup& setup) {
    TRY_ASSIGN(auto source, InterfaceSource::open(setup.config.options.texts("interfaces"),
                                                  std::make_unique<SystemCounterHost>()));
    TRY_ASSIGN(const auto names, source->metered());
    std::string notice = fmt::format("counters of {}{}", fmt::join(names, ", "),
                                     source->reads_proc() ? ", from /proc/net/dev" : "");
    return open_meter(setup, interfaces_prefix, std::move(source), std::move(notice));
}

constexpr std::array chapters{
    CounterChapter{"Counters of the kernel", "Counters of interfaces.", meter_counters}};

constexpr std::array inspectors{Inspector{
    .command = {"counters",
                "Listings of rules with counters: iptables-save -c, iptables -nvxL, nft -j list",
                "Listings, also compressed; - for standard input", inspect_options},
    .rows_title = "Listed counters",
    .rows_about = "A row is one counter, once: of a rule, of the policy of a chain, of a named "
                  "counter of nftables, or of\nan element of a set or map. A rule that counts in a "
                  "named counter has no row of its own.",
    .fields = inspect_fields,
    .columns = inspect_columns,
    .inspect = inspect}};

}  // namespace

constinit const MeterKind interfaces_kind{
    .name = "interfaces",
    .help = "The kernel's counters of interfaces: frames in and out.",
    .layer = Layer::frame,
    .options = interface_options,
    .counts_interfaces = true,
    .counters = chapters,
    .cursor_prefix = interfaces_prefix,
    .open = open_interfaces,
    .inspectors = inspectors,
};

}  // namespace octroi::counters
