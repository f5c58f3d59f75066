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
constexpr Duration loss_period = Duration::hours(24);

const char* text(Verdict verdict) {
    switch (verdict) {
        case Verdict::good:
            return "good";
        case Verdict::note:
            return "note";
        case Verdict::wrong:
            return "wrong";
    }
    return "";
}

Tone tone_of(Verdict verdict) {
    switch (verdict) {
        case Verdict::good:
            return Tone::plain;
        case Verdict::note:
            return Tone::strong;
        case Verdict::wrong:
            return Tone::warn;
    }
    return Tone::plain;
}

// Empty: the ledger does not know the meter.
std::string_view kind_of(std::span<const MeterState> meters, const std::string& name) {
    const auto found = std::ranges::find_if(
        meters, [&](const MeterState& meter) { return meter.meter.name == name; });
    return found == meters.end() ? std::string_view() : std::string_view(found->meter.kind);
}

Finding clock() {
    if (clock_is_synchronised()) return {Verdict::good, "clock", "disciplined", ""};
    return {
        Verdict::note, "clock",
        "no time service adjusts the clock (STA_UNSYNC): traffic may be booked to the wrong time",
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

std::vector<Finding> examine_losses(std::span<const MeterLoss> losses,
                                    std::span<const MeterState> meters, std::string_view period,
                                    MeterKinds kinds) {
    std::vector<Finding> findings;
    std::vector<bool> has_advice(losses.size());
    for (const MeterKind* kind : kinds) {
        for (const LossAdvice& advice : kind->loss_advice) {
            std::uint64_t count = 0;
            for (std::size_t i = 0; i < losses.size(); ++i) {
                if (kind_of(meters, losses[i].meter) != kind->name) continue;
                if (std::ranges::find(advice.reasons, losses[i].loss.reason) ==
                    advice.reasons.end())
                    continue;
                has_advice[i] = true;
                ++count;
            }
            if (count == 0) continue;
            findings.push_back({Verdict::wrong, "losses",
                                fmt::format("{}, {} in {} (octroi meters --losses)", advice.finding,
                                            counted_text(count, "time", "times"), period),
                                std::string(advice.fix)});
        }
    }
    if (const auto others = std::ranges::count(has_advice, false); others > 0)
        findings.push_back(
            {Verdict::note, "losses",
             fmt::format("{} in {} for other reasons",
                         counted_text(static_cast<std::uint64_t>(others), "loss", "losses"),
                         period),
             "octroi meters --losses"});
    if (findings.empty())
        findings.push_back(
            {Verdict::good, "losses", fmt::format("nothing was lost in {}", period), ""});
    return findings;
}

std::vector<Finding> examine_ledger(const Result<std::unique_ptr<Ledger>>& ledger, UtcTime now,
                                    MeterKinds kinds) {
    if (!ledger) {
        const bool none = ledger.error().code == ErrorCode::not_found;
        return {{none ? Verdict::note : Verdict::wrong, "ledger", ledger.error().text, ""}};
    }
    const auto unreadable = [](const Error& error) -> std::vector<Finding> {
        return {{Verdict::wrong, "ledger", error.text, "octroi audit"}};
    };
    const auto losses = (*ledger)->losses({now - loss_period, now});
    if (!losses) return unreadable(losses.error());
    const auto meters = (*ledger)->meters();
    if (!meters) return unreadable(meters.error());
    return examine_losses(*losses, *meters, "the last 24 hours", kinds);
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

Report findings_report(std::span<const Finding> findings) {
    Report report;
    report.columns = {{.key = "verdict", .title = ""},
                      {.key = "about", .title = "About"},
                      {.key = "finding", .title = "Finding"},
                      {.key = "fix", .title = "Fix"}};
    for (const Finding& f : findings)
        report.rows.push_back({.cells = {std::string(text(f.verdict)), f.about, f.finding,
                                         f.fix.empty() ? Cell() : Cell(f.fix)},
                               .tone = tone_of(f.verdict)});
    return report;
}

bool has_wrong(std::span<const Finding> findings) {
    return std::ranges::any_of(findings,
                               [](const Finding& f) { return f.verdict == Verdict::wrong; });
}

}  // namespace octroi
