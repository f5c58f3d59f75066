// SPDX-License-Identifier: GPL-3.0-or-later
// The same question has the same answer from transfers, from sums by day, and after compactions;
// or the ledger says that what it needs is gone.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <random>

#include "host/testing/folder.hpp"
#include "ledger/audit.hpp"
#include "ledger/testing/batches.hpp"
#include "ledger/testing/naive_sums.hpp"
#include "store/sqlite/sqlite_ledger.hpp"

namespace octroi::testing {
namespace {

using DayOf = std::function<Interval(UtcTime)>;

// Days of a zone that is `offset` east of UTC, and one hour more from `change` on.
DayOf days_of_zone(Duration offset, UtcTime change = UtcTime::max()) {
    return [=](UtcTime t) {
        const auto begin_of = [&](UtcTime u) {
            const Duration east = u < change ? offset : offset + Duration::hours(1);
            return bucket_start(u + east, Duration::hours(24)) - east;
        };
        // Away from a change, the day is as long as usual. Around it, the beginning of the next day
        // is found from its noon.
        const UtcTime begin = begin_of(t);
        return Interval{begin, begin_of(begin + Duration::hours(36))};
    };
}

struct World {
    const char* name;
    DayOf day_of;
};
// As UTC, Asia/Kolkata, America/St_Johns, Pacific/Chatham, and Europe/Berlin over a change of time.
std::vector<World> worlds() {
    return {{"UTC", {}},
            {"Kolkata", days_of_zone(Duration::minutes(330))},
            {"StJohns", days_of_zone(Duration::minutes(-210))},
            {"Chatham", days_of_zone(Duration::minutes(765))},
            {"Berlin", days_of_zone(Duration::hours(1), bucket_at(10 * 288 + 12))}};
}

constexpr int days = 40;

// Traffic of some days around `seed`, with a correction now and then.
std::vector<Batch> random_batches(std::uint64_t seed) {
    std::mt19937_64 random(seed);
    std::vector<Batch> batches;
    for (std::uint64_t number = 1; number <= 24; ++number) {
        Batch batch = random_batch(1000 * seed + number, 1, 40);
        // Mostly in order of time; some batches are late.
        const auto day = static_cast<int>(random() % 5 == 0 ? random() % days : number * days / 25);
        const auto width = static_cast<int>(1 + random() % 600);
        for (Transfer& t : batch.transfers)
            t.bucket = bucket_at(day * 288 + static_cast<int>(random() % 1000000) % width);
        // Different rows may now have the same key.
        std::map<std::tuple<UtcTime, std::uint32_t, std::uint32_t, std::uint32_t>, Volume> rows;
        for (const Transfer& t : batch.transfers)
            rows[{t.bucket, t.from, t.to, t.service}] += t.volume;
        batch.sampled.clear();
        batch.transfers.clear();
        for (const auto& [key, volume] : rows) {
            const auto& [bucket, from, to, service] = key;
            if (random() % 4 == 0 && volume.bytes.value() > 0)
                batch.sampled.push_back({static_cast<std::uint32_t>(batch.transfers.size()),
                                         Bytes{volume.bytes.value() / 10},
                                         Packets{volume.packets.value() / 10}, random() % 1000, 7});
            batch.transfers.push_back({bucket, from, to, service, volume});
        }
        batch.booked_at = bucket_at(day * 288 + 700);
        batch.cursors[0].source = fmt::format("interface:eth{}", number % 3);
        batch.cursors[0].version = (number + 2) / 3;
        batch.meter.name = fmt::format("eth{}", number % 3);
        batches.push_back(batch);
        if (number % 6 == 0) {
            Batch correction = correction_of(batches[batches.size() - 2], 1'000'000 + number);
            correction.correction->corrected = {bucket_at(0), bucket_at(100 * 288)};
            if (!correction.transfers.empty()) batches.push_back(std::move(correction));
        }
    }
    return batches;
}

// A random question with edges at starts of buckets, hours or days.
SumQuestion random_question(std::mt19937_64& random, const DayOf& day_of) {
    const auto moment = [&] {
        const UtcTime t = bucket_at(static_cast<int>(random() % (days * 288)));
        switch (random() % 3) {
            case 0:
                return t;
            case 1:
                return bucket_start(t, Duration::hours(1));
            default:
                return day_of ? day_of(t).begin : bucket_start(t, Duration::hours(24));
        }
    };
    SumQuestion question;
    question.period = {moment(), moment()};
    if (question.period.end < question.period.begin)
        std::swap(question.period.begin, question.period.end);
    question.by_meter = random() % 2 == 0;
    question.by_service = random() % 2 == 0;
    question.by_identity = random() % 4 == 0;
    question.estimates = random() % 2 == 0;
    if (random() % 3 == 0) question.role = MeterRole::bill;
    if (random() % 3 == 0) question.services = {"web", "service1"};
    if (random() % 3 == 0) question.ends = {fmt::format("user{}", random() % 10)};
    if (random() % 5 == 0) question.ends.emplace_back("domestic");
    if (random() % 5 == 0) question.ends.emplace_back("user3-new");
    if (random() % 3 == 0) {
        UtcTime t = question.period.begin;
        for (; t < question.period.end && question.steps.size() < 60; t = t + Duration::hours(24))
            question.steps.push_back(day_of && random() % 2 == 0 ? day_of(t).begin : t);
        std::sort(question.steps.begin(), question.steps.end());
        question.steps.erase(std::unique(question.steps.begin(), question.steps.end()),
                             question.steps.end());
        if (!question.steps.empty())
            question.steps.front() = std::min(question.steps.front(), question.period.begin);
    } else if (random() % 8 == 0) {
        question.by_bucket = true;
    }
    choose_ends(random, question);
    return question;
}

// Whether every hour or day of the sums is whole in the question, so that it must be answered.
bool is_of_whole_days(const SumQuestion& question, const DayOf& day_of) {
    const auto begins_day = [&](UtcTime t) {
        return day_of ? day_of(t).begin == t : bucket_start(t, Duration::hours(24)) == t;
    };
    return !question.by_bucket && begins_day(question.period.begin) &&
           begins_day(question.period.end) &&
           std::all_of(question.steps.begin(), question.steps.end(), begins_day);
}

class SumsByDay : public ::testing::TestWithParam<int> {
protected:
    void open(std::uint64_t seed) {
        random_.seed(seed);
        folder_.emplace();
        plain_ = *SqliteLedger::open(folder_->file("plain.db"), {.mode = OpenMode::create});
        ledger_ = *SqliteLedger::open(folder_->file("l.db"),
                                      {.mode = OpenMode::create, .day_of = world_.day_of});
    }

