// SPDX-License-Identifier: GPL-3.0-or-later
#include "view/usage_table.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/check.hpp"

namespace octroi {
namespace {

std::string titled(std::string_view name) {
    std::string title(name);
    if (!title.empty() && title[0] >= 'a' && title[0] <= 'z')
        title[0] = static_cast<char>(title[0] - 'a' + 'A');
    return title;
}

// Columns that are shown only if the period contains traffic scaled up from samples.
bool is_for_sampling(const Column& column) {
    return column.key.starts_with("error") || column.key.starts_with("counted_");
}

// "±1.2%", rounded up.
std::string error_text(std::uint64_t error, std::uint64_t total) {
    if (total == 0) return "not known";
    const double percent = 100.0 * static_cast<double>(error) / static_cast<double>(total);
    if (percent >= 10) return fmt::format("±{:.0f}%", std::ceil(percent));
    return fmt::format("±{:.1f}%", std::ceil(percent * 10) / 10);
}

Cell text_cell(const std::string& text) { return text.empty() ? Cell{} : Cell{text}; }

const std::string& text_of(const UsageRow& row, UsageKey key) {
    switch (key) {
        case UsageKey::identity:
            return row.identity;
        case UsageKey::far_class:
            return row.far_class;
        case UsageKey::service:
            return row.service;
        case UsageKey::category:
            return row.category;
        case UsageKey::direction:
            return row.direction;
        case UsageKey::meter:
            return row.meter;
        case UsageKey::from:
            return row.from;
        case UsageKey::to:
            return row.to;
        case UsageKey::account:
        case UsageKey::period:  // has no text
            break;
    }
    return row.account;
}

}  // namespace

std::string_view key_name(UsageKey key, PeriodUnit unit) {
    switch (key) {
        case UsageKey::account:
            return "account";
        case UsageKey::identity:
            return "identity";
        case UsageKey::far_class:
            return "class";
        case UsageKey::service:
            return "service";
        case UsageKey::category:
            return "category";
        case UsageKey::direction:
            return "direction";
        case UsageKey::meter:
            return "meter";
        case UsageKey::period:
            return to_string(unit);
        case UsageKey::from:
            return "from";
        case UsageKey::to:
            return "to";
    }
    CHECK(false);
}

UsageTable::UsageTable(const UsageBlock& block, const UsageView& view, Parts parts)
    : block_(block), view_(view), parts_(parts) {
    for (const Account& account : view.accounts) accounts_.emplace(account.name, &account);
}

bool UsageTable::tells_excluded() const {
    return std::ranges::any_of(view_.by, [](UsageKey key) {
        return key == UsageKey::account || key == UsageKey::far_class || key == UsageKey::direction;
    });
}

Report UsageTable::build(Audience audience) const {
    const bool for_people = audience == Audience::people;
    Report report;
    report.columns = columns();
    for (const UsageRow& row : block_.rows) {
        // A row of which everything is excluded says nothing that the line below does not say.
        const bool is_empty = row.total == Volume{} && row.excluded != Volume{};
        if (for_people && (row.names_excluded || (is_empty && !view_.by.empty()))) continue;
        report.rows.push_back(shown(row));
    }
    if (block_.rest) report.rows.push_back(shown_rest(*block_.rest));
    if (for_people) add_excluded(report);
    // Without keys there is one row, and it is the total.
    if (!(report.rows.empty() && report.apart.empty()) && !view_.by.empty()) {
        report.totals = totals();
        report.totals_label = "Total";
    }
    report.heading = heading();
    if (!block_.rows.empty())
        report.notes = notes();
    else
        for (const auto& note : {bucket_note(), loss_note(), ahead_note()})
            if (note) report.notes.push_back(*note);
    report.when_empty = when_empty();
    return report;
}

std::vector<Column> UsageTable::columns() const {
    std::vector<Column> columns;
    for (const UsageKey key : view_.by) {
        const std::string name(key_name(key, view_.unit));
        columns.push_back({name, key == UsageKey::far_class ? "Far end" : titled(name)});
        columns.back().when_absent = "-";
        if (key == UsageKey::period) {
            columns.push_back({"begin", "Begin", ColumnKind::time, Audience::machines});
            columns.push_back({"end", "End", ColumnKind::time, Audience::machines});
        }
        if (key == UsageKey::account && parts_.titles)
            columns.push_back({"title", "Title", ColumnKind::text, Audience::everyone, 3});
        if (key == UsageKey::account && view_.tree) {
            columns.push_back({"parent", "Parent", ColumnKind::text, Audience::machines});
            columns.push_back({"depth", "Depth", ColumnKind::number, Audience::machines});
        }
    }
    const std::vector<Column> figures = figure_columns();
    columns.insert(columns.end(), figures.begin(), figures.end());
    return columns;
}

std::vector<Column> UsageTable::figure_columns() const {
    // From one end to another there is one direction: people need the total only.
    const bool ends = std::ranges::any_of(
        view_.by, [](UsageKey key) { return key == UsageKey::from || key == UsageKey::to; });
    const Audience sides = ends ? Audience::machines : Audience::everyone;
    std::vector<Column> figures{
        {"received_bytes", "Received", ColumnKind::bytes, sides},
        {"sent_bytes", "Sent", ColumnKind::bytes, sides},
        {"total_bytes", "Total", ColumnKind::bytes},
        {"error", "Error", ColumnKind::text, Audience::people, 1, "-"},
        {"received_packets", "", ColumnKind::packets, Audience::machines},
        {"sent_packets", "", ColumnKind::packets, Audience::machines},
        {"total_packets", "Packets", ColumnKind::packets, Audience::everyone, 1},
        {"flows", "", ColumnKind::count, Audience::machines},
        {"excluded_bytes", "", ColumnKind::bytes, Audience::machines},
        {"excluded_packets", "", ColumnKind::packets, Audience::machines},
        {"counted_bytes", "", ColumnKind::bytes, Audience::machines},
        {"counted_packets", "", ColumnKind::packets, Audience::machines},
        {"error_bytes", "", ColumnKind::bytes, Audience::machines},
        {"error_packets", "", ColumnKind::packets, Audience::machines},
        {"layer", "", ColumnKind::number, Audience::machines},
        {"rest_of", "", ColumnKind::count, Audience::machines},
        {"share", "Share", ColumnKind::percent, Audience::people, 2},
        {"bar", "", ColumnKind::bar, Audience::people, 4},
    };
    std::erase_if(figures, [&](const Column& column) {
        return (!parts_.sampling && is_for_sampling(column)) ||
               (!parts_.rest && column.key == "rest_of") ||
               (tells_excluded() && column.key.starts_with("excluded_"));
    });
    return figures;
}

// add_error() for people, add_counted() for machines. Absent in rows without sampled traffic.
void UsageTable::add_error(std::vector<Cell>& cells, const Volume& total,
                           const Estimate& estimate) const {
    if (!parts_.sampling) return;
    const auto error = estimate.bytes_error();
    cells.push_back(!estimate.any() ? Cell{}
                    : error         ? Cell{error_text(*error, total.bytes.value())}
                                    : Cell{std::string("not known")});
}

void UsageTable::add_counted(std::vector<Cell>& cells, const Volume& total,
                             const Estimate& estimate) const {
    if (!parts_.sampling) return;
    const auto cell = [&](std::optional<std::uint64_t> v) {
        return v && estimate.any() ? Cell{*v} : Cell{};
    };
    cells.push_back(cell(total.bytes.value() - estimate.bytes));
    cells.push_back(cell(total.packets.value() - estimate.packets));
    cells.push_back(cell(estimate.bytes_error()));
    cells.push_back(cell(estimate.packets_error()));
}

void UsageTable::add_period(Row& out, const UsageRow& row) const {
    if (!row.period || *row.period >= view_.slots.size()) {
        out.cells.insert(out.cells.end(), 3, Cell{});
        return;
    }
    const Slot& slot = view_.slots[*row.period];
    out.cells.emplace_back(slot.label);
    out.cells.emplace_back(Moment{slot.interval.begin, 0});
    out.cells.emplace_back(Moment{slot.interval.end, 0});
}

const Account* UsageTable::account_of(const std::string& name) const {
    const auto found = accounts_.find(name);
    return found == accounts_.end() ? nullptr : found->second;
}

void UsageTable::add_account(Row& out, const UsageRow& row) const {
    out.cells.emplace_back(row.account);
    const Account* account = account_of(row.account);
    if (parts_.titles)
        out.cells.push_back(account == nullptr || account->title == account->name
                                ? Cell{}
                                : text_cell(account->title));
    if (!view_.tree) return;
    out.cells.push_back(account == nullptr ? Cell{} : text_cell(account->parent));
    out.cells.emplace_back(static_cast<std::uint64_t>(row.depth));
    if (view_.by.front() == UsageKey::account) out.indent = row.depth;
}

void UsageTable::add_figures(std::vector<Cell>& cells, const UsageRow& figures, bool with_share,
                             Cell of_rows) const {
    const Volume& total = figures.total;
    cells.emplace_back(figures.received.bytes.value());
    cells.emplace_back(figures.sent.bytes.value());
    cells.emplace_back(total.bytes.value());
    add_error(cells, total, figures.estimate);
    cells.emplace_back(figures.received.packets.value());
    cells.emplace_back(figures.sent.packets.value());
    cells.emplace_back(total.packets.value());
    cells.emplace_back(total.flows.value());
    if (!tells_excluded()) {
        cells.emplace_back(figures.excluded.bytes.value());
        cells.emplace_back(figures.excluded.packets.value());
    }
    add_counted(cells, total, figures.estimate);
    cells.emplace_back(static_cast<std::uint64_t>(block_.layer));
    if (parts_.rest) cells.push_back(std::move(of_rows));
    const std::uint64_t whole = block_.total.bytes.value();
    const bool drawn = with_share && whole > 0;
    cells.push_back(drawn ? Cell{share_text(total.bytes.value(), whole)} : Cell{});
    cells.push_back(
        drawn ? Cell{100.0 * static_cast<double>(total.bytes.value()) / static_cast<double>(whole)}
              : Cell{});
}

Row UsageTable::shown(const UsageRow& row) const {
    Row out;
    for (const UsageKey key : view_.by) {
        if (key == UsageKey::account)
            add_account(out, row);
        else if (key == UsageKey::period)
            add_period(out, row);
        else
            out.cells.push_back(text_cell(text_of(row, key)));
    }
    add_figures(out.cells, row, !row.names_excluded);
    if (row.account.starts_with("@excluded") || row.account.starts_with("@transit"))
        out.tone = Tone::dim;
    return out;
}

Row UsageTable::shown_rest(const UsageRow& rest) const {
    const auto of_rows = static_cast<std::uint64_t>(block_.left_out);
    std::vector<Cell> figures;
    add_figures(figures, rest, true, of_rows);
    return labelled(fmt::format("(rest of {})", count_text(of_rows)), std::move(figures));
}

Row UsageTable::labelled(std::string label, std::vector<Cell> figures) const {
    Row out;
    out.cells.resize(columns().size() - figures.size());
    std::ranges::move(figures, std::back_inserter(out.cells));
    out.label = std::move(label);
    out.tone = Tone::dim;
    return out;
}

// One line for each row of excluded traffic; one line for the whole where rows do not tell it from
// other traffic, or where the limit has cut some of them.
void UsageTable::add_excluded(Report& report) const {
    const Volume& excluded = block_.totals.excluded;
    if (excluded == Volume{} || block_.total == block_.totals.whole || view_.by.empty()) return;
    Bytes listed;
    for (const UsageRow& row : block_.rows) {
        if (!row.names_excluded) continue;
        report.apart.push_back(shown(row));
        listed = Bytes(checked_add(listed.value(), row.total.bytes.value()).value_or(UINT64_MAX));
    }
    if (!report.apart.empty() && listed == excluded.bytes) return;
    UsageRow all;
    all.total = excluded;
    std::vector<Cell> figures;
    add_figures(figures, all, false);
    report.apart = {labelled("Excluded", std::move(figures))};
}

// Traffic between two accounts is in the rows of both, but in the total once.
std::vector<Cell> UsageTable::totals() const {
    UsageRow all;
    all.received = block_.received;
    all.sent = block_.sent;
    all.total = block_.total;
    if (block_.total != block_.totals.whole) all.excluded = block_.totals.excluded;
    all.estimate = block_.estimate;
    std::vector<Cell> figures;
    add_figures(figures, all, false);
    std::vector<Cell> cells(columns().size() - figures.size());
    std::ranges::move(figures, std::back_inserter(cells));
    return cells;
}

std::vector<Fact> UsageTable::sums() const {
    std::vector<Fact> facts{{"layer", static_cast<std::uint64_t>(block_.layer)}};
    const auto add = [&](const std::string& name, const Volume& v) {
        facts.push_back({name + "_bytes", v.bytes.value()});
        facts.push_back({name + "_packets", v.packets.value()});
    };
    add("observed", block_.totals.whole);
    add("attributed", block_.totals.attributed);
    add("unattributed", block_.totals.unattributed);
    add("excluded", block_.totals.excluded);
    add("transit", block_.totals.transit);
    add("internal", block_.totals.internal);
    facts.push_back({"conserved", block_.totals.conserved()});
    return facts;
}

std::vector<Fact> UsageTable::layer_facts() const {
    std::vector<Fact> facts = sums();
    facts.push_back({"received_bytes", block_.received.bytes.value()});
    facts.push_back({"sent_bytes", block_.sent.bytes.value()});
    facts.push_back({"received_packets", block_.received.packets.value()});
    facts.push_back({"sent_packets", block_.sent.packets.value()});
    facts.push_back({"total_bytes", block_.total.bytes.value()});
    facts.push_back({"total_packets", block_.total.packets.value()});
    facts.push_back({"flows", block_.total.flows.value()});
    facts.push_back({"rows_left_out", static_cast<std::uint64_t>(block_.left_out)});
    return facts;
}

}  // namespace octroi
