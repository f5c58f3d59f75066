// SPDX-License-Identifier: GPL-3.0-or-later
#include <fmt/format.h>

#include <algorithm>
#include <memory>

#include "app/commands.hpp"
#include "app/ledger_access.hpp"
#include "host/filesystem.hpp"
#include "host/privilege.hpp"
#include "view/units.hpp"

namespace octroi {
namespace {

constexpr std::uint64_t little_room = 1ULL << 30U;

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

Finding clock() {
    if (clock_is_synchronised()) return {Verdict::good, "clock", "disciplined", ""};
    return {
        Verdict::note, "clock",
        "the kernel says that nothing disciplines the clock: traffic may land in the wrong bucket",
        "run chrony or systemd-timesyncd (timedatectl set-ntp true), unless the hypervisor keeps "
        "the time"};
}

Finding ledger_place(const std::string& path) {
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
    const std::string room = bytes_text(system->free_bytes, Units::iec) + " free";
    if (system->free_bytes < little_room)
        return {Verdict::note, "ledger", path + ": " + room,
                "make room: a full disk stops the booking"};
    return {Verdict::good, "ledger", path + ": " + room, ""};
}

void add_losses(Session& session, std::vector<Finding>& findings) {
    const auto ledger = open_ledger(session, OpenMode::read_only);
    if (!ledger) {
        const bool none = ledger.error().code == ErrorCode::not_found;
        findings.push_back(
            {none ? Verdict::note : Verdict::wrong, "ledger", ledger.error().text, ""});
        return;
    }
    const UtcTime now = session.clock().now();
    const auto losses = (*ledger)->losses({now - Duration::hours(24), now});
    if (!losses) {
        findings.push_back({Verdict::wrong, "ledger", losses.error().text, "octroi audit"});
        return;
    }
    const std::size_t before = findings.size();
    for (const MeterKind* kind : session.kinds()) {
        for (const LossAdvice& advice : kind->loss_advice) {
            const auto count = std::ranges::count_if(*losses, [&](const MeterLoss& loss) {
                return std::ranges::find(advice.reasons, loss.loss.reason) != advice.reasons.end();
            });
            if (count == 0) continue;
            findings.push_back(
                {Verdict::wrong, "losses",
                 fmt::format("{}, {} times in the last 24 hours (octroi meters --losses)",
                             advice.finding, count),
                 std::string(advice.fix)});
        }
    }
    if (findings.size() == before)
        findings.push_back({Verdict::good, "losses", "nothing was lost in the last 24 hours", ""});
}

Result<ExitStatus> examine(Session& session) {
    TRY_ASSIGN(const Config* config, session.config());
    TRY_ASSIGN(const std::string path, session.ledger_path());
    std::vector<Finding> findings{clock(), ledger_place(path)};
    add_losses(session, findings);
    for (const MeterKind* kind : session.kinds()) {
        if (kind->examine == nullptr) continue;
        const auto found = kind->examine(meters_of(*kind, config->meters));
        findings.insert(findings.end(), found.begin(), found.end());
    }
    Report report;
    report.columns = {{.key = "verdict", .title = ""},
                      {.key = "about", .title = "About"},
                      {.key = "finding", .title = "Finding"},
                      {.key = "fix", .title = "Fix"}};
    bool wrong = false;
    for (const Finding& f : findings) {
        wrong = wrong || f.verdict == Verdict::wrong;
        const Tone tone = f.verdict == Verdict::good   ? Tone::plain
                          : f.verdict == Verdict::note ? Tone::strong
                                                       : Tone::warn;
        report.rows.push_back({.cells = {std::string(text(f.verdict)), f.about, f.finding,
                                         f.fix.empty() ? Cell() : Cell(f.fix)},
                               .tone = tone});
    }
    TRY(session.print(report));
    return wrong ? ExitStatus::failed : ExitStatus::done;
}

}  // namespace

void add_doctor(const Command& app, Session& session) {
    app.sub("doctor", "What on this machine would make figures wrong, and how to fix it")
        .does([&session] { return examine(session); });
}

}  // namespace octroi
