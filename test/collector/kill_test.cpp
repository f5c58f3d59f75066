// SPDX-License-Identifier: GPL-3.0-or-later
// Promise 2 (exactly once) for exporters: a collector that is killed again and again counts every
// datagram that reached its socket exactly once. The test holds the socket, as a service manager
// would, so that datagrams in it survive the process.

#include <gtest/gtest.h>
#include <sys/socket.h>

#include <atomic>
#include <fstream>
#include <random>
#include <thread>

#include "host/datagrams.hpp"
#include "ledger/audit.hpp"
#include "store/sqlite/sqlite_ledger.hpp"
#include "support/exporters.hpp"
#include "support/given_socket.hpp"
#include "support/process.hpp"

namespace octroi {
namespace {

using support::Export;
using support::Folder;
using support::octroi;
using support::Process;
using support::TestExporter;

constexpr unsigned records_a_message = 25;
constexpr unsigned samples_per_message = 15;  // as many as fit into an Ethernet frame
constexpr int records_a_second = 200'000;

class CollectorTest : public testing::Test {
protected:
    CollectorTest() {
        // No datagram may be lost here: the comparison is to the byte.
        auto source = UdpSource::open(
            {.address = Address::v4(INADDR_LOOPBACK), .port = 0, .buffer_octets = 512U << 20U});
        EXPECT_TRUE(source.has_value()) << source.error().text;
        source_ = std::move(*source);
        std::ofstream(config_) << "[ledger]\ncommit_interval = \"1s\"\n"
                                  "[attribute]\nlocal = [\"10.0.0.0/8\"]\n"
                                  "[[meter]]\nname = \"routers\"\nkind = \"collector\"\n"
                                  "journal_sync = \"100ms\"\n";
        std::uint32_t address = INADDR_LOOPBACK + 1;
        for (const Export kind :
             {Export::netflow_v5, Export::netflow_v9, Export::ipfix, Export::sflow}) {
            exporters_.push_back(std::make_unique<TestExporter>(kind, address++, source_->port()));
            EXPECT_TRUE(exporters_.back()->good());
        }
    }
    [[nodiscard]] support::Arguments run(support::Arguments more = {}) const {
        support::Arguments all = octroi(ledger_, {"--config", config_, "run"});
        all.insert(all.end(), more.begin(), more.end());
        return all;
    }
    void keep_sending(const std::atomic<bool>& stop) {
        const auto pause =
            std::chrono::microseconds(1'000'000 * 4 * records_a_message / records_a_second);
        auto next = std::chrono::steady_clock::now();
        while (!stop) {
            for (const auto& exporter : exporters_)
                ASSERT_TRUE(exporter->send(exporter == exporters_.back() ? samples_per_message
                                                                         : records_a_message));
            next += pause;
            const auto now = std::chrono::steady_clock::now();
            if (next > now)
                support::pass(std::chrono::duration_cast<std::chrono::microseconds>(next - now));
        }
    }
    [[nodiscard]] support::Truth sent() const {
        support::Truth all;
        for (const auto& exporter : exporters_) {
            all.bytes += exporter->truth().bytes;
            all.packets += exporter->truth().packets;
            all.records += exporter->truth().records;
            all.datagrams += exporter->truth().datagrams;
        }
        return all;
    }

    const Folder folder_;
    const std::string ledger_ = folder_ / "ledger.db";
    const std::string config_ = folder_ / "octroi.toml";
    std::unique_ptr<UdpSource> source_;
    std::vector<std::unique_ptr<TestExporter>> exporters_;
};

TEST_F(CollectorTest, CountsEveryRecordOnceAfterAHundredKillsUnderLoad) {
    std::mt19937_64 random(20261121);
    std::atomic<bool> stop = false;
    std::thread sender([&] { keep_sending(stop); });
    int killed = 0;
    for (int i = 0; i < 100; ++i) {
        Process process(run(), support::giving_socket(source_->descriptor()));
        // The kill may come before the first commit, during a commit, or between two commits.
        support::pass(std::chrono::milliseconds(30 + random() % (i % 2 == 0 ? 400 : 2200)));
        process.signal(SIGKILL);
        const auto ended = process.wait();
        EXPECT_EQ(ended.status, 128 + SIGKILL) << ended.err;
        if (ended.status != 128 + SIGKILL) break;
        ++killed;
    }
    stop = true;
    sender.join();
    ASSERT_EQ(killed, 100);
    const auto last =
        Process(run({"--for", "15s"}), support::giving_socket(source_->descriptor())).wait();
    ASSERT_EQ(last.status, 0) << last.err;

    const support::Truth truth = sent();
    // The kernel may drop a datagram that it copies while the process is killed. It counts such a
    // datagram.
    const std::uint64_t dropped = source_->dropped();
    ASSERT_LT(dropped, 100U) << "the machine is too slow for this comparison";
    const auto ledger = SqliteLedger::open(ledger_, {.mode = OpenMode::read_only});
    ASSERT_TRUE(ledger.has_value()) << ledger.error().text;
    const auto sums = (*ledger)->sums({});
    ASSERT_TRUE(sums.has_value());
    Volume booked;
    for (const TransferSum& sum : *sums) booked += sum.volume;
    EXPECT_GE(booked.flows.value() + dropped * records_a_message, truth.records);
    EXPECT_LE(booked.flows.value() + dropped * samples_per_message, truth.records);
    if (dropped == 0) {
        EXPECT_EQ(booked.bytes.value(), truth.bytes);
        EXPECT_EQ(booked.packets.value(), truth.packets);
    }
    const auto report = audit(**ledger);
    ASSERT_TRUE(report.has_value()) << report.error().text;
    for (const AuditFinding& finding : report->findings) ADD_FAILURE() << finding.text;
    for (const auto& meter : report->meters) EXPECT_EQ(meter.losses > 0, dropped > 0);
    std::cout << killed << " kills, " << dropped << " datagrams dropped by the kernel, "
              << truth.records << " records in " << truth.datagrams << " datagrams, " << truth.bytes
              << " bytes\n";
}

}  // namespace
}  // namespace octroi
