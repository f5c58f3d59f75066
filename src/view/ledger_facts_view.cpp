// SPDX-License-Identifier: GPL-3.0-or-later
#include "view/ledger_facts_view.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "record/transfer.hpp"

namespace octroi {
namespace {

// Days that the growth is the mean of.
constexpr std::int64_t mean_days = 7;

// A sum by hour or day needs about as much space as so many transfers.
constexpr double transfers_of_sum = 2;

// About the octets of the database for so many transfers. Transfers, and the sums that are left of
// old ones, are nearly all of its content.
std::uint64_t octets_of(const LedgerFacts& facts, double transfers) {
    const double all =
        static_cast<double>(facts.transfers) + transfers_of_sum * static_cast<double>(facts.sums);
    if (all == 0) return 0;
    const auto used = static_cast<double>(facts.octets - facts.free_octets);
    return static_cast<std::uint64_t>(used * transfers / all);
}
std::uint64_t octets_of(const LedgerFacts& facts, std::uint64_t transfers) {
    return octets_of(facts, static_cast<double>(transfers));
}

// Transfers a day: the mean of the last days before the newest one, which may not be over. Of one
// day only: that day.
std::uint64_t daily_growth(const LedgerFacts& facts) {
    if (facts.days.empty()) return 0;
    const LedgerFacts::Day& newest = facts.days.back();
    if (facts.days.size() == 1) return newest.transfers;
    const auto since = [](UtcTime from, UtcTime to) {
        return (to - from).ns / Duration::hours(24).ns;
    };
    const std::int64_t days = std::min(mean_days, since(facts.days.front().begin, newest.begin));
    std::uint64_t sum = 0;
    for (const LedgerFacts::Day& day : facts.days) {
        const std::int64_t age = since(day.begin, newest.begin);
        if (age >= 1 && age <= days) sum += day.transfers;
    }
    return sum / static_cast<std::uint64_t>(std::max<std::int64_t>(days, 1));
}

std::string period_line(const LedgerFacts& facts, const Zone& zone) {
    if (facts.first_bucket > facts.last_bucket) return "Traffic: none yet";
    return fmt::format("Traffic: from {} to {}", local_text(facts.first_bucket, zone),
                       local_text(facts.last_bucket + bucket_length, zone));
}

}  // namespace

Report facts_report(const LedgerFacts& facts, const Zone& zone, Units units) {
    const std::uint64_t growth = daily_growth(facts);
    const std::uint64_t growth_octets = octets_of(facts, growth);
    Report report;
    report.heading = {
        fmt::format("Size: {}, of which {} are free; {} in the write-ahead log",
                    bytes_text(facts.octets, units), bytes_text(facts.free_octets, units),
                    bytes_text(facts.log_octets, units)),
        period_line(facts, zone),
        fmt::format("Growth: {} a day, about {}", counted_text(growth, "transfer", "transfers"),
                    bytes_text(growth_octets, units)),
        fmt::format("Written by: {}", counted_text(facts.chains, "chain", "chains"))};
    const std::uint64_t freed =
        octets_of(facts, static_cast<double>(facts.old_transfers) +
                             transfers_of_sum * static_cast<double>(facts.old_hours));
    if (facts.old_batches > 0)
        report.heading.push_back(
            fmt::format("Retention: {} of {} may become sums by hour",
                        counted_text(facts.old_transfers, "transfer", "transfers"),
                        counted_text(facts.old_batches, "batch", "batches")));
    if (facts.old_hours > 0)
        report.heading.push_back(
            fmt::format("Retention: {} may become sums by day",
                        counted_text(facts.old_hours, "sum by hour", "sums by hour")));
    if (freed > 0)
        report.heading.push_back(
            fmt::format("Retention: that frees at most {}", bytes_text(freed, units)));
    report.columns = {{"kind", "Rows of"}, {"rows", "Number", ColumnKind::count}};
    for (const LedgerFacts::Rows& rows : facts.rows)
        report.rows.push_back({.cells = {rows.kind, rows.rows}});
    const bool has_traffic = facts.first_bucket <= facts.last_bucket;
    report.meta = {
        {"octets", facts.octets},
        {"free_octets", facts.free_octets},
        {"log_octets", facts.log_octets},
        {"first_traffic", has_traffic ? Cell{Moment{facts.first_bucket, 0}} : Cell{}},
        {"last_traffic", has_traffic ? Cell{Moment{facts.last_bucket + bucket_length, 0}} : Cell{}},
        {"transfers_per_day", growth},
        {"octets_per_day", growth_octets},
        {"chains", facts.chains},
        {"compactable_batches", facts.old_batches},
        {"compactable_transfers", facts.old_transfers},
        {"compactable_hours", facts.old_hours},
        {"compactable_octets", freed}};
    return report;
}

Report growth_report(const LedgerFacts& facts) {
    Report report;
    report.columns = {{"day", "Booked on (UTC)", ColumnKind::text},
                      {"batches", "Batches", ColumnKind::count},
                      {"transfers", "Transfers", ColumnKind::count},
                      {"octets", "About", ColumnKind::bytes}};
    for (const LedgerFacts::Day& day : facts.days)
        report.rows.push_back(
            {.cells = {local_text(day.begin, Zone::utc()).substr(0, 10), day.batches, day.transfers,
                       octets_of(facts, day.transfers)}});
    report.when_empty = "No batch was booked yet. Next: octroi run, or octroi import.";
    return report;
}

}  // namespace octroi
