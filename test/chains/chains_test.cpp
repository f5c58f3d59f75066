// SPDX-License-Identifier: GPL-3.0-or-later
// check_chain.py, which knows only docs/format, agrees with the program about a ledger with batches
// of all kinds of several writers, and refuses changed copies.

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <set>

#include "ledger/testing/batches.hpp"
#include "store/sqlite/sqlite_ledger.hpp"
#include "support/process.hpp"

namespace octroi {
namespace {

using support::Arguments;
using support::Ended;
using support::Folder;
using support::octroi;
using support::run;
using testing::bucket_at;
using testing::some_day;

Translation v6_translation(std::string_view outside, UtcTime end) {
    Translation t = testing::translation(9, 50000, {some_day, end});
    t.outside = *parse_address(outside);
    t.inside = *parse_address("2001:db8::7");
    return t;
}

// Three writers, corrections, sampled counts, losses, translations that end in a later batch,
// versions of the directory, a class table, and anchors of two days. The traffic of each batch is
// in one hour, `hours` after that of the batch before.
void fill(const std::string& path, Duration hours = {}) {
    auto first = *SqliteLedger::open(path, {.mode = OpenMode::create, .node = "gate"});
    auto second = *SqliteLedger::open(path, {.mode = OpenMode::create, .node = "gate"});
    auto third = *SqliteLedger::open(path, {.mode = OpenMode::create, .node = "a core"});
    ASSERT_TRUE(*first->apply({.put_accounts = {{"user0", "", "Ünal"}, {"gone", "", ""}},
                               .add_bindings = {{0, {IdentityKind::vlan, "7"}, "user0", {}, false}},
                               .put_networks = {{"10.0.0.0/8", false}}},
                              some_day));
    ASSERT_TRUE(*first->apply({.put_accounts = {{"user0", "", "Other"}},
                               .remove_accounts = {"gone"},
                               .end_bindings = {{1, bucket_at(3)}},
                               .remove_networks = {"10.0.0.0/8"}},
                              bucket_at(1)));
    ASSERT_TRUE(first->load_class_table({"v1", "world", {"free"}, {}}, "one", some_day));
    SqliteLedger* const writers[] = {first.get(), second.get(), third.get()};
    std::map<std::string, std::uint64_t> versions;  // of the cursor of each meter
    for (std::uint64_t number = 1; number <= 12; ++number) {
        Batch batch = testing::random_batch(number, 1, 60);
        for (Transfer& t : batch.transfers)
            t.bucket = t.bucket + Duration{hours.ns * static_cast<std::int64_t>(number)};
        batch.cursors[0].source = "interface:eth0";
        batch.cursors[0].version = ++versions[batch.meter.name];
        batch.booked_at = some_day + Duration::hours(number < 8 ? 1 : 26);
        batch.losses.push_back({"eth0", LossReason::corrupt, {some_day, bucket_at(2)}, {}, 77});
        batch.losses.push_back({"eth0", LossReason::corrupt, {some_day, bucket_at(2)}, 3, {}});
        batch.translations = {
            testing::translation(1, static_cast<std::uint16_t>(number), {some_day, UtcTime::max()}),
            v6_translation(fmt::format("cb00:7105::{}", number), UtcTime::max()),
            v6_translation("9::", bucket_at(static_cast<int>(number)))};
        if (number > 1)
            batch.translations.push_back(
                v6_translation(fmt::format("cb00:7105::{}", number - 1), bucket_at(4)));
        // Some batches state who held an address, and the later ones know it.
        if (number % 3 == 1)
            batch.identities = {testing::held("10.0.0.1", "user alice", bucket_at(1)),
                                testing::held("10.0.0.1", "", bucket_at(2))};
        batch.identities_known = number > 5 ? 2 : 0;
        ASSERT_TRUE(writers[number % 3]->commit(batch));
        if (number % 4 == 0) {
            ASSERT_TRUE(
                writers[(number + 1) % 3]->commit(testing::correction_of(batch, 100 + number)));
        }
    }
    ASSERT_TRUE(*first->anchor(AnchorReason::demand, some_day + Duration::hours(30)));
}

Ended check(const std::string& path) {
    const char* source = std::getenv("OCTROI_SOURCE");
    const std::string script =
        std::string(source == nullptr ? "." : source) + "/test/chains/check_chain.py";
    return run({"python3", "-B", script, path});
}

class Chains : public ::testing::Test {
protected:
    void SetUp() override { fill(path_); }