    // The same questions to the ledger and to one that has only transfers.
    void compare(bool all_there) {
        for (int i = 0; i < 60; ++i) {
            const SumQuestion question = random_question(random_, world_.day_of);
            const auto expected = plain_->sums(question);
            const auto found = ledger_->sums(question);
            ASSERT_TRUE(expected) << expected.error().text;
            if (!found) {
                ++gone_;
                ASSERT_EQ(found.error().code, ErrorCode::not_found) << found.error().text;
                ASSERT_FALSE(all_there || is_of_whole_days(question, world_.day_of))
                    << found.error().text;
                continue;
            }
            ++answered_;
            ASSERT_EQ(*found, *expected) << world_.name;
        }
    }

    void expect_same_totals() {
        const auto report = audit(*ledger_);
        ASSERT_TRUE(report) << report.error().text;
        for (const AuditFinding& finding : report->findings) ADD_FAILURE() << finding.text;
        const auto before = audit(*plain_);
        ASSERT_TRUE(before);
        ASSERT_EQ(report->meters.size(), before->meters.size());
        for (std::size_t i = 0; i < report->meters.size(); ++i) {
            EXPECT_EQ(report->meters[i].observed, before->meters[i].observed);
            EXPECT_EQ(report->meters[i].posted, before->meters[i].posted);
            EXPECT_EQ(report->meters[i].attributed, before->meters[i].attributed);
            EXPECT_EQ(report->meters[i].excluded, before->meters[i].excluded);
        }
    }

