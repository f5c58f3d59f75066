// SPDX-License-Identifier: GPL-3.0-or-later
// Promise 2 (exactly once), tested from outside: an import that is killed at any moment, or that
// fails because the disk is full, and is started again, leaves the same ledger as an import without
// such events.

#include <gtest/gtest.h>
#include <sys/mount.h>

#include <random>

#include "ledger_content.hpp"
#include "support/process.hpp"
#include "support/traffic.hpp"

namespace octroi {
namespace {

using support::Ended;
using support::Folder;
using support::octroi;
using support::Process;

support::Arguments import(const std::string& ledger, const std::string& capture) {
    return octroi(ledger, {"import", "packets", "--checkpoint", "100000", capture});
}

class ImportTest : public testing::Test {
protected:
    void SetUp() override {
        support::TrafficOptions options;
        options.packets = 1'000'000;
        options.hosts = 3000;
        options.flows = 20'000;
        traffic_ = support::write_traffic(capture_, options);
        const Ended ended = support::run(import(undisturbed_, capture_));
        ASSERT_EQ(ended.status, 0) << ended.err;
        expected_ = transfers(undisturbed_);
        ASSERT_GT(expected_.size(), 1000U);
    }
    const Folder folder_;
    const std::string capture_ = folder_ / "capture.pcap";
    const std::string undisturbed_ = folder_ / "undisturbed.db";
    support::Traffic traffic_;
    std::vector<std::string> expected_;
};

TEST_F(ImportTest, LeavesTheSameLedgerAfterTwoHundredKills) {
    const std::string ledger = folder_ / "killed.db";
    std::mt19937_64 random(20261121);
    int killed = 0;
    int finished = 0;
    for (int runs = 0; killed < 200; ++runs) {
        ASSERT_LT(runs, 4000) << "the import always ends before the kill";
        Process process(import(ledger, capture_));
        support::pass(std::chrono::microseconds(random() % 120'000));
        process.signal(SIGKILL);
        const Ended ended = process.wait();
        if (ended.status == 128 + SIGKILL) {
            ++killed;
            continue;
        }
        // The import ended before the kill: start again with an empty ledger.
        ASSERT_EQ(ended.status, 0) << ended.err;
        EXPECT_EQ(transfers(ledger), expected_);
        for (const char* tail : {"", "-wal", "-shm", ".lock"})
            std::filesystem::remove(ledger + tail);
        ++finished;
    }
    const Ended last = support::run(import(ledger, capture_));
    ASSERT_EQ(last.status, 0) << last.err;
    EXPECT_EQ(transfers(ledger), expected_);
    expect_holds(ledger);
    RecordProperty("finished_between", finished);

    const Ended again = support::run(import(ledger, capture_));
    EXPECT_EQ(again.status, 0);
    EXPECT_NE(again.err.find("already imported"), std::string::npos) << again.err;
    EXPECT_EQ(transfers(ledger), expected_);
}

TEST_F(ImportTest, TheLedgerHasTheTrafficOfTheGenerator) {
    const Volume whole = volume(undisturbed_);
    EXPECT_EQ(whole.bytes.value(), traffic_.bytes);
    EXPECT_EQ(whole.packets.value(), traffic_.packets);
    const Ended against = support::run(octroi(undisturbed_, {"audit", "--against", capture_}));
    EXPECT_EQ(against.status, 0) << against.out << against.err;
}

TEST_F(ImportTest, AFullDiskIsAClearErrorAndTheImportContinuesWhenThereIsSpace) {
    if (::geteuid() != 0) GTEST_SKIP() << "needs root to mount a small file system";
    const std::string disk = folder_ / "disk";
    std::filesystem::create_directory(disk);
    if (::mount("tmpfs", disk.c_str(), "tmpfs", 0, "size=700k") != 0)
        GTEST_SKIP() << "cannot mount a tmpfs here";
    const std::string ledger = disk + "/ledger.db";
    const Ended full = support::run(import(ledger, capture_));
    EXPECT_EQ(full.status, 1);
    EXPECT_NE(full.err.find("the disk is full"), std::string::npos) << full.err;
    EXPECT_EQ(support::run(octroi(ledger, {"audit"})).status, 0)
        << "batches committed before are sound";
    EXPECT_EQ(::mount("tmpfs", disk.c_str(), "tmpfs", MS_REMOUNT, "size=200m"), 0);
    const Ended again = support::run(import(ledger, capture_));
    EXPECT_EQ(again.status, 0) << again.err;
    EXPECT_EQ(transfers(ledger), expected_);
    expect_holds(ledger);
    EXPECT_EQ(::umount(disk.c_str()), 0);
}

TEST_F(ImportTest, OtherFileNamesAndOtherMetersDoNotCountItTwice) {
    const std::string copy = folder_ / "copy.pcap";
    std::filesystem::copy_file(capture_, copy);
    const Ended same = support::run(import(undisturbed_, copy));
    EXPECT_EQ(same.status, 0);
    EXPECT_NE(same.err.find("already imported"), std::string::npos) << same.err;
    const Ended other =
        support::run(octroi(undisturbed_, {"import", "packets", "--meter", "other", capture_}));
    EXPECT_EQ(other.status, 1);
    EXPECT_NE(other.err.find("counted twice"), std::string::npos) << other.err;
    EXPECT_EQ(transfers(undisturbed_), expected_);
}

}  // namespace
}  // namespace octroi
