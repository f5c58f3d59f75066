// SPDX-License-Identifier: GPL-3.0-or-later
#include "service/meters_of_run.hpp"

#include <fmt/format.h>

#include <filesystem>

#include "host/log.hpp"
#include "service/detach_meters.hpp"
#include "service/open_meters.hpp"
#include "service/unconfigured_meter.hpp"

namespace octroi {

std::string state_folder_of(const RunSettings& settings) {
    return std::filesystem::path(settings.ledger_path).parent_path();
}

std::vector<MeterConfig> meters_of_run(const RunSettings& settings, const MeterKind& unconfigured) {
    return meters_to_run(settings.config, settings.table, settings.kinds, unconfigured,
                         settings.meter_options);
}

namespace {

void log_kept_counts(const RunSettings& settings, std::span<const MeterConfig> configs) {
    for (const MeterConfig& meter : configs)
        if (find_kind(settings.kinds, meter.kind)->remove_from_kernel != nullptr)
            log_info(
                fmt::format("meter {}: the kernel counts also while octroi is down; octroi run "
                            "--detach-kernel ends that",
                            meter.name));
}

// The meter could not be opened. It may have attached a part before it failed, and an earlier run
// may have left counts that the ledger does not have: those are posted, or they stay.
Status remove_unopened(const RunSettings& settings, std::span<const MeterConfig> configs,
                       Ledger& ledger, CaptureHost& host) {
    TRY_ASSIGN(const bool known, is_known(configs, settings.kinds, ledger));
    if (known) {
        TRY_ASSIGN([[maybe_unused]] const auto lines,
                   detach_meters(settings, configs, ledger, host, {}));
        return {};
    }
    if (const auto dropped = drop_from_kernel(configs, settings.kinds); !dropped)
        log_warning(dropped.error().text);
    return {};
}

}  // namespace

Result<RunningMeters> open_meters_of_run(const RunSettings& settings, CaptureHost& host,
                                         Ledger& ledger) {
    const std::string state = state_folder_of(settings);
    const auto open = [&](const MeterKind& unconfigured,
                          AtStart at_start) -> Result<RunningMeters> {
        RunningMeters running{meters_of_run(settings, unconfigured), {}};
        TRY_ASSIGN(running.meters, open_meters(running.configs, settings.config, settings.kinds,
                                               host, ledger, state, at_start));
        return running;
    };
    const MeterKind& last = default_kind(settings.kinds);
    if (!is_unconfigured(settings.config, settings.kinds, settings.meter_options)) {
        auto running = open(last, AtStart::some_open);
        if (running) log_kept_counts(settings, running->configs);
        return running;
    }
    const auto [kind, why] =
        choose_unconfigured(settings.kinds, settings.config, settings.meter_options);
    log_info(fmt::format("no meter is configured: {} runs, because {}", kind->name, why));
    auto running = open(*kind, AtStart::all_open);
    if (running || kind == &last) return running;
    log_warning(fmt::format("meter {}: {}", kind->name, running.error().text));
    TRY(remove_unopened(settings, meters_of_run(settings, *kind), ledger, host));
    log_info(fmt::format("no meter is configured: {} runs instead", last.name));
    return open(last, AtStart::all_open);
}

void end_unconfigured(const RunSettings& settings, std::span<const MeterConfig> configs,
                      Ledger& ledger, CaptureHost& host,
                      const std::function<void(const Batch&)>& committed) {
    if (!is_unconfigured(settings.config, settings.kinds, settings.meter_options)) return;
    // A run that ended before its first commit has no counts of its own.
    const auto known = is_known(configs, settings.kinds, ledger);
    const auto removed = known && !*known
                             ? drop_from_kernel(configs, settings.kinds)
                             : detach_meters(settings, configs, ledger, host, committed);
    if (!removed)
        log_warning(
            fmt::format("{}. The last counts stay in the kernel. Next: octroi run "
                        "--detach-kernel posts and removes them",
                        removed.error().text));
}

}  // namespace octroi