    // The rows that it removed.
    std::uint64_t compact(const Retention& retention) {
        const auto done = ledger_->compact(retention, bucket_at(days * 288), {});
        EXPECT_TRUE(done) << done.error().text;
        compare(retention == Retention{});
        expect_same_totals();
        return done ? done->removed : 0;
    }

    // Hours are whole if they are counted from the beginning of the day.
    void expect_whole_hours() {
        for (int day = 0; day < days; ++day) {
            const UtcTime noon = bucket_at(day * 288 + 144);
            const UtcTime begin =
                world_.day_of ? world_.day_of(noon).begin : bucket_start(noon, Duration::hours(24));
            const SumQuestion question{
                .period = {begin + Duration::hours(3), begin + Duration::hours(7)}};
            const auto found = ledger_->sums(question);
            ASSERT_TRUE(found) << found.error().text;
            ASSERT_EQ(*found, *plain_->sums(question)) << world_.name << " day " << day;
        }
    }

    World world_ = worlds()[static_cast<std::size_t>(GetParam())];
    std::mt19937_64 random_;
    std::optional<Folder> folder_;
    std::unique_ptr<SqliteLedger> plain_;
    std::unique_ptr<SqliteLedger> ledger_;
    std::size_t answered_ = 0;
    std::size_t gone_ = 0;
};

TEST_P(SumsByDay, AndCompactionsDoNotChangeAnswers) {
    for (std::uint64_t seed = 1; seed <= 4; ++seed) {
        SCOPED_TRACE(seed);
        open(seed);
        const auto batches = random_batches(seed);
        for (std::size_t i = 0; i < batches.size(); ++i) {
            ASSERT_TRUE(plain_->commit(batches[i]));
            ASSERT_TRUE(ledger_->commit(batches[i]));
            // Sums by day of these batches; the others come late.
            if (i == batches.size() * 2 / 3) {
                EXPECT_EQ(compact({}), 0U);
            }
        }
        compare(true);
        EXPECT_GT(compact({.fine_before = bucket_at(20 * 288)}), 0U);
        expect_whole_hours();
        const Retention both{.fine_before = bucket_at(30 * 288),
                             .hours_before = bucket_at(25 * 288)};
        EXPECT_GT(compact(both), 0U);
        EXPECT_EQ(compact(both), 0U);
        ASSERT_TRUE(ledger_->rebuild_sums());
        compare(false);
        expect_same_totals();
    }
    EXPECT_GT(answered_, gone_);
    EXPECT_GT(gone_, 0U);
}
INSTANTIATE_TEST_SUITE_P(Zones, SumsByDay, ::testing::Range(0, 5), [](const auto& test) {
    return std::string(worlds()[static_cast<std::size_t>(test.param)].name);
});

// Stopped after any slice, a compaction changes no answer and goes on later.
TEST(Compaction, MayBeStoppedAnywhere) {
    const auto batches = random_batches(5);
    const SumQuestion all{.period = {bucket_at(0), bucket_at(days * 288)},
                          .by_meter = true,
                          .by_identity = true,
                          .by_service = true,
                          .estimates = true};
    const Retention retention{.fine_before = bucket_at(30 * 288),
                              .hours_before = bucket_at(20 * 288)};
    const Folder folder;
    auto ledger = *SqliteLedger::open(folder.file("l.db"), {.mode = OpenMode::create});
    for (const Batch& batch : batches) ASSERT_TRUE(ledger->commit(batch));
    const auto expected = *ledger->sums(all);
    std::size_t stops = 0;
    for (bool done = false; !done;) {
        // A run of batches that is stopped before its record begins again, so it needs some slices.
        const int slices_max = 3 + static_cast<int>(stops);
        int slices = 0;
        const auto progress =
            ledger->compact(retention, bucket_at(days * 288),
                            [&](const CompactionProgress&) { return ++slices < slices_max; });
        ASSERT_TRUE(progress) << progress.error().text;
        done = slices < slices_max;
        ++stops;
        ASSERT_EQ(*ledger->sums(all), expected);
        const auto report = audit(*ledger);
        ASSERT_TRUE(report);
        for (const AuditFinding& finding : report->findings) ADD_FAILURE() << finding.text;
        ASSERT_LT(stops, 500U);
    }
    EXPECT_GT(stops, 5U);
}

// A question from the first bucket on, in days, does not cut the day of which only the sum is left.
TEST(Compaction, AsksFromTheBeginOfTheFirstDay) {
    const Folder folder;
    auto ledger = *SqliteLedger::open(folder.file("l.db"), {.mode = OpenMode::create});
    const Batch batch =
        BatchBuilder(1).transfer(17, account("a"), outside("world"), "web", 9).build();
    ASSERT_TRUE(ledger->commit(batch));
    EXPECT_EQ(*ledger->first_bucket(), bucket_at(17));
    const UtcTime later = bucket_at(288);
    ASSERT_TRUE(ledger->compact({.fine_before = later}, later, {}));
    EXPECT_EQ(*ledger->first_bucket(), bucket_at(12));
    ASSERT_TRUE(ledger->compact({.fine_before = later, .hours_before = later}, later, {}));
    EXPECT_EQ(*ledger->first_bucket(), bucket_at(0));
    const auto sums =
        ledger->sums({.period = {bucket_at(0), later}, .steps = {**ledger->first_bucket()}});
    ASSERT_TRUE(sums) << sums.error().text;
    ASSERT_EQ(sums->size(), 1U);
    EXPECT_EQ(sums->front().volume.bytes.value(), 9U);
}

TEST(Compaction, OneProcessAtATime) {
    const Folder folder;
    auto first = *SqliteLedger::open(folder.file("l.db"), {.mode = OpenMode::create});
    auto second = *SqliteLedger::open(folder.file("l.db"), {.mode = OpenMode::create});
    ASSERT_TRUE(first->commit(random_batch(1, 1, 10)));
    bool refused = false;
    ASSERT_TRUE(first->compact({.fine_before = bucket_at(1000)}, bucket_at(1000),
                               [&](const CompactionProgress&) {
                                   const auto other = second->compact({}, bucket_at(1000), {});
                                   refused = !other && other.error().code == ErrorCode::busy;
                                   return true;
                               }));
    EXPECT_TRUE(refused);
}

// A ledger has one set of locks, by whatever name it is opened.
TEST(Compaction, LocksAreThoseOfTheFileBehindALink) {
    const Folder folder;
    auto first = *SqliteLedger::open(folder.file("l.db"), {.mode = OpenMode::create, .owner = "a"});
    std::filesystem::create_symlink("l.db", folder.file("link.db"));
    std::filesystem::create_directory_symlink(".", folder.file("here"));
    for (const char* name : {"link.db", "here/l.db", "here/link.db"}) {
        const std::string path = folder.file(name);
        const auto owner = SqliteLedger::open(path, {.mode = OpenMode::create, .owner = "b"});
        ASSERT_FALSE(owner) << name;
        EXPECT_EQ(owner.error().code, ErrorCode::conflict);
        auto second = *SqliteLedger::open(path, {.mode = OpenMode::read_write});
        int refused = 0;
        ASSERT_TRUE(first->commit(random_batch(first->last_batch().value() + 1, 1, 10)));
        ASSERT_TRUE(first->compact({.fine_before = bucket_at(1000)}, bucket_at(1000),
                                   [&](const CompactionProgress&) {
                                       const auto other = second->compact({}, bucket_at(1000), {});
                                       const Status rebuilt = second->rebuild_sums();
                                       if (!other && other.error().code == ErrorCode::busy &&
                                           !rebuilt && rebuilt.error().code == ErrorCode::busy)
                                           ++refused;
                                       return true;
                                   }));
        EXPECT_GT(refused, 0) << name;
        // Each process has a chain of its own.
        ASSERT_TRUE(second->commit(random_batch(first->last_batch().value() + 1, 1, 10)));
        EXPECT_EQ(first->facts({})->chains, 2U) << name;
        EXPECT_TRUE(audit(*first)->holds());
    }
    EXPECT_FALSE(std::filesystem::exists(folder.file("link.db.writers")));
    EXPECT_FALSE(std::filesystem::exists(folder.file("link.db.lock")));
}

// A process with a first commit that fails does not keep the number of its writer.
TEST(OwnWriter, ReleasesTheLockOfAWriterThatWasRolledBack) {
    const Folder folder;
    ASSERT_TRUE(SqliteLedger::open(folder.file("l.db"), {.mode = OpenMode::create}));
    const auto db = *sqlite::Database::open(folder.file("l.db"), SQLITE_OPEN_READWRITE);
    sqlite::OwnWriter failed("gate");
    {
        auto transaction = sqlite::Transaction::begin(db, sqlite::Transaction::Kind::write);
        ASSERT_TRUE(transaction && failed.claim(db));
    }
    failed.release_new();
    EXPECT_EQ(failed.number(), 0);
    sqlite::OwnWriter next("gate");
    auto transaction = sqlite::Transaction::begin(db, sqlite::Transaction::Kind::write);
    ASSERT_TRUE(transaction);
    const Status claimed = next.claim(db);
    EXPECT_TRUE(claimed) << claimed.error().text;
}

// Four months of traffic between the same parties: the file stops growing when the retention is
// over, except for one sum by day and key.
TEST(Compaction, BoundsTheSizeOfALedger) {
    const Folder folder;
    auto ledger = *SqliteLedger::open(folder.file("l.db"), {.mode = OpenMode::create});
    const auto db = *sqlite::Database::open(folder.file("l.db"), SQLITE_OPEN_READONLY);
    std::int64_t pages_after_60 = 0;
    constexpr int committed_days = 120;
    for (int day = 0; day < committed_days; ++day) {
        BatchBuilder builder(static_cast<std::uint64_t>(day) + 1);
        for (int bucket = 0; bucket < 288; ++bucket)
            for (int host = 0; host < 2; ++host)
                builder.transfer(day * 288 + bucket, account("a", fmt::format("10.0.0.{}", host)),
                                 outside("x"), "web", 1000);
        Batch batch = builder.build();
        batch.booked_at = bucket_at(day * 288 + 288);
        ASSERT_TRUE(ledger->commit(batch));
        const Retention retention{.fine_before = bucket_at((day - 10) * 288),
                                  .hours_before = bucket_at((day - 40) * 288)};
        ASSERT_TRUE(ledger->compact(retention, batch.booked_at, {}));
        if (day == 60) pages_after_60 = *db.number("PRAGMA page_count");
    }
    const std::int64_t pages = *db.number("PRAGMA page_count");
    // Half a page a day for the header of the batch, the anchor and the sums by day; the transfers
    // of a day would be more than four.
    EXPECT_LT(pages - pages_after_60, (committed_days - 60) / 2) << "of 4 KiB";
    const auto report = audit(*ledger);
    ASSERT_TRUE(report);
    EXPECT_TRUE(report->holds());
    const auto sums = *ledger->sums({.period = {bucket_at(0), bucket_at(committed_days * 288)}});
    ASSERT_EQ(sums.size(), 1U);
    EXPECT_EQ(sums[0].volume.bytes.value(), std::uint64_t{committed_days} * 288 * 2 * 1000);
}

}  // namespace
}  // namespace octroi::testing
