// SPDX-License-Identifier: GPL-3.0-or-later
#include "view/usage_view.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <tuple>

namespace octroi {
namespace {

constexpr std::string_view layer_text =
    "Bytes are layer 3: IP header included, link layer not. A transfer counts once in the total.";

std::uint64_t saturating(std::uint64_t a, std::uint64_t b) {
    return checked_add(a, b).value_or(std::numeric_limits<std::uint64_t>::max());
}

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
    }
    return "";
}

std::string titled(std::string_view name) {
    std::string title(name);
    if (!title.empty() && title[0] >= 'a' && title[0] <= 'z')
        title[0] = static_cast<char>(title[0] - 'a' + 'A');
    return title;
}

bool has_key(const UsageView& view, UsageKey key) { return std::ranges::count(view.by, key) > 0; }

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

// The position of an account in the tree.
struct TreePosition {
    std::size_t order = 0;
    int depth = 0;
};

class UsageReport {
public:
    UsageReport(const Usage& usage, const UsageView& view) : usage_(usage), view_(view) {
        for (const Account& account : view.accounts) accounts_.emplace(account.name, &account);
        with_titles_ = has_key(view, UsageKey::account) &&
                       std::ranges::any_of(usage.rows, [&](const UsageRow& row) {
                           return !title_of(row.account).empty();
                       });
        if (view.tree) place_accounts();
    }

    Report build() {
        Report report;
        report.columns = columns();
        for (const UsageRow* row : ordered()) report.rows.push_back(shown(*row));
        // Without keys there is one row, and it is the total.
        if (!report.rows.empty() && !view_.by.empty()) {
            report.totals = totals();
            report.totals_label = "Total";
        }
        report.heading = heading();
        if (!report.rows.empty())
            report.notes = notes();
        else if (const auto note = bucket_note())
            report.notes = {*note};
        report.when_empty = when_empty();
        report.meta = meta();
        return report;
    }

private:
    // ---- the tree -------------------------------------------------------------------------------

    const Account* account_of(const std::string& name) const {
        const auto found = accounts_.find(name);
        return found == accounts_.end() ? nullptr : found->second;
    }

    std::string title_of(const std::string& name) const {
        const Account* account = account_of(name);
        return account == nullptr || account->title == name ? std::string() : account->title;
    }

    // The parent, if it has rows too. With --account the tree begins at that account.
    std::string shown_parent(const std::string& name) const {
        const Account* account = account_of(name);
        return account != nullptr && sums_.contains(account->parent) ? account->parent
                                                                     : std::string();
    }

    void place_accounts() {
        for (const UsageRow& row : usage_.rows) {
            std::uint64_t& sum = sums_[row.account];
            sum = saturating(sum, row.total.bytes.value());
        }
        std::map<std::string, std::vector<std::string>> children;
        for (const auto& [name, sum] : sums_) children[shown_parent(name)].push_back(name);
        for (auto& [parent, names] : children)
            std::ranges::stable_sort(
                names, [&](const auto& a, const auto& b) { return sums_.at(a) > sums_.at(b); });
        // Depth first without recursion. An account is placed once, so that even a cycle (which the
        // ledger refuses) would end.
        std::vector<std::pair<std::string, int>> waiting{{"", -1}};
        while (!waiting.empty()) {
            const auto [name, depth] = waiting.back();
            waiting.pop_back();
            if (depth >= 0 &&
                !positions_.emplace(name, TreePosition{positions_.size(), depth}).second)
                continue;
            const auto below = children.find(name);
            if (below == children.end() || (name.empty() && depth >= 0)) continue;
            for (auto it = below->second.rbegin(); it != below->second.rend(); ++it)
                waiting.emplace_back(*it, depth + 1);
        }
    }

    TreePosition position_of(const std::string& name) const {
        const auto found = positions_.find(name);
        return found == positions_.end() ? TreePosition{positions_.size(), 0} : found->second;
    }

    // ---- rows -----------------------------------------------------------------------------------

    std::vector<const UsageRow*> ordered() const {
        std::vector<const UsageRow*> rows;
        for (const UsageRow& row : usage_.rows) rows.push_back(&row);
        std::ranges::stable_sort(rows, [&](const UsageRow* a, const UsageRow* b) {
            if (view_.tree) {
                const auto x = position_of(a->account).order;
                const auto y = position_of(b->account).order;
                if (x != y) return x < y;
            }
            if (a->period != b->period) return a->period < b->period;
            return a->total.bytes > b->total.bytes;
        });
        return rows;
    }

