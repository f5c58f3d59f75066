// SPDX-License-Identifier: GPL-3.0-or-later
#include "view/usage_view.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <set>

#include "base/check.hpp"
#include "record/loss_unit.hpp"
#include "view/usage_table.hpp"

namespace octroi {
namespace {

std::vector<Fact> meta_of(const UsageView& view) {
    std::vector<Fact> meta;
    const auto moment = [](UtcTime t) {
        return t == UtcTime::min() || t == UtcTime::max() ? Cell{} : Cell{Moment{t, 0}};
    };
    meta.push_back({"since", moment(view.period.begin)});
    meta.push_back({"until", moment(view.period.end)});
    meta.push_back({"zone", view.zone.name()});
    if (view.account) meta.push_back({"account", *view.account});
    if (view.state && view.state->booked_until)
        meta.push_back({"booked_until", moment(*view.state->booked_until)});
    if (view.state && view.state->traffic_ahead)
        meta.push_back({"traffic_ahead", moment(*view.state->traffic_ahead)});
    return meta;
}

FactList losses_of(const std::vector<LossSum>& losses) {
    FactList list{.key = "losses", .items = {}};
    const auto moment = [](UtcTime t) {
        return t == UtcTime::min() || t == UtcTime::max() ? Cell{} : Cell{Moment{t, 0}};
    };
    for (const LossSum& sum : losses)
        list.items.push_back({{"reason", std::string(to_string(sum.reason))},
                              {"losses", sum.losses},
                              {"missed", sum.missed ? Cell{*sum.missed} : Cell{}},
                              {"unit", std::string(unit_of(sum.reason))},
                              {"begin", moment(sum.interval.begin)},
                              {"end", moment(sum.interval.end)}});
    return list;
}

bool shows_titles(const std::vector<const UsageBlock*>& blocks, const UsageView& view) {
    if (std::ranges::count(view.by, UsageKey::account) == 0) return false;
    std::set<std::string_view> with_title;
    for (const Account& account : view.accounts)
        if (!account.title.empty() && account.title != account.name)
            with_title.insert(account.name);
    const auto has_title = [&](const UsageRow& row) { return with_title.contains(row.account); };
    return std::ranges::any_of(blocks, [&](const UsageBlock* block) {
        return std::ranges::any_of(block->rows, has_title);
    });
}

}  // namespace

std::string_view layer_name(Layer layer) {
    switch (layer) {
        case Layer::frame:
            return "frames";
        case Layer::ip:
            return "ip";
        case Layer::application:
            return "application";
    }
    CHECK(false);
}

std::optional<Layer> parse_layer(std::string_view text) {
    for (const Layer layer : layers)
        if (text == layer_name(layer) || text == fmt::to_string(static_cast<int>(layer)))
            return layer;
    return std::nullopt;
}

UsageReports usage_reports(const Usage& usage, const UsageView& view) {
    UsageBlock no_traffic;
    no_traffic.layer = view.layer.value_or(Layer::ip);
    std::vector<const UsageBlock*> blocks;
    for (const UsageBlock& block : usage.blocks) blocks.push_back(&block);
    if (blocks.empty()) blocks.push_back(&no_traffic);
    UsageTable::Parts parts;
    parts.layer = blocks.size() > 1 || blocks.front()->layer != Layer::ip;
    parts.titles = shows_titles(blocks, view);
    parts.rest = std::ranges::any_of(blocks, [](const auto* b) { return b->rest.has_value(); });
    const bool is_any_sampled =
        std::ranges::any_of(blocks, [](const auto* b) { return b->estimate.any(); });
    UsageReports reports;
    reports.rows.meta = meta_of(view);
    FactList list{.key = "layers", .items = {}};
    for (const UsageBlock* block : blocks) {
        parts.sampling = block->estimate.any();
        reports.tables.push_back(UsageTable(*block, view, parts).build(Audience::people));
        // The rows of all layers have the same columns.
        parts.sampling = is_any_sampled;
        const UsageTable table(*block, view, parts);
        Report part = table.build(Audience::machines);
        reports.rows.columns = std::move(part.columns);
        std::ranges::move(part.rows, std::back_inserter(reports.rows.rows));
        if (!usage.blocks.empty()) list.items.push_back(table.layer_facts());
        if (blocks.size() > 1) continue;
        std::ranges::move(table.sums(), std::back_inserter(reports.rows.meta));
        reports.rows.totals = std::move(part.totals);
    }
    reports.rows.lists.push_back(std::move(list));
    if (view.state) reports.rows.lists.push_back(losses_of(view.state->losses));
    return reports;
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

UsageReports run_reports(const Usage& usage, const Interval& period, const Zone& zone,
                         Units units) {
    UsageView view;
    view.by = {UsageKey::identity, UsageKey::account};
    view.period = period;
    view.zone = zone;
    view.units = units;
    view.of_buckets = false;
    view.title = "Local hosts";
    view.names_keys = false;
    view.when_empty = "No traffic was seen. `octroi doctor` looks for the reason.";
    UsageReports reports = usage_reports(usage, view);
    for (Report& table : reports.tables) table.columns.front().title = "Host";
    return reports;
}

}  // namespace octroi
