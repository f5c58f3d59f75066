// SPDX-License-Identifier: GPL-3.0-or-later
#include "meter/capture/kind.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "base/narrow.hpp"
#include "host/random.hpp"
#include "meter/capture/counters.hpp"
#include "meter/capture/live_meter.hpp"

namespace octroi::capture {
namespace {

// The interfaces of a meter that names none: all physical ones.
Result<std::vector<std::string>> default_interfaces(const std::vector<Interface>& present) {
    std::vector<std::string> names;
    std::string others;
    for (const Interface& i : present) {
        if (i.meterable)
            names.push_back(i.name);
        else
            others += fmt::format("{}{} ({})", others.empty() ? "" : ", ", i.name, i.why_not);
    }
    if (names.empty())
        return fail(ErrorCode::not_found,
                    fmt::format("there is no interface to meter: {}. To meter one all the same: "
                                "octroi run --interface NAME",
                                others));
    return names;
}

Result<std::vector<std::string>> interfaces_of(const MeterConfig& config,
                                               const std::vector<Interface>& present) {
    if (!config.interfaces.empty()) return config.interfaces;
    return default_interfaces(present);
}

LiveMeterOptions live_options(const MeterConfig& config) {
    LiveMeterOptions options;
    options.promiscuous = config.promiscuous;
    options.snap_length = narrow<std::uint32_t>(config.snap_length);
    options.ring_octets = narrow<std::uint32_t>(config.ring_size.value());
    options.filter = config.filter;
    options.intake.fragments = config.fragments == FragmentsChoice::separate
                                   ? FragmentPolicy::separate
                                   : FragmentPolicy::resolve;
    options.intake.flows.flow_limit = narrow<std::uint32_t>(config.flow_limit);
    options.intake.flows.active = config.active_timeout;
    options.intake.flows.inactive = config.inactive_timeout;
    options.seed = random_seed();
    return options;
}

Result<OpenedMeter> open_live(MeterSetup& setup) {
    LiveMeterOptions options = live_options(setup.config);
    TRY_ASSIGN(const auto present, setup.host.interfaces());
    TRY_ASSIGN(options.interfaces, interfaces_of(setup.config, present));
    std::string notice = fmt::format("{}{}{}", fmt::join(options.interfaces, ", "),
                                     options.promiscuous ? ", promiscuous" : "",
                                     options.filter.empty() ? "" : ", only " + options.filter);
    TRY_ASSIGN(auto meter, LiveMeter::open(options, setup.host, setup.cursors));
    return OpenedMeter{std::move(meter), {std::move(notice)}};
}

// The interfaces that no meter reads, and why.
Result<std::vector<std::string>> overview(std::span<const MeterConfig* const> meters,
                                          CaptureHost& host) {
    TRY_ASSIGN(const auto present, host.interfaces());
    std::vector<std::string> metered;
    for (const MeterConfig* meter : meters) {
        TRY_ASSIGN(const auto names, interfaces_of(*meter, present));
        metered.insert(metered.end(), names.begin(), names.end());
    }
    std::string left_out;
    for (const Interface& i : present) {
        if (std::ranges::find(metered, i.name) != metered.end()) continue;
        left_out += fmt::format("{}{}{}", left_out.empty() ? "" : ", ", i.name,
                                i.why_not.empty() ? "" : " (" + i.why_not + ")");
    }
    if (left_out.empty()) return std::vector<std::string>();
    return std::vector{"left out: " + left_out};
}

constexpr std::array chapters{
    CounterChapter{"Capture", "Live interfaces and capture files.", capture_counters}};

}  // namespace

constinit const MeterKind kind{
    .name = "capture",
    .help = "Packets, read from interfaces of this machine.",
    .counters = chapters,
    .runs_unconfigured = true,
    .cursor_prefix = interface_source_prefix,
    .open = open_live,
    .overview = overview,
};

}  // namespace octroi::capture
