// SPDX-License-Identifier: GPL-3.0-or-later
#include "service/unconfigured_meter.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace octroi {
namespace {

// The first given value that the kind has no option for; null: none.
const Option* missing_option(const MeterKind& kind, const MeterKind& default_kind,
                             const OptionValues& given) {
    const auto found = std::ranges::find_if(default_kind.run_options, [&](const Option& option) {
        return given.contains(option.key) &&
               std::ranges::find(kind.options, option.key, &Option::key) == kind.options.end();
    });
    return found == default_kind.run_options.end() ? nullptr : &*found;
}

MeterConfig unconfigured_meter(const OptionTable& table, const MeterKind& kind) {
    MeterConfig meter = table.default_meter(kind.name);
    meter.name = kind.name;
    return meter;
}

}  // namespace

bool is_unconfigured(const Config& config, MeterKinds kinds, const OptionValues& given) {
    return config.meters.empty() || given.contains(default_kind(kinds).instead_option);
}

UnconfiguredMeter choose_unconfigured(MeterKinds kinds, const Config& config,
                                      const OptionValues& given) {
    const MeterKind& fallback = default_kind(kinds);
    std::string why = "it needs least of the machine";
    for (const MeterKind* kind : kinds) {
        if (kind->obstacle == nullptr) continue;
        if (!config.exports.empty()) {
            why = fmt::format("flows are exported, and a meter of kind {} has none", kind->name);
            continue;
        }
        if (std::ranges::find(config.meters, kind->name, &MeterConfig::name) !=
            config.meters.end()) {
            why = fmt::format("a meter named {} is configured, and owns its counts in the kernel",
                              kind->name);
            continue;
        }
        if (const Option* missing = missing_option(*kind, fallback, given)) {
            why = fmt::format("a meter of kind {} has no option {}", kind->name, missing->key);
            continue;
        }
        if (const std::string obstacle = kind->obstacle(); !obstacle.empty()) {
            why = fmt::format("a meter of kind {} cannot run here: {}", kind->name, obstacle);
            continue;
        }
        return {kind, fmt::format("it costs least; a [[meter]] of kind {} shows single flows",
                                  fallback.name)};
    }
    return {&fallback, why};
}

std::vector<MeterConfig> meters_to_run(const Config& config, const OptionTable& table,
                                       MeterKinds kinds, const MeterKind& unconfigured,
                                       const OptionValues& given) {
    if (is_unconfigured(config, kinds, given)) {
        MeterConfig meter = unconfigured_meter(table, unconfigured);
        meter.options.merge(given);
        return {meter};
    }
    std::vector<MeterConfig> meters = config.meters;
    for (MeterConfig& meter : meters)
        if (meter.kind == default_kind(kinds).name) meter.options.merge(given);
    return meters;
}

std::vector<MeterConfig> possible_meters(const Config& config, const OptionTable& table,
                                         MeterKinds kinds) {
    std::vector<MeterConfig> meters = config.meters;
    for (const MeterKind* kind : kinds)
        if (kind->obstacle != nullptr || kind->runs_unconfigured)
            meters.push_back(unconfigured_meter(table, *kind));
    return meters;
}

}  // namespace octroi
