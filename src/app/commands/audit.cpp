// SPDX-License-Identifier: GPL-3.0-or-later

#include <memory>

#include "app/commands.hpp"
#include "app/ledger_access.hpp"
#include "ledger/audit.hpp"
#include "service/recount.hpp"
#include "view/ledger_view.hpp"

namespace octroi {
namespace {

Result<ExitStatus> audit_ledger(Session& session) {
    TRY_ASSIGN(const auto ledger, open_ledger(session, OpenMode::read_only));
    TRY_ASSIGN(const AuditReport report, interruptible([&] { return audit(*ledger); }));
    TRY(session.print(audit_report(report)));
    return report.holds() ? ExitStatus::done : ExitStatus::failed;
}

Report recount_report(const Recount& recount, const std::string& file) {
    Report report;
    report.columns = {
        {.key = "bucket", .title = "Bucket", .kind = ColumnKind::time},
        {.key = "file_bytes", .title = "In the file", .kind = ColumnKind::bytes},
        {.key = "ledger_bytes", .title = "In the ledger", .kind = ColumnKind::bytes},
        {.key = "file_packets", .title = "Packets", .kind = ColumnKind::packets},
        {.key = "ledger_packets", .title = "In the ledger", .kind = ColumnKind::packets}};
    for (const auto& [bucket, counted] : recount.file) {
        const BucketCount& booked = recount.ledger.at(bucket);
        report.rows.push_back({.cells = {Moment{bucket}, counted.bytes, booked.bytes,
                                         counted.packets, booked.packets},
                               .tone = booked == counted ? Tone::plain : Tone::warn});
    }
    report.notes = {recount.agrees() ? "Every bucket is equal to the byte."
                                     : "The ledger and the file differ."};
    report.meta = {{"file", file}, {"agrees", recount.agrees()}};
    return report;
}

Result<ExitStatus> audit_against(Session& session, const std::string& file) {
    TRY_ASSIGN(const auto ledger, open_ledger(session, OpenMode::read_only));
    TRY_ASSIGN(const Recount both,
               interruptible([&] { return recount(*ledger, session.kinds(), file); }));
    TRY(session.print(recount_report(both, file)));
    return both.agrees() ? ExitStatus::done : ExitStatus::failed;
}

}  // namespace

void add_audit(const Command& app, Session& session) {
    auto against = std::make_shared<std::string>();
    app.sub("audit",
            "Check the ledger: conservation, hash chain, cursors. Exit status 1 if there are "
            "findings")
        .text("--against", *against, "Count an imported capture again, and compare every bucket",
              "FILE")
        .does([&session, against] {
            return against->empty() ? audit_ledger(session) : audit_against(session, *against);
        });
}

}  // namespace octroi
