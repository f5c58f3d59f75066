// SPDX-License-Identifier: GPL-3.0-or-later
#include "view/server_gap_view.hpp"

#include <fmt/format.h>

#include "base/saturated_sum.hpp"

namespace octroi {
namespace {

std::string logged_share(const ServerGapRow& row) {
    if (row.carried.bytes.value() == 0) return row.logged == 0 ? "" : ">100";
    return fmt::format("{:.1f}", 100.0 * static_cast<double>(row.logged) /
                                     static_cast<double>(row.carried.bytes.value()));
}

std::vector<Column> gap_columns() {
    return {
        {.key = "begin", .title = "From", .kind = ColumnKind::time},
        {.key = "log", .title = "Log"},
        {.key = "meter", .title = "Packet meter"},
        {.key = "role", .title = "Role", .audience = Audience::machines},
        {.key = "packet_bytes", .title = "Packets", .kind = ColumnKind::bytes},
        {.key = "packets",
         .title = "",
         .kind = ColumnKind::packets,
         .audience = Audience::machines},
        {.key = "log_bytes", .title = "Log", .kind = ColumnKind::bytes},
        {.key = "gap_bytes", .title = "Gap", .kind = ColumnKind::count},
        {.key = "header_bytes", .title = "Headers", .kind = ColumnKind::count, .drop_priority = 1},
        {.key = "rest_bytes", .title = "Rest", .kind = ColumnKind::count, .drop_priority = 1},
        {.key = "logged_percent", .title = "Logged %", .audience = Audience::people}};
}

std::string nothing_to_compare(bool has_servers) {
    return has_servers
               ? "There is nothing to compare: no packet meter has traffic of these addresses in "
                 "this period."
               : "No log meter says which packets carry its traffic. Next: addresses = "
                 "[\"192.0.2.10\"] and services = [\"http\", \"https\"] in its [[meter]].";
}

std::vector<Column> share_columns() {
    return {{.key = "begin", .title = "From", .kind = ColumnKind::time},
            {.key = "log", .title = "Log"},
            {.key = "meter", .title = "Packet meter"},
            {.key = "identity", .title = "Name"},
            {.key = "account", .title = "Account"},
            {.key = "log_bytes", .title = "Log", .kind = ColumnKind::bytes},
            {.key = "spread_bytes", .title = "Spread, about", .kind = ColumnKind::bytes},
            {.key = "sum_bytes", .title = "Sum, about", .kind = ColumnKind::bytes},
            {.key = "is_approximation", .title = "", .audience = Audience::machines}};
}

}  // namespace

Report gap_share_report(const std::vector<GapShare>& shares, bool has_servers) {
    Report report;
    report.columns = share_columns();
    for (const GapShare& share : shares) {
        const bool has_name = share.party != Party{};
        report.rows.push_back(
            {.cells = {
                 Moment{share.begin, 0}, share.log, share.meter,
                 has_name && !share.party.identity.empty() ? Cell(share.party.identity) : Cell(),
                 has_name ? Cell(to_string(share.party)) : Cell(), share.logged, share.spread,
                 saturated_sum(Bytes(share.logged), Bytes(share.spread)).value(), true}});
    }
    if (!shares.empty())
        report.notes.emplace_back(
            "An approximation: nobody knows who caused the bytes that the network carried beyond "
            "the log. They are spread over the names by their share of the logged bytes, and add "
            "up to the gap of octroi reconcile. The ledger has no such figures, and no bill is "
            "made "
            "from them. A gap below 0 is not spread; one without a line in the log has no name.");
    report.when_empty = nothing_to_compare(has_servers);
    return report;
}

Report server_gap_report(const std::vector<ServerGapRow>& rows, bool has_servers) {
    Report report;
    report.columns = gap_columns();
    bool has_excess = false;
    for (const ServerGapRow& row : rows) {
        const bool is_excess = row.gap < 0;
        has_excess = has_excess || is_excess;
        report.rows.push_back(
            {.cells = {Moment{row.begin, 0}, row.log, row.meter,
                       std::string(row.role == MeterRole::bill ? "bill" : "witness"),
                       row.carried.bytes.value(), row.carried.packets.value(), row.logged, row.gap,
                       row.headers, row.rest, logged_share(row)},
             .tone = is_excess ? Tone::warn : Tone::plain});
    }
    if (!rows.empty())
        report.notes.emplace_back(
            "Packets = log + headers + rest. A log states application data (layer 7) and is a "
            "lower "
            "bound of what the network carried (layer 3). Headers: IP and TCP without options, for "
            "each packet. The rest is TCP options, TLS, retransmissions, headers of HTTP where the "
            "log has bodies only, and requests that the server did not log.");
    if (has_excess)
        report.notes.emplace_back(
            "A gap below 0: the log states more than the packet meter saw. Either the meter does "
            "not see all of the server's traffic, `addresses` or `services` of the log meter name "
            "too little, the log states data that crossed no network (a mail for a mailbox of the "
            "same machine, or for several recipients), or lines are forged. Next: do not bill by "
            "this log before that is clear.");
    report.when_empty = nothing_to_compare(has_servers);
    return report;
}

}  // namespace octroi
