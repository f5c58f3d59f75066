// SPDX-License-Identifier: GPL-3.0-or-later
#include "service/doctor.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "host/filesystem.hpp"
#include "host/privilege.hpp"
#include "view/units.hpp"

namespace octroi {
namespace {

// Less free space is reported: some days of a busy ledger.
constexpr std::uint64_t free_bytes_min = 1ULL << 30U;

Finding clock() {
    if (clock_is_synchronised()) return {Verdict::good, "clock", "disciplined", ""};
    return {
        Verdict::note, "clock",
        "the kernel says that nothing disciplines the clock: traffic may land in the wrong bucket",
        "run chrony or systemd-timesyncd (timedatectl set-ntp true), unless the hypervisor keeps "
        "the time"};
}

Finding file_system(const std::string& path) {
    const auto system = file_system_of(path);
    if (!system)
        return {Verdict::wrong, "ledger", system.error().text, "give another place: --ledger"};
    if (system->in_memory)
        return {Verdict::wrong, "ledger", path + " is in memory: it is gone with the next boot",
                "keep it on a disk: --ledger, or [ledger] path"};
    if (system->on_network)
        return {Verdict::wrong, "ledger",
                path + " is on a network file system: locks and syncs cannot be relied on",
                "keep it on a local disk: --ledger, or [ledger] path"};
    const std::string free = bytes_text(system->free_bytes, Units::iec) + " free";
    if (system->free_bytes < free_bytes_min)
        return {Verdict::note, "ledger", path + ": " + free,
                "free disk space: on a full disk nothing can be booked"};
    return {Verdict::good, "ledger", path + ": " + free, ""};
}

}  // namespace

std::vector<Finding> examine_host(const std::string& ledger_path) {
    return {clock(), file_system(ledger_path)};
}

std::vector<Finding> examine_losses(std::span<const MeterLoss> losses, std::string_view period,
                                    MeterKinds kinds) {
    std::vector<Finding> findings;
    for (const MeterKind* kind : kinds) {
        for (const LossAdvice& advice : kind->loss_advice) {
            const auto count = std::ranges::count_if(losses, [&](const MeterLoss& loss) {
                return std::ranges::find(advice.reasons, loss.loss.reason) != advice.reasons.end();
            });
            if (count == 0) continue;
            findings.push_back({Verdict::wrong, "losses",
                                fmt::format("{}, {} times in {} (octroi meters --losses)",
                                            advice.finding, count, period),
                                std::string(advice.fix)});
        }
    }
    if (findings.empty())
        findings.push_back(
            {Verdict::good, "losses", fmt::format("nothing was lost in {}", period), ""});
    return findings;
}

std::vector<Finding> examine_kinds(const Config& config, MeterKinds kinds) {
    std::vector<Finding> findings;
    for (const MeterKind* kind : kinds) {
        if (kind->examine == nullptr) continue;
        const auto found = kind->examine(meters_of(*kind, config.meters));
        findings.insert(findings.end(), found.begin(), found.end());
    }
    return findings;
}

}  // namespace octroi
