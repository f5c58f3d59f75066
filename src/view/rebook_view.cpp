// SPDX-License-Identifier: GPL-3.0-or-later
#include "view/rebook_view.hpp"

#include <fmt/format.h>

namespace octroi {
namespace {

Row rebook_row(std::string result, const std::string& what, Cell before, Cell after, Cell reason,
               const Volume& volume, std::uint64_t buckets) {
    return {.cells = {std::move(result), what, std::move(before), std::move(after),
                      std::move(reason), volume.bytes.value(), volume.packets.value(),
                      volume.flows.value(), buckets}};
}

void add_figures(Report& report, const std::string& name, const Volume& volume) {
    report.meta.push_back({name + "_bytes", volume.bytes.value()});
    report.meta.push_back({name + "_packets", volume.packets.value()});
    report.meta.push_back({name + "_flows", volume.flows.value()});
}

std::string rebook_outcome(const RebookSummary& summary) {
    if (summary.corrections == 0) return "There is nothing to correct.";
    const std::string count =
        fmt::format("{} correction{}", summary.corrections, summary.corrections == 1 ? "" : "s");
    if (summary.dry_run) return "Dry run: nothing is booked. It would be " + count + ".";
    return "Booked as " + count + ".";
}

}  // namespace

Report rebook_report(const RebookSummary& summary) {
    Report report;
    report.columns = {
        {.key = "result", .title = "Result"},
        {.key = "what", .title = "What", .drop_priority = 3},
        {.key = "before", .title = "From"},
        {.key = "after", .title = "To"},
        {.key = "reason", .title = "Reason"},
        {.key = "bytes", .title = "Bytes", .kind = ColumnKind::bytes},
        {.key = "packets", .title = "Packets", .kind = ColumnKind::packets, .drop_priority = 2},
        {.key = "flows", .title = "Flows", .kind = ColumnKind::count, .drop_priority = 4},
        {.key = "buckets", .title = "Buckets", .kind = ColumnKind::count, .drop_priority = 5}};
    for (const RebookMove& move : summary.moves)
        report.rows.push_back(
            rebook_row("moves", move.what, move.before, move.after, {}, move.volume, move.buckets));
    for (const RebookDoubt& doubt : summary.doubts) {
        report.rows.push_back(rebook_row("unresolved", "", doubt.name, {}, doubt.reason,
                                         doubt.volume, doubt.buckets));
        report.rows.back().tone = Tone::warn;
    }
    report.when_empty = rebook_outcome(summary);
    if (!report.rows.empty()) report.notes.push_back(rebook_outcome(summary));
    if (!summary.doubts.empty())
        report.notes.emplace_back(
            "Unresolved: stays where it is, because the ledger does not hold what would decide.");
    if (summary.left_out_until)
        report.notes.push_back("Left out: traffic before " + to_rfc3339(*summary.left_out_until) +
                               ". Only its sums by hour or day are left.");
    if (summary.stopped_at)
        report.notes.push_back("Stopped: traffic from " + to_rfc3339(*summary.stopped_at) +
                               " on was not looked at.");
    report.meta = {{"dry_run", summary.dry_run}, {"corrections", summary.corrections}};
    if (summary.left_out_until)
        report.meta.push_back({"left_out_until", to_rfc3339(*summary.left_out_until)});
    if (summary.stopped_at) report.meta.push_back({"stopped_at", to_rfc3339(*summary.stopped_at)});
    add_figures(report, "examined", summary.examined);
    add_figures(report, "moved", summary.moved);
    add_figures(report, "unresolved", summary.unresolved);
    return report;
}

}  // namespace octroi
