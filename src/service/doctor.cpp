// SPDX-License-Identifier: GPL-3.0-or-later
#include "service/doctor.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "host/filesystem.hpp"
#include "host/privilege.hpp"
#include "record/loss_unit.hpp"
#include "view/loss_text.hpp"
#include "view/text.hpp"
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

// What helps against a loss of a reason for which its kind of meter has no advice.
std::string_view general_fix(LossReason reason) {
    switch (reason) {
        case LossReason::not_running:
            return "let a service manager start `octroi run` at boot and after a failure; its log "
                   "says why it ended";
        case LossReason::corrupt:
        case LossReason::truncated:
            return "octroi meters --losses names the source; export or copy it again if it is "
                   "still there";
        case LossReason::kernel_drop:
        case LossReason::interface_drop:
        case LossReason::export_gap:
        case LossReason::socket_drop:
        case LossReason::no_template:
        case LossReason::counter_reset:
        case LossReason::event_drop:
            break;
    }
    return "octroi meters --losses lists each with its source and time";
}

// Losses that no kind has advice for: each reason is named, so that none is only a number.
void add_other_losses(std::span<const MeterLoss> losses, const std::vector<bool>& has_advice,
                      std::string_view period, std::vector<Finding>& findings) {
    std::vector<MeterLoss> others;
    for (std::size_t i = 0; i < losses.size(); ++i)
        if (!has_advice[i]) others.push_back(losses[i]);
    for (const LossSum& sum : summed_losses(others)) {
        const std::string missed =
            sum.missed
                ? fmt::format(", at most {} {}", count_text(*sum.missed), unit_of(sum.reason))
                : "";
        findings.push_back({Verdict::wrong, "losses",
                            fmt::format("{}: {}, {} in {}{} (octroi meters --losses)",
                                        to_string(sum.reason), loss_meaning(sum.reason),
                                        counted_text(sum.losses, "time", "times"), period, missed),
                            std::string(general_fix(sum.reason))});
    }
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
    add_other_losses(losses, has_advice, period, findings);
    if (findings.empty())
        findings.push_back({Verdict::good, "losses",
                            fmt::format("nothing was lost in {} ({})", period,
                                        counted_text(meters.size(), "meter", "meters")),
                            ""});
    return findings;
}

std::vector<Finding> examine_ledger(const Result<std::unique_ptr<Ledger>>& ledger, UtcTime now,
                                    MeterKinds kinds) {
    if (!ledger) {
        const bool none = ledger.error().code == ErrorCode::not_found;
        return {{none ? Verdict::note : Verdict::wrong, "ledger", ledger.error().text, ""},
                {Verdict::note, "losses", "not checked: there is no ledger to read them from", ""}};
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

std::vector<Finding> examine_counters(const Result<std::vector<CounterRow>>& rows,
                                      MeterKinds kinds) {
    if (!rows) {
        if (rows.error().code == ErrorCode::not_found)
            return {{Verdict::note, "daemon",
                     "no daemon writes to this ledger: its counters were "
                     "not checked",
                     ""}};
        return {{Verdict::note, "daemon", "counters not checked: " + rows.error().text, ""}};
    }
    std::vector<Finding> findings;
    std::size_t checked = 0;
    for (const MeterKind* kind : kinds) {
        for (const CounterAdvice& advice : kind->counter_advice) {
            for (const CounterRow& row : *rows) {
                if (row.counter != advice.counter) continue;
                ++checked;
                if (row.value == 0) continue;
                findings.push_back(
                    {Verdict::wrong, "daemon",
                     fmt::format("meter {}: {}, {} since the start of the daemon", row.meter,
                                 advice.finding, counted_text(row.value, "time", "times")),
                     std::string(advice.fix)});
            }
        }
    }
    if (findings.empty())
        findings.push_back({Verdict::good, "daemon",
                            checked == 0
                                ? "it runs"
                                : fmt::format("it runs; {} of unusable input, all 0",
                                              counted_text(checked, "counter", "counters")),
                            ""});
    return findings;
}

std::string findings_text(std::span<const Finding> findings, int width) {
    std::vector<std::string> abouts;
    std::size_t about_width = 0;
    for (const Finding& f : findings) {
        about_width = std::max(about_width, f.about.size());
        if (std::ranges::find(abouts, f.about) == abouts.end()) abouts.push_back(f.about);
    }
    std::string out = wrapped(fmt::format("Checked: {}.", fmt::join(abouts, ", ")), width) + "\n\n";
    constexpr std::size_t verdict_width = 5;
    const std::size_t indent = verdict_width + 2 + about_width + 2;
    // A terminal that is too narrow for two columns of text gets lines that it breaks itself.
    constexpr int least_text = 20;
    const int left = width - static_cast<int>(indent);
    const int text_columns = width > 0 ? std::max(left, least_text) : 0;
    const auto block = [&](const std::string& line) {
        std::string text = wrapped(printable(line), text_columns);
        for (std::size_t at = text.find('\n'); at != std::string::npos;
             at = text.find('\n', at + 1))
            text.insert(at + 1, indent, ' ');
        return text + "\n";
    };
    for (const Finding& f : findings) {
        out += fmt::format("{:<{}}  {:<{}}  {}", text(f.verdict), verdict_width, f.about,
                           about_width, block(f.finding));
        if (!f.fix.empty()) out += std::string(indent, ' ') + block("Next: " + f.fix);
    }
    return out;
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