    std::vector<Column> columns() const {
        std::vector<Column> columns;
        for (const UsageKey key : view_.by) {
            const std::string name(key_name(key, view_.unit));
            columns.push_back({name, key == UsageKey::far_class ? "Far end" : titled(name)});
            columns.back().when_absent = "-";
            if (key == UsageKey::period) {
                columns.push_back({"begin", "Begin", ColumnKind::time, Audience::machines});
                columns.push_back({"end", "End", ColumnKind::time, Audience::machines});
            }
            if (key == UsageKey::account && with_titles_)
                columns.push_back({"title", "Title", ColumnKind::text, Audience::everyone, 3});
            if (key == UsageKey::account && view_.tree) {
                columns.push_back({"parent", "Parent", ColumnKind::text, Audience::machines});
                columns.push_back({"depth", "Depth", ColumnKind::number, Audience::machines});
            }
        }
        std::vector<Column> figures{
            {"received_bytes", "Received", ColumnKind::bytes},
            {"sent_bytes", "Sent", ColumnKind::bytes},
            {"total_bytes", "Total", ColumnKind::bytes},
            {"error", "Error", ColumnKind::text, Audience::people, 1, "-"},
            {"received_packets", "", ColumnKind::packets, Audience::machines},
            {"sent_packets", "", ColumnKind::packets, Audience::machines},
            {"total_packets", "Packets", ColumnKind::packets, Audience::everyone, 1},
            {"flows", "", ColumnKind::count, Audience::machines},
            {"counted_bytes", "", ColumnKind::bytes, Audience::machines},
            {"counted_packets", "", ColumnKind::packets, Audience::machines},
            {"error_bytes", "", ColumnKind::bytes, Audience::machines},
            {"error_packets", "", ColumnKind::packets, Audience::machines},
            {"share", "Share", ColumnKind::percent, Audience::people, 2},
            {"bar", "", ColumnKind::bar, Audience::people, 4},
        };
        if (!is_sampled())
            std::erase_if(figures, [](const Column& c) { return is_for_sampling(c); });
        columns.insert(columns.end(), figures.begin(), figures.end());
        return columns;
    }

    bool is_sampled() const { return usage_.estimate.any(); }

    // add_error() for people, add_counted() for machines. Absent in rows without sampled traffic.
    void add_error(std::vector<Cell>& cells, const Volume& total, const Estimate& estimate) const {
        if (!is_sampled()) return;
        const auto error = estimate.bytes_error();
        cells.push_back(!estimate.any() ? Cell{}
                        : error         ? Cell{error_text(*error, total.bytes.value())}
                                        : Cell{std::string("not known")});
    }
    void add_counted(std::vector<Cell>& cells, const Volume& total,
                     const Estimate& estimate) const {
        if (!is_sampled()) return;
        const auto cell = [&](std::optional<std::uint64_t> v) {
            return v && estimate.any() ? Cell{*v} : Cell{};
        };
        cells.push_back(cell(total.bytes.value() - estimate.bytes));
        cells.push_back(cell(total.packets.value() - estimate.packets));
        cells.push_back(cell(estimate.bytes_error()));
        cells.push_back(cell(estimate.packets_error()));
    }

    void add_period(Row& out, const UsageRow& row) const {
        if (!row.period || *row.period >= view_.slots.size()) {
            out.cells.insert(out.cells.end(), 3, Cell{});
            return;
        }
        const Slot& slot = view_.slots[*row.period];
        out.cells.emplace_back(slot.label);
        out.cells.emplace_back(Moment{slot.interval.begin, 0});
        out.cells.emplace_back(Moment{slot.interval.end, 0});
    }

    void add_account(Row& out, const UsageRow& row) const {
        out.cells.emplace_back(row.account);
        const auto optional = [](std::string text) {
            return text.empty() ? Cell{} : Cell{std::move(text)};
        };
        if (with_titles_) out.cells.push_back(optional(title_of(row.account)));
        if (!view_.tree) return;
        const Account* account = account_of(row.account);
        out.cells.push_back(optional(account == nullptr ? "" : account->parent));
        out.cells.emplace_back(static_cast<std::uint64_t>(position_of(row.account).depth));
        if (view_.by.front() == UsageKey::account) out.indent = position_of(row.account).depth;
    }

