// SPDX-License-Identifier: GPL-3.0-or-later
#include "view/usage_view.hpp"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "support/golden.hpp"
#include "view/row_stream.hpp"
#include "view/table.hpp"

namespace octroi {
namespace {

UtcTime at(std::string_view text) { return parse_rfc3339(text).value(); }

const Interval november{at("2026-11-01"), at("2026-12-01")};

Party account(std::string name, std::string identity = "") {
    return {PartyKind::account, std::move(name), std::move(identity)};
}
Party outside(std::string name) { return {PartyKind::outside, std::move(name), ""}; }

TransferSum sum(Party from, Party to, std::uint64_t bytes, std::string service = "",
                UtcTime bucket = november.begin) {
    TransferSum s;
    s.bucket = bucket;
    s.from = std::move(from);
    s.to = std::move(to);
    s.service = std::move(service);
    s.volume = {Bytes(bytes), Packets(bytes / 500 + 1), Flows(1)};
    return s;
}

// These tests use the summing code of the ledger: view and ledger must use the same key names.
Usage folded(const UsageQuestion& question, const std::vector<TransferSum>& sums) {
    auto result = usage(question, sums);
    EXPECT_TRUE(result.has_value()) << (result ? "" : result.error().text);
    return result.value_or(Usage{});
}

std::vector<TransferSum> traffic() {
    return {
        sum(outside("world"), account("physics", "10.1.0.7"), 8'000'000'000, "https"),
        sum(account("physics", "10.1.0.7"), outside("world"), 900'000'000, "https"),
        sum(outside("domestic"), account("東京支店", "2001:db8::7"), 3'000'000'000, "https"),
        sum(account("東京支店", "2001:db8::7"), account("physics", "10.1.0.7"), 500'000'000, "ssh"),
        sum(outside("world"), {PartyKind::unattributed, "", "10.9.9.9"}, 320'000'000, "dns"),
        sum({PartyKind::excluded, "non-ip", ""}, {PartyKind::excluded, "non-ip", ""}, 4242),
    };
}

std::vector<Account> accounts() {
    return {{"science", "", "Faculty of Science"},
            {"physics", "science", "Physics"},
            {"東京支店", "", ""}};
}

std::string table(const Report& report, TableOptions options = {}) {
    std::string out;
    EXPECT_TRUE(write_table(report, options, [&](std::string_view text) -> Status {
        out += text;
        return {};
    }));
    return out;
}

// The only table.
std::string table(const UsageReports& reports, const TableOptions& options = {}) {
    EXPECT_EQ(reports.tables.size(), 1U);
    return table(reports.tables.at(0), options);
}

std::string machine(const UsageReports& reports, MachineFormat format) {
    std::string out;
    EXPECT_TRUE(write_machine(reports.rows, format, [&](std::string_view text) -> Status {
        out += text;
        return {};
    }));
    return out;
}
std::string json(const UsageReports& reports) { return machine(reports, MachineFormat::json); }

UsageView view_by(std::vector<UsageKey> by) {
    UsageView view;
    view.by = std::move(by);
    view.period = november;
    return view;
}

UsageQuestion question_by(std::vector<UsageKey> by) {
    UsageQuestion question;
    question.by = std::move(by);
    question.period = november;
    return question;
}

TEST(UsageView, ByAccount) {
    const Usage u = folded(question_by({UsageKey::account}), traffic());
    const UsageReports report = usage_reports(u, view_by({UsageKey::account}));
    support::expect_golden("view/usage_by_account.txt", table(report));
    support::expect_golden("view/usage_by_account.json", json(report));
    EXPECT_FALSE(nlohmann::json::parse(json(report)).is_discarded());
    TableOptions narrow;
    narrow.width = 50;
    support::expect_golden("view/usage_by_account_50.txt", table(report, narrow));
}

TEST(UsageView, ShowsTheErrorOfScaledFigures) {
    std::vector<TransferSum> sums = traffic();
    // One of 100 packets was counted, all of full size.
    sums[0].estimate = {7'920'000'000, 15'840'001, 1'133'000'000, 1'584'000'000};
    sums[4].estimate = {319'000'000, 639, variance_max, variance_max};
    const Usage u = folded(question_by({UsageKey::account}), sums);
    const UsageReports report = usage_reports(u, view_by({UsageKey::account}));
    support::expect_golden("view/usage_sampled.txt", table(report));
    support::expect_golden("view/usage_sampled.json", json(report));
    // Only if the period has sampled traffic.
    const UsageReports plain =
        usage_reports(folded(question_by({UsageKey::account}), traffic()), view_by({}));
    EXPECT_EQ(json(plain).find("error"), std::string::npos);
}

TEST(UsageView, TreeWithTitles) {
    UsageQuestion question = question_by({UsageKey::account});
    question.tree = true;
    question.accounts = accounts();
    UsageView view = view_by({UsageKey::account});
    view.tree = true;
    view.accounts = accounts();
    view.units = Units::exact;
    const Usage u = folded(question, traffic());
    TableOptions options;
    options.units = Units::exact;
    const UsageReports report = usage_reports(u, view);
    support::expect_golden("view/usage_tree.txt", table(report, options));
    const auto parsed = nlohmann::json::parse(json(report));
    bool found = false;
    for (const auto& row : parsed["rows"]) {
        if (row["account"] != "physics") continue;
        found = true;
        EXPECT_EQ(row["parent"], "science");
        EXPECT_EQ(row["depth"], 1);
        EXPECT_EQ(row["received_bytes"], 8'500'000'000U);
    }
    EXPECT_TRUE(found);
    // The totals line counts the traffic of children once.
    EXPECT_EQ(parsed["totals"]["received_bytes"], 8'500'000'000U + 3'000'000'000U + 320'000'000U);
    EXPECT_EQ(parsed["totals"]["total_bytes"], 12'720'000'000U);
    EXPECT_EQ(parsed["observed_bytes"], 12'720'004'242U);
}

TEST(UsageView, TheTotalOfAnAccountCountsATransferBetweenItsHostsOnce) {
    UsageQuestion question = question_by({UsageKey::identity});
    question.account = "physics";
    UsageView view = view_by({UsageKey::identity});
    view.account = "physics";
    const Usage u = folded(
        question, {sum(account("physics", "10.1.0.7"), account("physics", "10.1.0.8"), 1000)});
    const auto parsed = nlohmann::json::parse(json(usage_reports(u, view)));
    EXPECT_EQ(parsed["rows"].size(), 2U);
    EXPECT_EQ(parsed["totals"]["total_bytes"], 1000U);
}

// Explains why "--since -2m" may be empty.
TEST(UsageView, ShowsTheFirstBucketOfThePeriod) {
    UsageView view = view_by({UsageKey::account});
    const Usage u = folded(question_by({UsageKey::account}), traffic());
    EXPECT_EQ(table(usage_reports(u, view)).find("every 5 minutes"), std::string::npos);
    view.period.begin = at("2026-11-01T10:02:00Z");
    EXPECT_NE(table(usage_reports(u, view)).find("begins at 2026-11-01 10:05."), std::string::npos);
    EXPECT_NE(table(usage_reports({}, view)).find("begins at 2026-11-01 10:05."),
              std::string::npos);
}

TEST(UsageView, ByDayInAZone) {
    const Zone vienna = Zone::find("Europe/Vienna").value();
    UsageView view = view_by({UsageKey::period, UsageKey::service});
    view.zone = vienna;
    view.period = {at("2026-10-24T22:00:00Z"), at("2026-10-26T23:00:00Z")};
    view.slots = cut_period(view.period, PeriodUnit::day, vienna).value();
    UsageQuestion question = question_by(view.by);
    question.period = view.period;
    for (const Slot& slot : view.slots) question.steps.push_back(slot.interval.begin);
    const Usage u = folded(
        question,
        {
            sum(outside("world"), account("physics"), 1000, "https", at("2026-10-24T22:00:00Z")),
            sum(outside("world"), account("physics"), 2000, "dns", at("2026-10-25T22:55:00Z")),
            sum(outside("world"), account("physics"), 4000, "https", at("2026-10-25T23:00:00Z")),
        });
    support::expect_golden("view/usage_by_day.txt", table(usage_reports(u, view)));
    support::expect_golden("view/usage_by_day.json", json(usage_reports(u, view)));
}

TEST(UsageView, ByServiceWithoutAnEndTime) {
    const Usage u = folded(question_by({UsageKey::service}), traffic());
    support::expect_golden("view/usage_by_service.txt",
                           table(usage_reports(u, view_by({UsageKey::service}))));
}

// 45 MiB forwarded by a router that sees each packet twice.
TEST(UsageView, ExcludedTrafficHasALineOfItsOwn) {
    const Party duplicate{PartyKind::excluded, "duplicate", ""};
    const std::vector<TransferSum> sums{
        sum(outside("world"), account("chem", "10.1.0.7"), 47'185'920, "https"),
        sum(duplicate, duplicate, 47'185'920, "https")};
    const auto shown = [&](const std::vector<UsageKey>& by) {
        return usage_reports(folded(question_by(by), sums), view_by(by));
    };
    std::string all;
    for (const std::vector<UsageKey>& by : std::vector<std::vector<UsageKey>>{
             {UsageKey::account}, {UsageKey::service}, {UsageKey::from, UsageKey::to}, {}})
        all += table(shown(by)) + "\n";
    support::expect_golden("view/usage_duplicates.txt", all);
    const UsageReports by_service = shown({UsageKey::service});
    support::expect_golden("view/usage_duplicates.csv", machine(by_service, MachineFormat::csv));
    const auto parsed = nlohmann::json::parse(json(by_service));
    EXPECT_EQ(parsed["totals"]["total_bytes"], 47'185'920U);
    EXPECT_EQ(parsed["rows"][0]["total_bytes"], 47'185'920U);
    EXPECT_EQ(parsed["rows"][0]["excluded_bytes"], 47'185'920U);
    EXPECT_EQ(parsed["excluded_bytes"], 47'185'920U);
    // Nothing but excluded traffic is no empty table.
    const std::string only = table(usage_reports(
        folded(question_by({UsageKey::service}), {sums[1]}), view_by({UsageKey::service})));
    EXPECT_NE(only.find("Excluded"), std::string::npos) << only;
}

// Which part of the period has figures, and which losses are in it.
TEST(UsageView, SaysUntilWhenItIsBookedAndWhatWasMissed) {
    UsageView view = view_by({UsageKey::account});
    view.period.end = at("2026-11-21T14:00:27Z");
    view.state.emplace();
    view.state->booked_until = at("2026-11-21T13:55:00Z");
    view.state->losses = summed_losses(
        std::vector<MeterLoss>{{"eth0",
                                {"eth0",
                                 LossReason::not_running,
                                 {at("2026-11-21T13:20:00Z"), at("2026-11-21T13:25:10Z")},
                                 1204,
                                 {}}}});
    const Usage u = folded(question_by({UsageKey::account}), traffic());
    const UsageReports reports = usage_reports(u, view);
    const std::string shown = table(reports);
    EXPECT_NE(shown.find("(UTC), booked until 13:55:00, by account\n"), std::string::npos) << shown;
    const std::string missed =
        "Missed in this period, in no figure here: not-running 1 time, 1,204 packets at most, "
        "2026-11-21 13:20:00 to 13:25:10. `octroi meters --losses` lists each.\n";
    EXPECT_NE(shown.find(missed), std::string::npos) << shown;
    // Without traffic it is the reason; and under the table of each layer.
    EXPECT_NE(table(usage_reports({}, view)).find(missed), std::string::npos);
    const auto parsed = nlohmann::json::parse(json(reports));
    EXPECT_EQ(parsed["booked_until"], "2026-11-21T13:55:00Z");
    EXPECT_EQ(parsed["losses"][0]["reason"], "not-running");
    EXPECT_EQ(parsed["losses"][0]["missed"], 1204);
    // A commit on another day has its date; a period that is booked to its end needs none.
    view.state->booked_until = at("2026-11-20T09:00:00Z");
    EXPECT_NE(table(usage_reports(u, view)).find("booked until 2026-11-20 09:00:00"),
              std::string::npos);
    view.state->booked_until = view.period.end;
    EXPECT_EQ(table(usage_reports(u, view)).find("booked until"), std::string::npos);
}

TEST(UsageView, SaysThatThereIsTrafficOfALaterTime) {
    UsageView view = view_by({UsageKey::account});
    view.period = {UtcTime::min(), at("2026-11-21T14:00:27Z")};
    view.state.emplace();
    view.state->traffic_ahead = at("2027-03-01T08:02:11Z");
    const std::string shown = table(usage_reports({}, view));
    EXPECT_NE(shown.find("No traffic recorded in this period.\n"), std::string::npos) << shown;
    EXPECT_NE(shown.find("up to 2027-03-01 08:02:11"), std::string::npos) << shown;
    EXPECT_NE(shown.find("`--until '2027-03-01 08:05'`"), std::string::npos) << shown;
    const UsageReports reports =
        usage_reports(folded(question_by({UsageKey::account}), traffic()), view);
    EXPECT_NE(table(reports).find("up to 2027-03-01 08:02:11"), std::string::npos);
    EXPECT_EQ(nlohmann::json::parse(json(reports))["traffic_ahead"], "2027-03-01T08:02:11Z");
}

TEST(UsageView, WithoutColumnsOneRow) {
    const Usage u = folded(question_by({}), traffic());
    const UsageReports report = usage_reports(u, view_by({}));
    EXPECT_EQ(report.rows.rows.size(), 1U);
    EXPECT_TRUE(report.rows.totals.empty());
}

TEST(UsageView, EmptyStatesSayWhatToDo) {
    UsageView view = view_by({UsageKey::account});
    EXPECT_NE(table(usage_reports({}, view)).find("`octroi meters` shows"), std::string::npos);
    view.period.begin = UtcTime::min();
    EXPECT_NE(table(usage_reports({}, view)).find("Run `octroi run`"), std::string::npos);
    view.account = "physics";
    EXPECT_NE(table(usage_reports({}, view)).find("No traffic of physics"), std::string::npos);
    const auto parsed = nlohmann::json::parse(json(usage_reports({}, view)));
    EXPECT_TRUE(parsed["rows"].empty());
    EXPECT_EQ(parsed["observed_bytes"], 0);
}

TEST(UsageView, StatesWhetherTheSumIsRight) {
    UsageTotals totals;
    totals.whole.bytes = Bytes(1000);
    totals.attributed.bytes = Bytes(900);
    totals.unattributed.bytes = Bytes(60);
    totals.excluded.bytes = Bytes(40);
    EXPECT_EQ(conservation_text(totals, Units::exact),
              "1,000 B observed = 900 B attributed + 60 B unattributed + 40 B excluded");
    totals.excluded.bytes = Bytes(39);
    EXPECT_NE(conservation_text(totals, Units::iec).find("THE SUM IS WRONG"), std::string::npos);
    totals.transit.bytes = Bytes(1);
    EXPECT_EQ(
        conservation_text(totals, Units::iec),
        "1000 B observed = 900 B attributed + 60 B unattributed + 39 B excluded + 1 B transit");
}

// One table for each layer, with its own total; machines get one list of rows.
TEST(UsageView, HasATableForEachLayer) {
    std::vector<TransferSum> sums = traffic();
    sums[2].layer = sums[4].layer = Layer::application;
    sums[0].estimate = {7'920'000'000, 15'840'001, 1'133'000'000, 1'584'000'000};
    UsageQuestion question = question_by({UsageKey::account});
    question.limit = 1;
    question.rest = true;
    const UsageReports reports =
        usage_reports(folded(question, sums), view_by({UsageKey::account}));
    ASSERT_EQ(reports.tables.size(), 2U);
    support::expect_golden("view/usage_layers.txt",
                           table(reports.tables[0]) + "\n" + table(reports.tables[1]));
    support::expect_golden("view/usage_layers.json", json(reports));
    support::expect_golden("view/usage_layers.csv", machine(reports, MachineFormat::csv));
    const auto parsed = nlohmann::json::parse(json(reports));
    EXPECT_FALSE(parsed.contains("observed_bytes")) << "no sum over layers";
    EXPECT_FALSE(parsed.contains("totals"));
    ASSERT_EQ(parsed["layers"].size(), 2U);
    EXPECT_EQ(parsed["layers"][1]["layer"], 7);
    EXPECT_EQ(parsed["layers"][1]["observed_bytes"], 3'320'000'000U);
    EXPECT_EQ(parsed["rows"][1]["rest_of"], 2);
    EXPECT_FALSE(parsed["rows"][1].contains("account"));
}

TEST(UsageView, NamesALayerOtherThanIp) {
    std::vector<TransferSum> sums{sum(account("physics"), outside("world"), 1000)};
    const auto shown = [&] {
        return table(usage_reports(folded(question_by({}), sums), view_by({})));
    };
    EXPECT_EQ(shown().find("layer 3 ("), std::string::npos);
    sums[0].layer = Layer::frame;
    EXPECT_NE(shown().find("(UTC): layer 2 (frames)\nBytes are layer 2: frames"), std::string::npos)
        << shown();
    for (const Layer layer : layers) EXPECT_EQ(parse_layer(layer_name(layer)), layer);
    EXPECT_EQ(parse_layer("2"), Layer::frame);
    EXPECT_FALSE(parse_layer("4"));
}

TEST(UsageView, FromEndToEnd) {
    UsageQuestion question = question_by({UsageKey::from, UsageKey::to});
    question.limit = 4;
    question.rest = true;
    support::expect_golden("view/usage_from_to.txt",
                           table(usage_reports(folded(question, traffic()), view_by(question.by))));
    question.rest = false;
    const std::string limited =
        table(usage_reports(folded(question, traffic()), view_by(question.by)));
    EXPECT_NE(limited.find("2 more rows not shown. The total includes all rows."),
              std::string::npos)
        << limited;
}

TEST(RunReport, Hosts) {
    const std::vector<UsageKey> by{UsageKey::identity, UsageKey::account};
    const Usage u = folded(question_by(by), traffic());
    const Interval run{at("2026-11-01T10:00:00Z"), at("2026-11-01T10:00:20Z")};
    support::expect_golden("view/run.txt", table(run_reports(u, run, Zone::utc(), Units::iec)));
    EXPECT_NE(table(run_reports({}, run, Zone::utc(), Units::iec)).find("octroi doctor"),
              std::string::npos);
    // The period since the start does not begin at a bucket.
    const Interval inside{run.begin + Duration::seconds(7), run.end};
    EXPECT_EQ(table(run_reports(u, inside, Zone::utc(), Units::iec)).find("every 5 minutes"),
              std::string::npos);
}

}  // namespace
}  // namespace octroi
