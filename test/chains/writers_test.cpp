// SPDX-License-Identifier: GPL-3.0-or-later
// Several processes write into one ledger at the same time: each has a chain, none is refused.

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <set>
#include <vector>

#include "ledger/audit.hpp"
#include "service/ledger_url.hpp"
#include "support/process.hpp"
#include "support/running_daemon.hpp"

namespace octroi::chains {
namespace {

using support::Process;
using support::RunningDaemon;

// All captures of a folder.
std::vector<std::string> captures(const std::string& folder) {
    std::vector<std::string> files;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(folder))
        if (entry.path().extension() == ".pcap" || entry.path().extension() == ".cap")
            files.push_back(entry.path().string());
    std::sort(files.begin(), files.end());
    return files;
}

Volume volume_of(const std::vector<MeterState>& meters, const std::string& name) {
    for (const MeterState& meter : meters)
        if (meter.meter.name == name) return meter.volume;
    return {};
}

TEST(Writers, ThreeProcessesHaveThreeChains) {
    const char* data = std::getenv("OCTROI_TESTDATA");
    if (data == nullptr) GTEST_SKIP() << "no test data here (OCTROI_TESTDATA)";
    const auto files = captures(std::string(data) + "/packets");
    ASSERT_GE(files.size(), 8U);
    RunningDaemon daemon(support::Sections{{"ledger", "commit_interval = \"1s\"\n"}});
    const auto import = [&](const std::string& ledger, const std::string& meter, std::size_t part) {
        support::Arguments arguments{"import", "packets", "--meter", meter};
        for (std::size_t i = part; i < files.size(); i += 2) arguments.push_back(files[i]);
        return std::make_unique<Process>(support::octroi(ledger, arguments));
    };
    {
        const auto first = import(daemon.ledger(), "first", 0);
        const auto second = import(daemon.ledger(), "second", 1);
        for (int i = 0; i < 20; ++i) {
            daemon.send();
            support::pass(std::chrono::milliseconds(50));
        }
        EXPECT_NE(first->wait().status, 128) << "some captures are damaged, but it ends";
        EXPECT_NE(second->wait().status, 128);
    }
    support::pass(std::chrono::milliseconds(1500));
    EXPECT_EQ(daemon.stop().status, 0);
    // The same files, one process after the other, into ledgers of their own.
    const support::Folder folder;
    for (const auto& [meter, part] : {std::pair{"first", 0}, std::pair{"second", 1}}) {
        const std::string alone = folder / (std::string(meter) + ".db");
        static_cast<void>(import(alone, meter, static_cast<std::size_t>(part))->wait());
        const auto one = *open_ledger(alone, {});
        const auto all = *open_ledger(daemon.ledger(), {});
        EXPECT_EQ(volume_of(*all->meters(), meter), volume_of(*one->meters(), meter));
        EXPECT_GT(volume_of(*all->meters(), meter).bytes.value(), 0U);
    }
    const auto ledger = *open_ledger(daemon.ledger(), {});
    const auto report = audit(*ledger);
    ASSERT_TRUE(report);
    EXPECT_TRUE(report->holds());
    std::set<WriterId> writers;
    for (const ChainHead& head : report->heads)
        if (head.chain == ChainKind::writer) writers.insert(head.writer.id);
    EXPECT_GE(writers.size(), 3U);
}

}  // namespace
}  // namespace octroi::chains