    Folder folder_;
    std::string path_ = folder_ / "ledger.db";
    std::string kept_ = folder_ / "kept";
};

TEST_F(Chains, AreTheSameForTwoProgramsThatShareNoCode) {
    const Ended checked = check(path_);
    EXPECT_EQ(checked.status, 0) << checked.err;
    const Ended heads = run(octroi(path_, {"audit", "--heads"}));
    ASSERT_EQ(heads.status, 0) << heads.err;
    EXPECT_EQ(checked.out, heads.out);
    EXPECT_EQ(std::ranges::count(heads.out, '\n'), 6) << heads.out;
    const Ended audited = run(octroi(path_, {"audit"}));
    EXPECT_EQ(audited.status, 0) << audited.out;
}

TEST_F(Chains, AreRefusedByTheCheckerAfterAChange) {
    for (const char* sql :
         {"UPDATE transfer SET bytes = bytes + 1 WHERE transfer_id = 17",
          "UPDATE party SET identity = identity || 'x' WHERE party_id = 1",
          "UPDATE sampled SET bytes_variance = bytes_variance + 1",
          "UPDATE loss SET packets = NULL WHERE batch = 3",
          "DELETE FROM translation WHERE opened = 6",
          "UPDATE batch_cursor SET note = 'x' WHERE batch = 9",
          "UPDATE batch SET booked_at = booked_at + 1 WHERE number = 12",
          "DELETE FROM batch WHERE number = 7", "UPDATE account SET title = 'x' WHERE added = 1",
          "UPDATE class_use SET at = at - 1", "UPDATE class_table SET checksum = zeroblob(32)",
          "UPDATE anchor SET at = at + 1 WHERE anchor_id = 1",
          "UPDATE anchor_head SET sequence = 1 WHERE anchor = 2 AND chain = 1"}) {
        const std::string copy = folder_ / "copy.db";
        std::filesystem::copy_file(path_, copy, std::filesystem::copy_options::overwrite_existing);
        {
            auto db = *sqlite::Database::open(copy, SQLITE_OPEN_READWRITE);
            ASSERT_TRUE(db.run(sql)) << sql;
            ASSERT_GT(sqlite3_changes(db.handle()), 0) << sql;
        }
        const Ended checked = check(copy);
        EXPECT_EQ(checked.status, 1) << sql << checked.err;
        EXPECT_NE(checked.err, "") << sql;
        EXPECT_EQ(checked.err.find("Error"), std::string::npos) << checked.err;
    }
}

// A ledger with compactions: 1, to hours, is replaced by 2, to days; 3 and 4 are to hours; the last
// batches still have transfers. Batch 16 corrects batch 2, so the sums of compaction 4 are partly
// negative.
class Compactions : public Chains {
protected:
    void SetUp() override {
        path_ = folder_ / "compacted.db";
        // 40 buckets, so that hours begin within a batch.
        fill(path_, Duration::minutes(200));
        auto ledger = *SqliteLedger::open(path_, {.mode = OpenMode::read_write, .node = "gate"});
        Batch late = testing::random_batch(2, 1, 60);
        for (Transfer& t : late.transfers) t.bucket = t.bucket + Duration::minutes(400);
        late.booked_at = some_day + Duration::hours(26);
        ASSERT_TRUE(ledger->commit(testing::correction_of(late, 200)));
        before_ = volumes();
        const UtcTime day = some_day + Duration::hours(24);
        const UtcTime now = some_day + Duration::hours(100);
        ASSERT_TRUE(ledger->compact({.fine_before = day, .hours_before = day}, now, {}));
        ASSERT_TRUE(ledger->compact({.fine_before = some_day + Duration::hours(40)}, now, {}));
        ASSERT_TRUE(*ledger->anchor(AnchorReason::demand, now));
    }

    // What the view shows, by day and names.
    [[nodiscard]] std::string volumes() const {
        auto db = *sqlite::Database::open(path_, SQLITE_OPEN_READONLY);
        auto rows = *sqlite::Statement::prepare(
            db,
            "WITH v AS (SELECT *, date(bucket) || '|' || meter || '|' || meter_role || '|' || "
            "layer "
            "|| '|' || from_kind || from_name || '|' || from_identity || '|' || to_kind || to_name "
            "|| '|' || to_identity || '|' || service AS key FROM transfer_text), sums AS (SELECT "
            "key, sum(bytes) AS b, sum(packets) AS p, sum(flows) AS f, sum(counted_bytes) AS cb, "
            "sum(counted_packets) AS cp FROM v GROUP BY key ORDER BY key) SELECT group_concat(key "
            "|| '=' || b || ',' || p || ',' || f || ',' || cb || ',' || cp, char(10)) FROM sums "
            "WHERE b <> 0 OR p <> 0 OR f <> 0");
        EXPECT_TRUE(*rows.step());
        return rows.text(0);
    }
    void change(const std::string& path, const std::string& sql) {
        auto db = *sqlite::Database::open(path, SQLITE_OPEN_READWRITE);
        ASSERT_TRUE(db.run(sql.c_str())) << sql;
        ASSERT_GT(sqlite3_changes(db.handle()), 0) << sql;
    }

