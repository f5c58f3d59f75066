// SPDX-License-Identifier: GPL-3.0-or-later
#include "view/unknown_view.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "view/usage_view.hpp"

namespace octroi {
namespace {

// A POSIX shell takes these literally, anywhere in a word.
bool is_literal(char c) {
    constexpr std::string_view signs = "@%+=:,./_-";
    const bool is_letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    return is_letter || (c >= '0' && c <= '9') || signs.contains(c);
}

std::string shell_word(std::string_view word) {
    if (!word.empty() && std::ranges::all_of(word, is_literal)) return std::string(word);
    std::string quoted = "'";
    for (const char c : word) {
        if (c == '\'') {
            quoted += "'\\''";
        } else {
            quoted += c;
        }
    }
    return quoted + "'";
}

std::vector<Column> unknown_columns(bool has_layers) {
    return {{.key = "identity", .title = "Identity", .when_absent = "(none)"},
            {.key = "meter", .title = "Meter", .drop_priority = 2},
            {.key = "layer",
             .title = "Layer",
             .audience = has_layers ? Audience::everyone : Audience::machines},
            {.key = "received", .title = "Received", .kind = ColumnKind::bytes},
            {.key = "sent", .title = "Sent", .kind = ColumnKind::bytes},
            {.key = "total", .title = "Total", .kind = ColumnKind::bytes},
            {.key = "command", .title = "To bind it", .drop_priority = 1}};
}

Row unknown_row(const UsageRow& row, Layer layer) {
    Row out{.cells = {absent, row.meter, std::string(layer_name(layer)), row.received.bytes.value(),
                      row.sent.bytes.value(), row.total.bytes.value(), absent}};
    if (!row.identity.empty()) {
        out.cells.front() = row.identity;
        out.cells.back() = binding_command(row.identity);
    }
    return out;
}

}  // namespace

std::string binding_command(std::string_view identity) {
    // The keyword of a kind, as "domain", is a word of letters; an address has no space.
    const std::size_t space = identity.find(' ');
    if (space == std::string_view::npos)
        return fmt::format("octroi bind {} ACCOUNT", shell_word(identity));
    const std::string_view value = identity.substr(space + 1);
    // One word: a value that begins with '-' would be an option.
    if (value.starts_with('-')) return fmt::format("octroi bind {} ACCOUNT", shell_word(identity));
    return fmt::format("octroi bind {} {} ACCOUNT", identity.substr(0, space), shell_word(value));
}

Report unknown_report(const Usage& usage, Bytes no_user_needed) {
    Report report;
    report.columns = unknown_columns(usage.blocks.size() > 1);
    report.when_empty = "All traffic of local ends has an account in this period.";
    std::size_t left_out = 0;
    bool has_application = false;
    for (const UsageBlock& block : usage.blocks) {
        for (const UsageRow& row : block.rows) report.rows.push_back(unknown_row(row, block.layer));
        left_out += block.left_out;
        has_application = has_application || block.layer == Layer::application;
    }
    if (left_out > 0)
        report.notes.push_back(fmt::format(
            "{} more with less traffic are not shown. Next: --limit 0 shows all.", left_out));
    if (!report.rows.empty())
        report.notes.emplace_back(
            "A binding without --from holds from the earliest time; `octroi rebook` moves the "
            "traffic that is in the ledger already.");
    if (no_user_needed > Bytes{})
        report.notes.push_back(fmt::format(
            "{} bytes of clients that need no user (`no_user_needed` of a meter) are not listed: "
            "they count for nobody.",
            no_user_needed.value()));
    if (has_application)
        report.notes.emplace_back(
            "Bytes of the layer application are those that a server's log states, without headers "
            "and retransmissions: at most what the network carried.");
    return report;
}

}  // namespace octroi
