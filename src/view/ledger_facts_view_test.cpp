// SPDX-License-Identifier: GPL-3.0-or-later
#include "view/ledger_facts_view.hpp"

#include <gtest/gtest.h>

#include "support/golden.hpp"
#include "view/row_stream.hpp"
#include "view/table.hpp"

namespace octroi {
namespace {

const UtcTime first_day = parse_rfc3339("2026-11-10T00:00:00Z").value();
UtcTime day(int number) { return first_day + Duration::hours(24 * number); }

std::string table(const Report& report) {
    std::string out;
    EXPECT_TRUE(write_table(report, {}, [&](std::string_view text) -> Status {
        out += text;
        return {};
    }));
    return out;
}

std::string json(const Report& report) {
    std::string out;
    EXPECT_TRUE(write_machine(report, MachineFormat::json, [&](std::string_view text) -> Status {
        out += text;
        return {};
    }));
    return out;
}

LedgerFacts facts() {
    LedgerFacts facts;
    facts.octets = 130'000'000;
    facts.free_octets = 2'000'000;
    facts.log_octets = 4'120'032;
    facts.rows = {{"batches", 2900}, {"transfers", 4'000'000}};
    facts.first_bucket = first_day;
    facts.last_bucket = day(9) + Duration::hours(13);
    facts.days = {{day(0), 100, 1'850'000},
                  {day(3), 1000, 700'000},
                  {day(8), 800, 1'400'000},
                  {day(9), 1000, 50'000}};
    facts.chains = 2;
    facts.transfers = 4'000'000;
    facts.old_batches = 900;
    facts.old_transfers = 1'000'000;
    return facts;
}

TEST(FactsReport, Goldens) {
    const Report report = facts_report(facts(), Zone::utc(), Units::iec);
    support::expect_golden("view/ledger.txt", table(report));
    support::expect_golden("view/ledger.json", json(report));
}

Cell meta(const LedgerFacts& facts, std::string_view key) {
    for (const Fact& fact : facts_report(facts, Zone::utc(), Units::iec).meta)
        if (fact.key == key) return fact.value;
    return {};
}

// 7 days without the newest one, which may not be over. Days without batches count too.
TEST(FactsReport, GrowthIsTheMeanOfTheLastDays) {
    LedgerFacts f = facts();
    EXPECT_EQ(meta(f, "transfers_per_day"), Cell{std::uint64_t{2'100'000 / 7}});
    EXPECT_EQ(meta(f, "octets_per_day"), Cell{std::uint64_t{300'000 * 32}});
    f.days.erase(f.days.begin(), f.days.begin() + 2);
    EXPECT_EQ(meta(f, "transfers_per_day"), Cell{std::uint64_t{1'400'000}});
    f.days.erase(f.days.begin());
    EXPECT_EQ(meta(f, "transfers_per_day"), Cell{std::uint64_t{50'000}});
    f.days.clear();
    EXPECT_EQ(meta(f, "transfers_per_day"), Cell{std::uint64_t{0}});
}

TEST(FactsReport, SumsOfOldTransfersNeedSpaceToo) {
    LedgerFacts f = facts();
    f.transfers = 2'000'000;
    f.sums = 1'000'000;
    EXPECT_EQ(meta(f, "octets_per_day"), Cell{std::uint64_t{300'000 * 32}});
    EXPECT_EQ(meta(f, "compactable_octets"), Cell{std::uint64_t{1'000'000 * 32}});
    f.old_hours = 250'000;
    EXPECT_EQ(meta(f, "compactable_octets"), Cell{std::uint64_t{1'500'000 * 32}});
}

TEST(FactsReport, AnEmptyLedgerHasNoPeriod) {
    LedgerFacts f = facts();
    f.first_bucket = UtcTime::max();
    f.last_bucket = UtcTime::min();
    EXPECT_NE(table(facts_report(f, Zone::utc(), Units::iec)).find("none yet"), std::string::npos);
    EXPECT_EQ(meta(f, "first_traffic"), Cell{});
}

TEST(GrowthReport, Golden) {
    support::expect_golden("view/ledger_growth.txt", table(growth_report(facts())));
    EXPECT_NE(table(growth_report({})).find("octroi import"), std::string::npos);
}

}  // namespace
}  // namespace octroi
