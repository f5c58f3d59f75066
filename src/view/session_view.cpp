// SPDX-License-Identifier: GPL-3.0-or-later
#include "view/session_view.hpp"

namespace octroi {
namespace {

Cell moment_cell(UtcTime t) {
    if (t == UtcTime::max()) return {};
    return Moment{t, t.ns % 1'000'000'000 == 0 ? 0 : 9};
}

}  // namespace

Report sessions_report(const std::vector<SessionRow>& sessions) {
    Report report;
    report.columns = {{"held", "Address"},
                      {"holder", "Held by", ColumnKind::text, Audience::everyone, 0, "nobody"},
                      {"account", "Account", ColumnKind::text, Audience::everyone, 1},
                      {"from", "From", ColumnKind::time},
                      {"until", "Until", ColumnKind::time, Audience::everyone, 0, "now"},
                      {"source", "Source", ColumnKind::text, Audience::everyone, 2}};
    const auto text = [](const std::string& t) { return t.empty() ? Cell{} : Cell{t}; };
    for (const SessionRow& row : sessions)
        report.rows.push_back(
            {{row.held, text(row.holder), text(row.account), moment_cell(row.time.begin),
              moment_cell(row.time.end), row.source}});
    report.when_empty =
        "Nobody has stated who held this address. Statements come from logs of identities, RADIUS, "
        "DHCP and ARP.";
    return report;
}

}  // namespace octroi