    std::string before_;
};

TEST_F(Compactions, AreTheSameForTwoProgramsThatShareNoCode) {
    auto db = *sqlite::Database::open(path_, SQLITE_OPEN_READONLY);
    EXPECT_EQ(*db.number("SELECT group_concat(level, '') FROM compaction"), 12111)
        << "an anchor ends a compaction";
    EXPECT_GT(*db.number("SELECT count(*) FROM old_transfer WHERE bytes < 0"), 0);
    EXPECT_GT(*db.number("SELECT count(*) FROM batch b WHERE cursors > (SELECT count(*) FROM "
                         "batch_cursor WHERE batch = b.number)"),
              0);
    const Ended checked = check(path_);
    EXPECT_EQ(checked.status, 0) << checked.err;
    const Ended heads = run(octroi(path_, {"audit", "--heads"}));
    EXPECT_EQ(checked.out, heads.out);
    EXPECT_NE(heads.out.find("compactions - 5 "), std::string::npos) << heads.out;
    const Ended audited = run(octroi(path_, {"audit"}));
    EXPECT_EQ(audited.status, 0) << audited.out;
    EXPECT_NE(audited.out.find("Compacted: 14 batches"), std::string::npos) << audited.out;
}

TEST_F(Compactions, LeaveTheViewAsItWas) { EXPECT_EQ(volumes(), before_); }

// The queries of docs/format/ledger.md, with another account and period.
std::vector<std::string> queries_of_the_document() {
    const char* source = std::getenv("OCTROI_SOURCE");
    const std::string text =
        support::text_of(std::string(source == nullptr ? "." : source) + "/docs/format/ledger.md");
    std::vector<std::string> queries;
    constexpr std::string_view begin = "```sql\n";
    for (std::size_t at = text.find(begin); at != std::string::npos; at = text.find(begin, at)) {
        at += begin.size();
        std::string query = text.substr(at, text.find("```", at) - at);
        const std::size_t name = query.find("'alice'");
        if (name != std::string::npos) query.replace(name, 7, "'user1'");
        queries.push_back(std::move(query));
    }
    return queries;
}

TEST_F(Compactions, GiveTheSameAnswerToAPersonWithSql) {
    const Ended usage = run(octroi(path_, {"usage", "--account", "user1", "--by", "day,class",
                                           "--layer", "3", "--json", "--tz", "UTC"}));
    ASSERT_EQ(usage.status, 0) << usage.err;
    std::set<std::string> expected;
    const auto document = nlohmann::json::parse(usage.out);
    for (const auto& row : document["rows"])
        if (const auto name = row["class"].get<std::string>();
            !name.starts_with('@') && row["total_bytes"] != 0)
            expected.insert(fmt::format("{} {} {} {}", row["day"].get<std::string>(), name,
                                        row["received_bytes"].get<std::int64_t>(),
                                        row["sent_bytes"].get<std::int64_t>()));
    ASSERT_GT(expected.size(), 3U) << usage.out;
    const auto queries = queries_of_the_document();
    ASSERT_EQ(queries.size(), 3U);
    ASSERT_EQ(run(octroi(path_, {"ledger", "rebuild"})).status, 0);
    ::setenv("TZ", "UTC", 1);
    ::tzset();
    auto db = *sqlite::Database::open(path_, SQLITE_OPEN_READONLY);
    for (const std::string& query : {queries[0], queries[2]}) {
        auto rows = *sqlite::Statement::prepare(db, query);
        std::set<std::string> found;
        while (*rows.step())
            if (!rows.text(2).empty() && rows.number(3) + rows.number(4) != 0)
                found.insert(fmt::format("{} {} {} {}", rows.text(1), rows.text(2), rows.number(3),
                                         rows.number(4)));
        EXPECT_EQ(found, expected) << query;
    }
    const std::int64_t of_the_view = *db.number(
        "SELECT sum(bytes) FROM transfer_text WHERE to_kind = 2 AND meter_role = 1 AND layer = 3 "
        "AND date(bucket) = '2026-11-01'");
    EXPECT_GT(of_the_view, 0);
    auto hours = *sqlite::Statement::prepare(db, queries[1]);
    std::int64_t sum = 0;
    while (*hours.step()) sum += hours.number(2);
    EXPECT_EQ(sum, of_the_view);
}

// What a compaction leaves when it is cut off: rows without a record, replaced rows, and transfers
// that are not deleted yet.
TEST_F(Compactions, MayBeUnfinished) {
    change(path_,
           "CREATE TEMP TABLE copy AS SELECT * FROM old_transfer WHERE compaction = 2; UPDATE copy "
           "SET compaction = 9; INSERT INTO old_transfer SELECT * FROM copy; UPDATE copy SET "
           "compaction = 1; INSERT INTO old_transfer SELECT * FROM copy; INSERT INTO transfer "
           "SELECT first_transfer, first_bucket, 1, 1, 1, 7, 7, 7 FROM batch WHERE number = 3; "
           "INSERT INTO compaction_cursor VALUES (9, 'eth0', 'x', x'00', 7, ''); INSERT INTO "
           "batch_cursor VALUES (3, 'x', x'00', 7, ''); INSERT INTO translation VALUES ('', "
           "'203.0.113.9', 6, 7, 7, 1, '', 0, '10.0.0.9', 0, 5, 6, 3, 3)");
    const Ended checked = check(path_);
    EXPECT_EQ(checked.status, 0) << checked.err;
    const Ended audited = run(octroi(path_, {"audit"}));
    EXPECT_EQ(audited.status, 0) << audited.out;
    EXPECT_EQ(volumes(), before_);
}

TEST_F(Compactions, AreRefusedByBothProgramsAfterAChange) {
    for (const char* sql :
         {"UPDATE old_transfer SET bytes = bytes + 1 WHERE compaction = 3",
          "UPDATE old_transfer SET scaled_bytes = scaled_bytes + 1 WHERE compaction = 2",
          "UPDATE old_transfer SET bytes_variance = bytes_variance + 1 WHERE compaction = 3",
          "UPDATE old_transfer SET begin = begin + 12 WHERE compaction = 4",
          "UPDATE old_transfer SET bytes = -bytes WHERE compaction = 4",
          "DELETE FROM old_transfer WHERE compaction = 4",
          "UPDATE compaction SET at = at + 1 WHERE number = 1",
          "UPDATE compaction SET removed = removed + 1 WHERE number = 2",
          "UPDATE compaction SET traffic_end = traffic_end + 1 WHERE number = 3",
          "UPDATE compaction SET first_batch = 2 WHERE number = 2",
          "DELETE FROM compaction WHERE number = 1",
          "DELETE FROM compaction WHERE number = 4",
          "UPDATE compaction_meter SET bytes = bytes + 1 WHERE compaction = 1",
          "UPDATE compaction_meter SET transfers_digest = zeroblob(32) WHERE compaction = 2",
          "DELETE FROM compaction_meter WHERE compaction = 3",
          "UPDATE party SET identity = identity || 'x'",
          "UPDATE batch SET booked_at = booked_at + 1 WHERE number = 3",
          "UPDATE batch SET first_bucket = first_bucket - 1 WHERE number = 3",
          "UPDATE loss SET packets = NULL WHERE batch = 3",
          "DELETE FROM translation WHERE opened = 6",
          "UPDATE cursor SET note = 'x'",
          "UPDATE compaction SET days_digest = zeroblob(32) WHERE number = 4",
          "UPDATE compaction_cursor SET note = 'x'",
          "DELETE FROM compaction_cursor",
          "UPDATE day SET end = end - 1 WHERE begin = (SELECT min(begin) FROM day)",
          "UPDATE translation SET inside_port = inside_port + 1",
          "UPDATE anchor_head SET sequence = 3 WHERE chain = 5"}) {
        const std::string copy = folder_ / "copy.db";
        std::filesystem::copy_file(path_, copy, std::filesystem::copy_options::overwrite_existing);
        change(copy, sql);
        const Ended checked = check(copy);
        EXPECT_EQ(checked.status, 1) << sql << checked.err;
        EXPECT_NE(checked.err, "") << sql;
        EXPECT_EQ(checked.err.find("Error"), std::string::npos) << checked.err;
        const Ended audited = run(octroi(copy, {"audit"}));
        EXPECT_EQ(audited.status, 1) << sql << audited.out;
    }
}

TEST_F(Chains, AreComparedWithWhatWasKept) {
    const Ended before = run(octroi(path_, {"audit", "--heads"}));
    std::ofstream(kept_) << before.out;
    const auto usage_then = [&] {
        const Ended ended =
            run(octroi(path_, {"usage", "--as-of", kept_, "--by", "account,day", "--csv"}));
        EXPECT_EQ(ended.status, 0) << ended.err;
        return ended.out;
    };
    const std::string then = usage_then();
    EXPECT_EQ(then, run(octroi(path_, {"usage", "--by", "account,day", "--csv"})).out);
    {
        auto ledger = *SqliteLedger::open(path_, {.mode = OpenMode::read_write, .node = "gate"});
        ASSERT_TRUE(ledger->commit(testing::random_batch(50, 1, 5)));
    }
    const Ended grown = run(octroi(path_, {"audit", "--heads"}));
    EXPECT_NE(grown.out, before.out);
    EXPECT_NE(then, run(octroi(path_, {"usage", "--by", "account,day", "--csv"})).out);
    EXPECT_EQ(then, usage_then()) << "the same heads have the same answer";
    const Ended anchored = run(octroi(path_, {"audit", "--heads", "--anchor"}));
    EXPECT_NE(anchored.out, grown.out) << "an anchor was made";
    const Ended again = run(octroi(path_, {"audit", "--heads", "--anchor"}));
    EXPECT_NE(again.err.find("no chain has grown"), std::string::npos);
    EXPECT_EQ(again.out, run(octroi(path_, {"audit", "--heads"})).out);
    const Ended good = run(octroi(path_, {"audit", "--expect", kept_}));
    EXPECT_EQ(good.status, 0) << good.out << good.err;
    {
        auto db = *sqlite::Database::open(path_, SQLITE_OPEN_READWRITE);
        ASSERT_TRUE(db.run("DELETE FROM anchor; DELETE FROM anchor_head"));
    }
    EXPECT_EQ(run(octroi(path_, {"audit"})).status, 0) << "the last links of a chain leave no gap";
    const Ended cut = run(octroi(path_, {"audit", "--expect", kept_}));
    EXPECT_EQ(cut.status, 1);
    EXPECT_NE(cut.out.find("the chain of anchors was cut off"), std::string::npos) << cut.out;
}

TEST_F(Chains, AreCheckedFromAnAnchorOn) {
    const auto audit_since = [&](const std::string& since) {
        const Ended ended = run(octroi(path_, {"audit", "--since", since, "--json"}));
        EXPECT_EQ(ended.status, 0) << ended.err;
        return nlohmann::json::parse(ended.out);
    };
    const auto day = audit_since("1");
    EXPECT_EQ(day["batches_trusted"], 8);
    EXPECT_EQ(day["batches"], 7);
    EXPECT_EQ(audit_since("2")["batches"], 0);
    EXPECT_EQ(audit_since("2026-11-02T03:00:00Z")["batches"], 7);
    const Ended text = run(octroi(path_, {"audit", "--since", "1"}));
    EXPECT_NE(text.out.find("Not checked: 8 batches up to the anchor"), std::string::npos);
    const Ended none = run(octroi(path_, {"audit", "--since", "2026-11-01"}));
    EXPECT_NE(none.status, 0);
    EXPECT_NE(none.err.find("no anchor"), std::string::npos) << none.err;
    // A change before the anchor is not looked at; one after it is found.
    const auto change = [&](int batch) {
        auto db = *sqlite::Database::open(path_, SQLITE_OPEN_READWRITE);
        ASSERT_TRUE(db.run(
            fmt::format("UPDATE batch_cursor SET note = 'x' WHERE batch = {}", batch).c_str()));
    };
    change(2);
    (void)audit_since("1");
    EXPECT_EQ(run(octroi(path_, {"audit"})).status, 1);
    change(12);
    EXPECT_EQ(run(octroi(path_, {"audit", "--since", "1"})).status, 1);
}

TEST_F(Chains, RefuseOptionsThatDoNotGoTogether) {
    EXPECT_EQ(run(octroi(path_, {"audit", "--anchor"})).status, 2);
    EXPECT_EQ(run(octroi(path_, {"usage", "--rest"})).status, 2);
    EXPECT_EQ(run(octroi(path_, {"usage", "--limit", "-1"})).status, 2);
    EXPECT_EQ(run(octroi(path_, {"audit", "--heads", "--expect", kept_})).status, 2);
    std::ofstream(kept_) << "nothing\n";
    const Ended bad = run(octroi(path_, {"audit", "--expect", kept_}));
    EXPECT_EQ(bad.status, 2);
    EXPECT_NE(bad.err.find("line 1"), std::string::npos) << bad.err;
}

}  // namespace
}  // namespace octroi
