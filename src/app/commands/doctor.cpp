// SPDX-License-Identifier: GPL-3.0-or-later
#include "service/doctor.hpp"
#include "app/commands.hpp"
#include "app/ledger_access.hpp"

namespace octroi {
namespace {

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

std::vector<Finding> examine_ledger(Session& session) {
    const auto ledger = open_ledger(session, OpenMode::read_only);
    if (!ledger) {
        const bool none = ledger.error().code == ErrorCode::not_found;
        return {{none ? Verdict::note : Verdict::wrong, "ledger", ledger.error().text, ""}};
    }
    const UtcTime now = session.clock().now();
    const auto losses = (*ledger)->losses({now - loss_period, now});
    if (!losses) return {{Verdict::wrong, "ledger", losses.error().text, "octroi audit"}};
    return examine_losses(*losses, "the last 24 hours", session.kinds());
}

Result<ExitStatus> examine(Session& session) {
    TRY_ASSIGN(const Config* config, session.config());
    TRY_ASSIGN(const std::string path, session.ledger_path());
    std::vector<Finding> findings = examine_host(path);
    for (const auto& found : {examine_ledger(session), examine_kinds(*config, session.kinds())})
        findings.insert(findings.end(), found.begin(), found.end());
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
    app.sub(
           "doctor",
           "Find settings of this machine that would make figures wrong, and print how to fix them")
        .does([&session] { return examine(session); });
}

}  // namespace octroi
