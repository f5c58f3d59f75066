// SPDX-License-Identifier: GPL-3.0-or-later
#include "view/ledger_view.hpp"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "support/golden.hpp"
#include "view/row_stream.hpp"
#include "view/table.hpp"

namespace octroi {
namespace {

UtcTime at(std::string_view text) { return parse_rfc3339(text).value(); }
const UtcTime now = at("2026-11-21T13:00:00Z");

std::string table(const Report& report) {
    std::string out;
    EXPECT_TRUE(write_table(report, {}, [&](std::string_view text) -> Status {
        out += text;
        return {};
    }));
    return out;
}

std::string ndjson(const Report& report, MachineFormat format = MachineFormat::ndjson) {
    std::string out;
    EXPECT_TRUE(write_machine(report, format, [&](std::string_view text) -> Status {
        out += text;
        return {};
    }));
    return out;
}

TEST(MetersReport, Golden) {
    MeterState good;
    good.meter = {"eth0", "capture", MeterRole::bill};
    good.batches = 12;
    good.last_booked = now - Duration::seconds(12);
    good.last_traffic = at("2026-11-21T12:59:47.250Z");
    good.volume = {Bytes(123'456'789), Packets(234'567), Flows(99)};
    good.cursors = {{"interface:eth0", "", 12, "eth0, running"}};
    MeterState lossy = good;
    lossy.meter = {"squid", "log", MeterRole::witness};
    lossy.losses = 2;
    lossy.lost_packets = 77;
    lossy.cursors = {{"file:1", "", 1, ""}, {"file:2", "", 1, "access.log, 1.2 GiB read"}};
    MeterState fresh;
    fresh.meter = {"new", "capture", MeterRole::bill};
    const Report report = meters_report({good, lossy, fresh}, now,
                                        {{"eth0", {Bytes(1'000'000), Packets(1000), Flows(10)}}});
    support::expect_golden("view/meters.txt", table(report));
    support::expect_golden("view/meters.ndjson", ndjson(report));
    EXPECT_NE(table(meters_report({}, now)).find("Run `octroi run`"), std::string::npos);
}

TEST(LossesReport, Golden) {
    const Interval hour{at("2026-11-21T12:00:00Z"), at("2026-11-21T12:00:05Z")};
    const Report report =
        losses_report({{"eth0", {"eth0", LossReason::kernel_drop, hour, 1234, 1'234'000}},
                       {"import", {"x.pcap", LossReason::truncated, {}, {}, {}}}});
    support::expect_golden("view/losses.txt", table(report));
    support::expect_golden("view/losses.ndjson", ndjson(report));
    EXPECT_EQ(table(losses_report({})), "No losses recorded in this period.\n");
}

Directory directory() {
    Directory d;
    d.accounts = {{"physics", "science", "Physics"},
                  {"science", "", "Faculty of Science"},
                  {"lost", "nobody", ""}};
    d.bindings = {
        {1, {IdentityKind::prefix, "10.1.0.0/16"}, "physics", {}, true},
        {2, {IdentityKind::mac, "00:30:ca:b8:d9:bc"}, "science", {UtcTime::min(), now}, false},
        {3, {IdentityKind::vlan, "12"}, "science", {now, UtcTime::max()}, false}};
    d.networks = {{"10.0.0.0/8", true}};
    return d;
}

TEST(DirectoryReports, Goldens) {
    support::expect_golden("view/accounts.txt", table(accounts_report(directory(), now)));
    support::expect_golden("view/accounts.ndjson", ndjson(accounts_report(directory(), now)));
    support::expect_golden("view/bindings.txt", table(bindings_report(directory(), now)));
    support::expect_golden("view/bindings_all.ndjson",
                           ndjson(bindings_report(directory(), now, true)));
    support::expect_golden("view/networks.txt", table(networks_report(directory())));
}

TEST(WhoReport, Goldens) {
    Translation session;
    session.device = Address::v4(0xc0000201U);
    session.outside = Address::v4(0xcb007105U);
    session.protocol = 6;
    session.first_port = session.last_port = 40000;
    session.remote = Address::v4(0xc6336401U);
    session.remote_port = 443;
    session.inside = Address::v4(0x0a010007U);
    session.inside_port = 1234;
    session.valid = {now - Duration::hours(1), now};
    Translation block = session;
    block.protocol = 0;
    block.first_port = 1024;
    block.last_port = 2040;
    block.port_step = 8;
    block.remote = {};
    block.remote_port = block.inside_port = 0;
    block.valid.end = UtcTime::max();
    Translation whole = block;
    whole.first_port = 0;
    whole.last_port = 65535;
    whole.port_step = 1;
    Translation ping = session;
    ping.protocol = 1;
    ping.first_port = ping.last_port = ping.remote_port = ping.inside_port = 0;
    AddressUser own;
    own.translation.outside = Address::v4(0x0a010009U);
    own.party = {PartyKind::account, "physics", "10.1.0.0/16"};
    const Report report = who_report({{session, {PartyKind::account, "physics", "10.1.0.7"}},
                                      {block, {PartyKind::unattributed, "", "10.1.0.7"}},
                                      {whole, {PartyKind::outside, "", ""}},
                                      {ping, {PartyKind::account, "physics", "10.1.0.7"}},
                                      own});
    support::expect_golden("view/who.txt", table(report));
    support::expect_golden("view/who.ndjson", ndjson(report));
}

// Of two bindings of one identity, only the newer one applies.
TEST(DirectoryReports, ShowWhichBindingApplies) {
    Directory d = directory();
    d.bindings.push_back({4, {IdentityKind::vlan, "12"}, "physics", {}, false});
    d.bindings.push_back(
        {5, {IdentityKind::vlan, "12"}, "lost", {UtcTime::min(), now - Duration{1}}, false});
    const Report report = bindings_report(d, now);
    ASSERT_EQ(report.rows.size(), 3U);
    EXPECT_EQ(report.rows[1].cells.back(), Cell{std::uint64_t{4}});
    EXPECT_EQ(report.rows[2].cells.back(), Cell{});
    EXPECT_NE(table(report).find("Overridden by"), std::string::npos);
    EXPECT_EQ(table(bindings_report(directory(), now)).find("Overridden by"), std::string::npos);
    for (const Row& row : accounts_report(d, now).rows)
        EXPECT_EQ(row.cells.back(),
                  Cell{std::uint64_t{row.cells[0] == Cell{std::string("physics")} ? 2U : 0U}});
}

TEST(DirectoryReports, ListEveryAccountOnceEvenInACycle) {
    Directory d;
    d.accounts = {{"a", "", ""}, {"b", "a", ""}, {"c", "b", ""}, {"orphan", "gone", ""}};
    const Report report = accounts_report(d, now);
    ASSERT_EQ(report.rows.size(), 4U);
    EXPECT_EQ(report.rows[2].indent, 2);
    EXPECT_EQ(report.rows[3].indent, 0);
}

TEST(DirectoryReports, EmptyStatesSayWhatToDo) {
    EXPECT_NE(table(accounts_report({}, now)).find("octroi account add"), std::string::npos);
    EXPECT_NE(table(bindings_report({}, now)).find("octroi account add"), std::string::npos);
    Directory d;
    d.accounts = {{"a", "", ""}};
    EXPECT_NE(table(bindings_report(d, now)).find("octroi bind"), std::string::npos);
    EXPECT_NE(table(class_tables_report({})).find("octroi class load"), std::string::npos);
    EXPECT_NE(table(networks_report({})).find("No network"), std::string::npos);
}

TEST(ClassTablesReport, Golden) {
    const Report report = class_tables_report(
        {{"0123456789abcdef0123456789abcdef",
          "rib.gz",
          now,
          1'200'000,
          3,
          {"domestic", "world"},
          true},
         {"fedcba9876543210", "old.txt", now - Duration::hours(24), 12, 0, {"free"}, false}});
    support::expect_golden("view/class_tables.txt", table(report));
    support::expect_golden("view/class_tables.ndjson", ndjson(report));
}

AuditReport report() {
    AuditReport r;
    r.batches = 1200;
    r.transfers = 34'567;
    r.directory_versions = 3;
    r.heads = {{ChainKind::writer, {"host", {}}, 2, std::string(32, '\xab')},
               {ChainKind::directory, {}, 3, std::string(32, '\xcd')}};
    r.anchors = 1;
    MeterTotals m;
    m.meter = "eth0";
    m.batches = 1200;
    m.transfers = 34'567;
    m.observed = m.posted = {Bytes(1000), Packets(10), Flows(1)};
    m.attributed = {Bytes(900), Packets(9), Flows(1)};
    m.excluded = {Bytes(100), Packets(1), Flows(0)};
    r.meters = {m};
    return r;
}

TEST(AuditReport, Goldens) {
    support::expect_golden("view/audit_good.txt", table(audit_report(report())));
    AuditReport bad = report();
    bad.meters[0].posted.bytes = Bytes(999);
    bad.findings = {{FindingKind::rule, 17, "observed 1000 bytes, posted 999"},
                    {FindingKind::store, 0, "page 3"}};
    bad.findings_left_off = 5;
    support::expect_golden("view/audit_bad.txt", table(audit_report(bad)));
    const auto parsed = nlohmann::json::parse(ndjson(audit_report(bad), MachineFormat::json));
    EXPECT_FALSE(parsed["holds"]);
    EXPECT_EQ(parsed["findings"].size(), 2U);
    EXPECT_EQ(parsed["heads"][0].get<std::string>().substr(0, 44),
              "host 00000000000000000000000000000000 2 abab");
    EXPECT_EQ(parsed["rows"][0]["posted_bytes"], 999);
}

TEST(AuditReport, FindingsAreShownWithoutMetersToo) {
    AuditReport bad;
    bad.findings = {{FindingKind::chain, 1, "missing"}};
    EXPECT_NE(table(audit_report(bad)).find("missing"), std::string::npos);
    EXPECT_EQ(table(audit_report(bad)).find("is empty"), std::string::npos);
    EXPECT_NE(table(audit_report({})).find("The ledger is empty"), std::string::npos);
}

}  // namespace
}  // namespace octroi
