// SPDX-License-Identifier: GPL-3.0-or-later
// A compaction, or a process that makes the sums by day again, is killed at random moments: answers
// stay the same, the audit holds, and the next one ends the work.
#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <functional>
#include <random>

#include "host/testing/folder.hpp"
#include "ledger/audit.hpp"
#include "ledger/testing/batches.hpp"
#include "store/sqlite/sqlite_ledger.hpp"

namespace octroi::testing {
namespace {

constexpr UtcTime everything_before = some_day + Duration::hours(72);

class MaintenanceKill : public ::testing::Test {
protected:
    static constexpr int kills_wanted = 50;

    void SetUp() override {
        auto ledger = *SqliteLedger::open(path_, {.mode = OpenMode::create});
        for (std::uint64_t seed = 1; seed <= 3; ++seed)
            ASSERT_TRUE(ledger->commit(random_batch(seed, 1, 4000)));
        for (const SumQuestion& question : questions_) expected_.push_back(*ledger->sums(question));
    }
    void expect_sound(SqliteLedger& ledger) const {
        for (std::size_t i = 0; i < questions_.size(); ++i) {
            const auto found = ledger.sums(questions_[i]);
            ASSERT_TRUE(found) << found.error().text;
            ASSERT_EQ(*found, expected_[i]);
        }
        const auto report = audit(ledger);
        ASSERT_TRUE(report) << report.error().text;
        for (const AuditFinding& finding : report->findings) ADD_FAILURE() << finding.text;
    }
    // Runs `work` in a process that is killed after a random part of `limit`. False: it had ended.
    bool kill_during(const std::function<bool(SqliteLedger&)>& work, std::int64_t limit_ns) {
        const pid_t child = fork();
        EXPECT_GE(child, 0);
        if (child == 0) {
            auto ledger = SqliteLedger::open(path_, {.mode = OpenMode::read_write});
            _exit(ledger && work(**ledger) ? 0 : 1);
        }
        const timespec moment{0, static_cast<long>(random_() % static_cast<unsigned>(limit_ns))};
        ppoll(nullptr, 0, &moment, nullptr);
        kill(child, SIGKILL);
        int status = 0;
        EXPECT_EQ(waitpid(child, &status, 0), child);
        EXPECT_TRUE(!WIFEXITED(status) || WEXITSTATUS(status) == 0);
        return !WIFEXITED(status);
    }
    // Kills until there were enough; `again`: what makes the next attempt have something to do.
    void kill_often(const std::function<bool(SqliteLedger&)>& work,
                    const std::function<void()>& again) {
        std::int64_t limit_ns = 20'000'000;
        int kills = 0;
        for (int attempt = 0; kills < kills_wanted && attempt < 500 && !HasFailure(); ++attempt) {
            if (kill_during(work, limit_ns)) {
                ++kills;
                limit_ns = std::min<std::int64_t>(limit_ns + limit_ns / 8, 900'000'000);
                auto ledger = *SqliteLedger::open(path_, {.mode = OpenMode::read_write});
                expect_sound(*ledger);
            } else {
                limit_ns -= limit_ns / 8;
                again();
            }
        }
        EXPECT_EQ(kills, kills_wanted);
    }

    std::mt19937_64 random_{20261129};
    Folder folder_;
    const std::string path_ = folder_.file("l.db");
    const std::vector<SumQuestion> questions_{{.period = {some_day, some_day + Duration::hours(24)},
                                               .by_meter = true,
                                               .by_service = true},
                                              {.period = {some_day, some_day + Duration::hours(24)},
                                               .by_identity = true,
                                               .estimates = true}};
    std::vector<std::vector<TransferSum>> expected_;
};

TEST_F(MaintenanceKill, OfACompactionChangesNothing) {
    const Folder other;
    const std::string copy = other.file("copy.db");
    std::filesystem::copy_file(path_, copy);
    const Retention retention{.fine_before = everything_before, .hours_before = everything_before};
    const auto work = [&](SqliteLedger& ledger) {
        return ledger.compact(retention, everything_before, {}).has_value();
    };
    kill_often(work, [&] {
        auto ledger = *SqliteLedger::open(path_, {.mode = OpenMode::read_write});
        expect_sound(*ledger);
        ledger.reset();
        std::filesystem::copy_file(copy, path_, std::filesystem::copy_options::overwrite_existing);
    });
    auto ledger = *SqliteLedger::open(path_, {.mode = OpenMode::read_write});
    ASSERT_TRUE(work(*ledger));
    expect_sound(*ledger);
    EXPECT_EQ(ledger->facts({})->transfers, 0U);
}

TEST_F(MaintenanceKill, OfARebuildChangesNothing) {
    {
        auto ledger = *SqliteLedger::open(path_, {.mode = OpenMode::read_write});
        ASSERT_TRUE(ledger->compact({.fine_before = everything_before}, everything_before, {}));
    }
    const auto work = [](SqliteLedger& ledger) { return ledger.rebuild_sums().has_value(); };
    kill_often(work, [] {});
    auto ledger = *SqliteLedger::open(path_, {.mode = OpenMode::read_write});
    ASSERT_TRUE(work(*ledger));
    expect_sound(*ledger);
}

}  // namespace
}  // namespace octroi::testing