    static Cell text_or_absent(const std::string& text) {
        return text.empty() ? Cell{} : Cell{text};
    }

    void add_figures(std::vector<Cell>& cells, const Volume& received, const Volume& sent,
                     const Volume& total, const Estimate& estimate, bool with_share) const {
        cells.emplace_back(received.bytes.value());
        cells.emplace_back(sent.bytes.value());
        cells.emplace_back(total.bytes.value());
        add_error(cells, total, estimate);
        cells.emplace_back(received.packets.value());
        cells.emplace_back(sent.packets.value());
        cells.emplace_back(total.packets.value());
        cells.emplace_back(total.flows.value());
        add_counted(cells, total, estimate);
        const std::uint64_t whole = usage_.totals.whole.bytes.value();
        const bool drawn = with_share && whole > 0;
        cells.push_back(drawn ? Cell{share_text(total.bytes.value(), whole)} : Cell{});
        cells.push_back(drawn ? Cell{100.0 * static_cast<double>(total.bytes.value()) /
                                     static_cast<double>(whole)}
                              : Cell{});
    }

    Row shown(const UsageRow& row) const {
        Row out;
        for (const UsageKey key : view_.by) {
            switch (key) {
                case UsageKey::account:
                    add_account(out, row);
                    break;
                case UsageKey::identity:
                    out.cells.push_back(text_or_absent(row.identity));
                    break;
                case UsageKey::far_class:
                    out.cells.push_back(text_or_absent(row.far_class));
                    break;
                case UsageKey::service:
                    out.cells.push_back(text_or_absent(row.service));
                    break;
                case UsageKey::category:
                    out.cells.push_back(text_or_absent(row.category));
                    break;
                case UsageKey::direction:
                    out.cells.push_back(text_or_absent(row.direction));
                    break;
                case UsageKey::meter:
                    out.cells.push_back(text_or_absent(row.meter));
                    break;
                case UsageKey::period:
                    add_period(out, row);
                    break;
            }
        }
        add_figures(out.cells, row.received, row.sent, row.total, row.estimate, true);
        if (row.account.starts_with("@excluded") || row.account.starts_with("@transit"))
            out.tone = Tone::dim;
        return out;
    }

    std::vector<Cell> totals() const {
        Volume received;
        Volume sent;
        const auto add = [](Volume& sum, const Volume& v) {
            sum.bytes = Bytes(saturating(sum.bytes.value(), v.bytes.value()));
            sum.packets = Packets(saturating(sum.packets.value(), v.packets.value()));
            sum.flows = Flows(saturating(sum.flows.value(), v.flows.value()));
        };
        for (const UsageRow& row : usage_.rows) {
            // The row of a parent includes its children.
            if (view_.tree && position_of(row.account).depth > 0) continue;
            add(received, row.received);
            add(sent, row.sent);
        }
        // Traffic between two accounts is in the rows of both, but in the total once.
        const std::size_t figures = is_sampled() ? figure_count_sampled : figure_count;
        std::vector<Cell> cells(columns().size() - figures);
        add_figures(cells, received, sent, usage_.in_rows, usage_.estimate, false);
        return cells;
    }
    static constexpr std::size_t figure_count = 9;
    static constexpr std::size_t figure_count_sampled = figure_count + 5;

    // ---- heading and notes ----------------------------------------------------------------------

    std::vector<std::string> heading() const {
        std::vector<std::string> names;
        for (const UsageKey key : view_.by) names.emplace_back(key_name(key, view_.unit));
        std::string first = "Usage";
        if (view_.account) first += " of " + *view_.account;
        first += fmt::format(", {}", period_text(view_.period, view_.zone));
        if (!names.empty()) first += fmt::format(", by {}", fmt::join(names, ", "));
        return {first, std::string(layer_text)};
    }

    // A bucket belongs to the period in which it begins: --since within a bucket leaves it out.
    std::optional<std::string> bucket_note() const {
        const UtcTime begin = view_.period.begin;
        if (!view_.of_buckets || begin == UtcTime::min() || bucket_start(begin) == begin)
            return std::nullopt;
        return fmt::format(
            "The ledger has one figure for every {} minutes: this table begins at {}.",
            bucket_length.ns / Duration::minutes(1).ns,
            local_text(bucket_start(begin) + bucket_length, view_.zone));
    }

