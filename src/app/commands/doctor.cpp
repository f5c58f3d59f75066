// SPDX-License-Identifier: GPL-3.0-or-later
#include "service/doctor.hpp"

#include "app/commands.hpp"
#include "app/ledger_access.hpp"
#include "service/counters_request.hpp"

namespace octroi {
namespace {

Result<ExitStatus> examine(Session& session) {
    TRY_ASSIGN(const Config* config, session.config());
    TRY_ASSIGN(const std::string path, session.ledger_path());
    std::vector<Finding> findings = examine_host(path);
    const auto ledger = open_ledger(session, OpenMode::read_only);
    for (const auto& found : {examine_ledger(ledger, session.clock().now(), session.kinds()),
                              examine_counters(ask_counters(path), session.kinds()),
                              examine_class_source(*config, path, session.clock().now()),
                              examine_kinds(*config, session.kinds())})
        findings.insert(findings.end(), found.begin(), found.end());
    if (session.machine_format()) {
        TRY(session.print(findings_report(findings)));
    } else {
        TRY_ASSIGN(const TableOptions table, session.table_options());
        TRY(session.print(findings_text(findings, table.width)));
    }
    return has_wrong(findings) ? ExitStatus::failed : ExitStatus::done;
}

}  // namespace

void add_doctor(const Command& app, Session& session) {
    app.sub(
           "doctor",
           "Find settings of this machine that would make figures wrong, and print how to fix them")
        .does([&session] { return examine(session); });
}

}  // namespace octroi
