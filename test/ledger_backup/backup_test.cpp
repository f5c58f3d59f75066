// SPDX-License-Identifier: GPL-3.0-or-later
// `octroi ledger backup` beside a process that commits all the time, as a busy daemon does.
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <nlohmann/json.hpp>

#include "ledger/testing/batches.hpp"
#include "store/sqlite/sqlite_ledger.hpp"
#include "support/process.hpp"

namespace octroi {
namespace {

using Clock = std::chrono::steady_clock;
using nlohmann::json;
using support::Ended;
using support::Folder;
using support::octroi;
using support::Process;

constexpr double delay_max_ms = 200;

Batch batch_of(std::uint64_t id, int rows) {
    Batch batch = testing::BatchBuilder(1).build();
    batch.id = testing::batch_id(id);
    batch.parties = {testing::account("alice", "10.0.0.1"), testing::outside("world")};
    batch.services = {"web"};
    for (int i = 0; i < rows; ++i) {
        const Volume volume{Bytes{1'000'000'000}, Packets{1'000'000}, Flows{1000}};
        batch.transfers.push_back({testing::bucket_at(i), 0, 1, 0, volume});
        batch.observed += volume;
    }
    return batch;
}

// A process that commits until it is stopped.
class Writer {
public:
    struct Report {
        std::uint64_t commits = 0;
        double slowest_ms = 0;
    };
    explicit Writer(const std::string& ledger) {
        if (::pipe(stop_.data()) != 0 || ::pipe(report_.data()) != 0) return;
        child_ = ::fork();
        if (child_ != 0) return;
        ::close(stop_[1]);
        const Report report = commit_all_the_time(ledger);
        ::_exit(::write(report_[1], &report, sizeof report) == sizeof report ? 0 : 1);
    }
    Writer(const Writer&) = delete;
    Writer& operator=(const Writer&) = delete;
    ~Writer() {
        if (child_ > 0) (void)stop();
        for (const int end : {stop_[0], report_[0], report_[1]}) ::close(end);
    }

    Report stop() {
        Report report;
        ::close(stop_[1]);
        if (::read(report_[0], &report, sizeof report) != sizeof report) ADD_FAILURE() << "ended";
        ::waitpid(child_, nullptr, 0);
        child_ = -1;
        return report;
    }

private:
    [[nodiscard]] bool is_stopped() const {
        pollfd end{stop_[0], POLLIN, 0};
        return ::poll(&end, 1, 5) != 0;
    }
    Report commit_all_the_time(const std::string& path) {
        const auto ledger = SqliteLedger::open(path, {.mode = OpenMode::read_write});
        Report report;
        if (!ledger) return report;
        const auto first = static_cast<std::uint64_t>(Clock::now().time_since_epoch().count());
        while (!is_stopped()) {
            const Batch batch = batch_of(first + report.commits, 1000);
            const auto begin = Clock::now();
            if (!(*ledger)->commit(batch)) break;
            const std::chrono::duration<double, std::milli> took = Clock::now() - begin;
            report.slowest_ms = std::max(report.slowest_ms, took.count());
            ++report.commits;
        }
        return report;
    }

    std::array<int, 2> stop_{-1, -1};
    std::array<int, 2> report_{-1, -1};
    pid_t child_ = -1;
};

class LedgerBackupTest : public ::testing::Test {
protected:
    void SetUp() override {
        const auto ledger = SqliteLedger::open(path_, {.mode = OpenMode::create});
        ASSERT_TRUE(ledger) << ledger.error().text;
        for (std::uint64_t i = 1; i <= 30; ++i) ASSERT_TRUE((*ledger)->commit(batch_of(i, 50'000)));
    }
    [[nodiscard]] Ended run(const support::Arguments& arguments) const {
        return support::run(octroi(path_, arguments));
    }
    [[nodiscard]] bool is_there(const std::string& path) const {
        return std::filesystem::exists(path);
    }

    const Folder folder_;
    const std::string path_ = folder_ / "ledger.db";
    const std::string backup_ = folder_ / "backup.db";
};

TEST_F(LedgerBackupTest, EndsBesideASteadyWriterAndDoesNotDelayIt) {
    Writer undisturbed(path_);
    support::pass(std::chrono::seconds(2));
    const Writer::Report alone = undisturbed.stop();
    Writer writer(path_);
    const auto before = Clock::now();
    const Ended ended = run({"ledger", "backup", backup_});
    const std::chrono::duration<double> took = Clock::now() - before;
    // The first commits after the backup too: they must not have to tidy up after it.
    support::pass(std::chrono::milliseconds(500));
    const Writer::Report beside = writer.stop();
    ASSERT_EQ(ended.status, 0) << ended.err;
    EXPECT_LT(beside.slowest_ms, alone.slowest_ms + delay_max_ms);
    EXPECT_GT(alone.commits, 10U);
    EXPECT_GT(beside.commits, 10U);
    RecordProperty("backup_seconds", std::to_string(took.count()));
    RecordProperty("slowest_alone_ms", std::to_string(alone.slowest_ms));
    RecordProperty("slowest_beside_ms", std::to_string(beside.slowest_ms));

    const Ended audited = support::run(octroi(backup_, {"--json", "audit"}));
    EXPECT_EQ(audited.status, 0) << audited.out << audited.err;
    const json copied = json::parse(support::run(octroi(backup_, {"--json", "ledger"})).out);
    const json whole = json::parse(run({"--json", "ledger"}).out);
    EXPECT_GE(copied["octets"], 30'000'000);
    EXPECT_LT(copied["octets"], whole["octets"]);
}

TEST_F(LedgerBackupTest, LeavesNothingAfterCtrlC) {
    Process process(octroi(path_, {"ledger", "backup", backup_}));
    ASSERT_TRUE(support::wait_until([&] { return is_there(backup_ + ".partial"); },
                                    std::chrono::seconds(10)));
    process.signal(SIGINT);
    const Ended ended = process.wait();
    EXPECT_EQ(ended.status, 1);
    EXPECT_NE(ended.err.find("stopped"), std::string::npos) << ended.err;
    EXPECT_FALSE(is_there(backup_));
    EXPECT_FALSE(is_there(backup_ + ".partial"));
}

TEST_F(LedgerBackupTest, OverwritesNothing) {
    const Ended ended = run({"ledger", "backup", path_});
    EXPECT_EQ(ended.status, 1);
    EXPECT_NE(ended.err.find("not overwritten"), std::string::npos) << ended.err;
    EXPECT_EQ(run({"ledger"}).status, 0);
}

TEST_F(LedgerBackupTest, CtrlCEndsAnAuditWithASentence) {
    Process process(octroi(path_, {"audit"}));
    ASSERT_TRUE(
        support::wait_until([&] { return process.catches(SIGINT); }, std::chrono::seconds(10)));
    support::pass(std::chrono::milliseconds(100));
    process.signal(SIGINT);
    const auto asked = Clock::now();
    const Ended ended = process.wait();
    EXPECT_LT(Clock::now() - asked, std::chrono::seconds(2));
    EXPECT_EQ(ended.status, 1);
    EXPECT_NE(ended.err.find("stopped before the end"), std::string::npos) << ended.err;
}

}  // namespace
}  // namespace octroi