    std::vector<std::string> notes() const {
        std::vector<std::string> notes;
        if (const auto note = bucket_note()) notes.push_back(*note);
        if (!view_.account) notes.push_back(conservation_text(usage_.totals, view_.units));
        if (is_sampled()) notes.push_back(sampling_note());
        const bool has_unattributed = std::ranges::any_of(
            usage_.rows, [](const UsageRow& row) { return row.account == "@unattributed"; });
        if (has_unattributed)
            notes.emplace_back(
                "@unattributed: local addresses without an account; `octroi bind` binds them.");
        return notes;
    }

    std::string sampling_note() const {
        const std::uint64_t counted = usage_.in_rows.bytes.value() - usage_.estimate.bytes;
        return fmt::format(
            "Scaled up from samples: {} in {} packets were counted. The error is that of Total at "
            "a "
            "confidence of 95 %.",
            bytes_text(counted, view_.units) + (view_.units == Units::exact ? " B" : ""),
            count_text(usage_.in_rows.packets.value() - usage_.estimate.packets));
    }

    std::string when_empty() const {
        if (view_.account)
            return fmt::format(
                "No traffic of {} in this period. `octroi bindings` lists its bindings.",
                *view_.account);
        if (view_.period.begin == UtcTime::min())
            return "No traffic recorded yet. Run `octroi run` to meter this machine, or "
                   "`octroi import packets FILE` to read a capture.";
        return "No traffic recorded in this period. `octroi meters` shows the last traffic of each "
               "meter.";
    }

    std::vector<Fact> meta() const {
        std::vector<Fact> meta;
        const auto moment = [](UtcTime t) {
            return t == UtcTime::min() || t == UtcTime::max() ? Cell{} : Cell{Moment{t, 0}};
        };
        meta.push_back({"since", moment(view_.period.begin)});
        meta.push_back({"until", moment(view_.period.end)});
        meta.push_back({"zone", view_.zone.name()});
        if (view_.account) meta.push_back({"account", *view_.account});
        meta.push_back({"layer", std::uint64_t{3}});
        const auto add = [&](const std::string& name, const Volume& v) {
            meta.push_back({name + "_bytes", v.bytes.value()});
            meta.push_back({name + "_packets", v.packets.value()});
        };
        add("observed", usage_.totals.whole);
        add("attributed", usage_.totals.attributed);
        add("unattributed", usage_.totals.unattributed);
        add("excluded", usage_.totals.excluded);
        add("transit", usage_.totals.transit);
        add("internal", usage_.totals.internal);
        meta.push_back({"conserved", usage_.totals.conserved()});
        return meta;
    }

    const Usage& usage_;
    const UsageView& view_;
    std::map<std::string, const Account*, std::less<>> accounts_;
    bool with_titles_ = false;
    std::map<std::string, std::uint64_t> sums_;
    std::map<std::string, TreePosition> positions_;
};

}  // namespace

Report usage_report(const Usage& usage, const UsageView& view) {
    return UsageReport(usage, view).build();
}

std::string conservation_text(const UsageTotals& totals, Units units) {
    const auto text = [&](const Volume& v) {
        return bytes_text(v.bytes.value(), units) + (units == Units::exact ? " B" : "");
    };
    std::string out = fmt::format("{} observed = {} attributed + {} unattributed + {} excluded",
                                  text(totals.whole), text(totals.attributed),
                                  text(totals.unattributed), text(totals.excluded));
    if (totals.transit.bytes.value() > 0 || totals.transit.packets.value() > 0)
        out += fmt::format(" + {} transit", text(totals.transit));
    if (!totals.conserved()) out += "  THE SUM IS WRONG: run `octroi audit`";
    return out;
}

Report run_report(const Usage& usage, const Interval& period, const Zone& zone, Units units) {
    UsageView view;
    view.by = {UsageKey::identity, UsageKey::account};
    view.period = period;
    view.zone = zone;
    view.units = units;
    view.of_buckets = false;
    Report report = usage_report(usage, view);
    report.columns.front().title = "Host";
    report.heading.front() = fmt::format("Local hosts, {}", period_text(period, zone));
    report.when_empty = "No traffic was seen. `octroi doctor` looks for the reason.";
    return report;
}

}  // namespace octroi
