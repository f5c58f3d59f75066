// SPDX-License-Identifier: GPL-3.0-or-later
#include "service/class_refresh.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fmt/format.h>

#include <filesystem>
#include <fstream>

#include "host/clock.hpp"
#include "host/command.hpp"
#include "host/testing/folder.hpp"
#include "ledger/ledger.hpp"
#include "service/attribution.hpp"
#include "service/class_change.hpp"
#include "service/doctor.hpp"
#include "service/ledger_url.hpp"

namespace octroi {
namespace {

using ::testing::HasSubstr;
using enum ClassRefreshOutcome;

constexpr UtcTime start = UtcTime::from_seconds(1'800'000'000);

class ClassRefreshTest : public ::testing::Test {
protected:
    ClassRefreshTest() {
        auto ledger = open_ledger(path_, {.mode = OpenMode::create});
        EXPECT_TRUE(ledger.has_value()) << ledger.error().text;
        ledger_ = *std::move(ledger);
        config_.class_table.source = table_;
    }
    // A table of so many prefixes of class free.
    void write(int prefixes, const std::string& more = "") {
        std::ofstream out(table_);
        for (int i = 0; i < prefixes; ++i) out << "10." << i << ".0.0/16 free\n";
        out << more;
        out.close();
        // Another time of change, whatever the clock of the file system is.
        std::filesystem::last_write_time(
            table_, std::filesystem::file_time_type(std::chrono::seconds(++changes_)));
    }
    ClassRefreshOutcome refresh() {
        now_ = now_ + Duration::hours(1);
        const auto outcome = refresh_classes({config_, path_, {}}, *ledger_, now_);
        EXPECT_TRUE(outcome.has_value()) << outcome.error().text;
        return outcome.value_or(failed);
    }
    [[nodiscard]] std::uint64_t prefixes_in_force() {
        const auto tables = ledger_->class_tables();
        for (const ClassTableInfo& info : *tables)
            if (info.current) return info.prefixes;
        return 0;
    }
    [[nodiscard]] ClassRefreshState state() const {
        const auto known = read_class_refresh_state(class_refresh_files(path_).state);
        return known && *known ? **known : ClassRefreshState{};
    }
    [[nodiscard]] Finding doctor() const {
        const auto findings = examine_class_source(config_, path_, now_);
        return findings.size() == 1 ? findings.front() : Finding{};
    }

    const testing::Folder folder_;
    const std::string path_ = folder_.file("ledger.db");
    const std::string table_ = folder_.file("classes.txt");
    std::unique_ptr<Ledger> ledger_;
    Config config_;
    UtcTime now_ = start;
    int changes_ = 0;
};

TEST_F(ClassRefreshTest, PutsATableInForceWhenItsFileChanges) {
    EXPECT_EQ(doctor().verdict, Verdict::note) << "never read";
    write(10);
    EXPECT_EQ(refresh(), loaded);
    EXPECT_EQ(prefixes_in_force(), 10U);
    EXPECT_EQ(doctor().verdict, Verdict::good);
    EXPECT_EQ(refresh(), unchanged);
    write(11);
    EXPECT_EQ(refresh(), loaded);
    EXPECT_EQ(prefixes_in_force(), 11U);
    EXPECT_EQ(ledger_->class_tables()->size(), 2U) << "the first one stays in the ledger";
}

TEST_F(ClassRefreshTest, HoldsATableBackThatLostHalf) {
    write(10);
    EXPECT_EQ(refresh(), loaded);
    write(6);
    EXPECT_EQ(refresh(), loaded) << "four of ten";
    write(3);
    EXPECT_EQ(refresh(), held_back);
    EXPECT_EQ(prefixes_in_force(), 6U);
    ASSERT_TRUE(state().held.has_value());
    EXPECT_EQ(state().held->prefixes, 3U);
    EXPECT_EQ(doctor().verdict, Verdict::wrong);
    EXPECT_THAT(doctor().fix, HasSubstr("octroi class accept"));
    const UtcTime since = state().held->since;
    EXPECT_EQ(refresh(), held_back) << "also when nothing is new";
    EXPECT_EQ(state().held->since, since);
    EXPECT_THAT(state().problem, HasSubstr("held back"));
}

TEST_F(ClassRefreshTest, HoldsATableBackInWhichAClassIsGoneOrMultiplies) {
    write(10, "192.0.2.0/24 near\n");
    EXPECT_EQ(refresh(), loaded);
    write(10);
    EXPECT_EQ(refresh(), held_back);
    EXPECT_THAT(doctor().finding, HasSubstr("its class near has 0 prefixes"));
    write(10, "192.0.2.0/24 near\n0.0.0.0/0 near\n");
    EXPECT_EQ(refresh(), held_back);
    EXPECT_THAT(doctor().finding, HasSubstr("its class near has more than a /8"));
    EXPECT_EQ(prefixes_in_force(), 11U);
}

TEST_F(ClassRefreshTest, AnotherBoundPutsNoHeldTableInForce) {
    write(10);
    EXPECT_EQ(refresh(), loaded);
    write(10, "0.0.0.0/1 near\n");
    EXPECT_EQ(refresh(), held_back);
    config_.class_table.hold_back_percent = 40;
    EXPECT_EQ(refresh(), held_back);
    // Without the state of the last attempt, too.
    std::filesystem::remove(class_refresh_files(path_).state);
    EXPECT_EQ(refresh(), held_back);
    EXPECT_EQ(prefixes_in_force(), 10U);
}

TEST_F(ClassRefreshTest, WhatWasAcceptedMeanwhileIsNotHeldBackAnyMore) {
    write(10);
    EXPECT_EQ(refresh(), loaded);
    write(3);
    EXPECT_EQ(refresh(), held_back);
    const ClassRefreshState before = state();
    ASSERT_TRUE(accept_held_classes(config_, path_, before.held->version, *ledger_, now_));
    // What a refresh writes that read the state before.
    ASSERT_TRUE(write_class_refresh_state(class_refresh_files(path_).state, before));
    (void)refresh();
    EXPECT_FALSE(state().held.has_value());
    EXPECT_EQ(state().problem, "");
}

TEST_F(ClassRefreshTest, AFileAboveTheLimitIsNotRead) {
    write(4);
    config_.class_table.size_limit = Bytes{10};
    EXPECT_EQ(refresh(), failed);
    EXPECT_THAT(state().problem, HasSubstr("has more than 10 octets"));
    EXPECT_EQ(prefixes_in_force(), 0U);
}

TEST_F(ClassRefreshTest, APersonAcceptsWhatIsHeldBack) {
    write(10);
    EXPECT_EQ(refresh(), loaded);
    EXPECT_EQ(accept_held_classes(config_, path_, "000000000000", *ledger_, now_).error().code,
              ErrorCode::not_found);
    write(2);
    EXPECT_EQ(refresh(), held_back);
    std::filesystem::remove(table_);  // the content is kept
    const std::string version = state().held->version.substr(0, accepted_digits);
    EXPECT_THAT(state().problem, HasSubstr("octroi class accept " + version));
    EXPECT_THAT(doctor().fix, HasSubstr("octroi class accept " + version));
    for (const std::string& wrong :
         {std::string("000000000000"), version.substr(1), std::string()}) {
        const auto refused = accept_held_classes(config_, path_, wrong, *ledger_, now_);
        ASSERT_FALSE(refused.has_value()) << wrong;
        EXPECT_EQ(refused.error().code, ErrorCode::conflict);
        EXPECT_THAT(refused.error().text, HasSubstr("has the version " + version));
    }
    EXPECT_EQ(prefixes_in_force(), 10U);
    const auto accepted = accept_held_classes(config_, path_, version, *ledger_, now_);
    ASSERT_TRUE(accepted.has_value()) << accepted.error().text;
    EXPECT_EQ(accepted->prefixes, 2U);
    EXPECT_EQ(prefixes_in_force(), 2U);
    EXPECT_FALSE(state().held.has_value());
    EXPECT_EQ(doctor().verdict, Verdict::good);
    EXPECT_FALSE(std::filesystem::exists(class_refresh_files(path_).held));
}

TEST_F(ClassRefreshTest, ABetterTableReplacesOneThatIsHeldBack) {
    write(10);
    EXPECT_EQ(refresh(), loaded);
    write(2);
    EXPECT_EQ(refresh(), held_back);
    write(12);
    EXPECT_EQ(refresh(), loaded);
    EXPECT_EQ(prefixes_in_force(), 12U);
    EXPECT_FALSE(state().held.has_value());
    EXPECT_EQ(state().problem, "");
}

TEST_F(ClassRefreshTest, TheTableInForceStaysWhereTheNewOneCannotBeRead) {
    write(10);
    EXPECT_EQ(refresh(), loaded);
    write(0);
    EXPECT_EQ(refresh(), failed);
    write(11, "10.0.0.0/16 dear\n");
    EXPECT_EQ(refresh(), failed) << "two classes for a prefix";
    std::filesystem::remove(table_);
    EXPECT_EQ(refresh(), failed);
    EXPECT_EQ(prefixes_in_force(), 10U);
    EXPECT_EQ(doctor().verdict, Verdict::wrong);
    write(11);
    EXPECT_EQ(refresh(), loaded);
    EXPECT_EQ(doctor().verdict, Verdict::good);
}

TEST_F(ClassRefreshTest, ReadsTheOutputOfACommand) {
    write(4);
    config_.class_table.source.clear();
    config_.class_table.command = {"cat", table_};
    EXPECT_EQ(refresh(), loaded);
    EXPECT_EQ(prefixes_in_force(), 4U);
    config_.class_table.command = {"cat", folder_.file("absent")};
    EXPECT_EQ(refresh(), failed);
    config_.class_table.command = {"octroi-has-no-such-program"};
    EXPECT_EQ(refresh(), failed);
    EXPECT_THAT(state().problem, HasSubstr("octroi-has-no-such-program"));
    config_.class_table.command = {"cat", table_};
    config_.class_table.size_limit = Bytes{10};
    EXPECT_EQ(refresh(), failed);
    EXPECT_EQ(prefixes_in_force(), 4U);
}

TEST_F(ClassRefreshTest, ShowsNoSecretOfItsSource) {
    ClassTableConfig table;
    table.source = "https://user:secret@example.org/classes.txt?token=secret";
    EXPECT_EQ(class_source_name(table), "https://example.org/classes.txt");
    ClassTableConfig other = table;
    other.source = "https://user:secret@example.org/classes.txt?token=other";
    EXPECT_NE(class_source_digest(table), class_source_digest(other));
    table.source.clear();
    table.command = {"fetch-classes", "--password=secret"};
    EXPECT_EQ(class_source_name(table), "fetch-classes");

    write(4);
    config_.class_table.source.clear();
    config_.class_table.command = {"cat", table_, "/secret"};
    EXPECT_EQ(refresh(), failed);
    EXPECT_EQ(state().source, "cat");
    config_.class_table.command = {"cat", table_};
    EXPECT_EQ(doctor().verdict, Verdict::note) << "other arguments are another source";
}

// A few octets that become many: no file of prefixes is packed so well.
TEST_F(ClassRefreshTest, ATableThatGrowsTooMuchWhenItIsUnpackedIsRefused) {
    std::string comments;
    while (comments.size() < 1U << 20U) comments += std::string(63, '#') + "\n";
    write(4, comments);
    const auto packed = run_command(std::vector<std::string>{"gzip", "--no-name", table_});
    ASSERT_TRUE(packed.has_value()) << packed.error().text;
    config_.class_table.source = table_ + ".gz";
    config_.class_table.size_limit = Bytes{std::uint64_t{32} << 10U};
    EXPECT_EQ(refresh(), failed);
    EXPECT_THAT(state().problem, HasSubstr("more than 524288 octets when it is unpacked"));
    EXPECT_EQ(prefixes_in_force(), 0U);
    config_.class_table.size_limit = Bytes{std::uint64_t{128} << 10U};
    EXPECT_EQ(refresh(), loaded);
}

TEST_F(ClassRefreshTest, ASourceThatHangsEndsWithTheTimeOfTheCaller) {
    config_.class_table.source.clear();
    config_.class_table.command = {"sleep", "30"};
    const ClassRefreshSettings settings{config_, path_, {}, Duration::milliseconds(200)};
    const auto begin = SystemClock().uptime();
    const auto outcome = refresh_classes(settings, *ledger_, now_);
    ASSERT_TRUE(outcome.has_value());
    EXPECT_EQ(*outcome, failed);
    EXPECT_LT(SystemClock().uptime() - begin, Duration::seconds(10));
}

TEST_F(ClassRefreshTest, AppliesTheRulesOfClasses) {
    write(4);
    config_.attribute.class_rules = {"within 10.1.0.0/16 = near"};
    EXPECT_EQ(refresh(), loaded);
    config_.attribute.class_rules = {"default = far"};
    EXPECT_EQ(refresh(), loaded) << "other rules make another table of the same file";
    EXPECT_EQ(ledger_->class_table(*ledger_->current_class_version())->value().default_class,
              "far");
}

// Otherwise each start would replace the table of the source by one of the rules alone.
TEST_F(ClassRefreshTest, TheConfigurationPutsNoOtherTableInForce) {
    write(4);
    config_.attribute.class_rules = {"default = far"};
    EXPECT_EQ(refresh(), loaded);
    const auto put = put_configured_classes(config_, *ledger_, now_);
    ASSERT_TRUE(put.has_value());
    EXPECT_FALSE(put->has_value());
    EXPECT_EQ(prefixes_in_force(), 4U);
}

TEST_F(ClassRefreshTest, ANewLedgerGetsTheTableAlthoughTheSourceHasNotChanged) {
    write(4);
    EXPECT_EQ(refresh(), loaded);
    auto other = open_ledger(folder_.file("other.db"), {.mode = OpenMode::create});
    ASSERT_TRUE(other.has_value());
    ledger_ = *std::move(other);
    EXPECT_EQ(refresh(), loaded);
    EXPECT_EQ(prefixes_in_force(), 4U);
}

TEST_F(ClassRefreshTest, TheDoctorSeesThatNobodyLooks) {
    write(4);
    EXPECT_EQ(refresh(), loaded);
    now_ = now_ + Duration::hours(4);
    EXPECT_EQ(doctor().verdict, Verdict::note);
}

TEST(LostTooMuch, ComparesShares) {
    EXPECT_FALSE(lost_too_much(6, 10, 50));
    EXPECT_TRUE(lost_too_much(5, 10, 50));
    EXPECT_FALSE(lost_too_much(1, 10, 100));
    EXPECT_TRUE(lost_too_much(0, 10, 100));
    EXPECT_FALSE(lost_too_much(20, 10, 1));
    EXPECT_FALSE(lost_too_much(0, 0, 50));
    EXPECT_TRUE(lost_too_much(1, UINT64_MAX, 99));
}

}  // namespace
}  // namespace octroi
