// SPDX-License-Identifier: GPL-3.0-or-later
// Several processes write into one ledger at the same time: each has a chain, none is refused.

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <set>
#include <vector>

#include "host/file.hpp"
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

// octroi import of captures, the last of them from standard input: the import waits for that one
// until complete() is called.
class Import {
public:
    Import(const std::string& ledger, const std::string& meter, std::vector<std::string> files)
        : last_(std::move(files.back())) {
        files.pop_back();
        support::Arguments arguments{"import", "packets", "--meter", meter};
        arguments.insert(arguments.end(), files.begin(), files.end());
        arguments.emplace_back("-");
        std::array<int, 2> ends{};
        EXPECT_EQ(::pipe2(ends.data(), O_CLOEXEC), 0);
        input_ = Fd(ends[1]);
        const Fd read_end(ends[0]);
        process_ = std::make_unique<Process>(support::octroi(ledger, arguments),
                                             [&] { ::dup2(read_end.get(), STDIN_FILENO); });
    }
    // Sends the last capture and waits for the end. The status says that some captures are damaged.
    void complete() {
        const std::string octets = support::text_of(last_);
        EXPECT_EQ(::write(input_.get(), octets.data(), octets.size()),
                  static_cast<ssize_t>(octets.size()));
        input_ = Fd();
        EXPECT_LT(process_->wait().status, 128) << "ended by a signal";
    }

private:
    std::string last_;
    Fd input_;
    std::unique_ptr<Process> process_;
};

TEST(Writers, ThreeProcessesHaveThreeChains) {
    const char* data = std::getenv("OCTROI_TESTDATA");
    if (data == nullptr) GTEST_SKIP() << "no test data here (OCTROI_TESTDATA)";
    const auto files = captures(std::string(data) + "/packets");
    ASSERT_GE(files.size(), 8U);
    std::array<std::vector<std::string>, 2> halves;
    for (std::size_t i = 0; i < files.size(); ++i) halves.at(i % 2).push_back(files[i]);
    RunningDaemon daemon(support::Sections{{"ledger", "commit_interval = \"1s\"\n"}});
    {
        Import first(daemon.ledger(), "first", halves[0]);
        Import second(daemon.ledger(), "second", halves[1]);
        // All three have committed, and none has ended: none can go on with another's chain.
        EXPECT_TRUE(support::wait_until(
            [&] {
                daemon.send();
                const auto meters = *(*open_ledger(daemon.ledger(), {}))->meters();
                return volume_of(meters, "first").bytes.value() > 0 &&
                       volume_of(meters, "second").bytes.value() > 0 &&
                       volume_of(meters, "flows").bytes.value() > 0;
            },
            RunningDaemon::patience));
        first.complete();
        second.complete();
    }
    EXPECT_TRUE(support::wait_until(
        [&] {
            const auto meters = *(*open_ledger(daemon.ledger(), {}))->meters();
            return volume_of(meters, "flows").bytes.value() == daemon.sent().bytes;
        },
        RunningDaemon::patience))
        << "the daemon has not counted all that the exporter sent";
    EXPECT_EQ(daemon.stop().status, 0);
    // The same files, one process after the other, into ledgers of their own.
    const support::Folder folder;
    for (std::size_t i = 0; i < halves.size(); ++i) {
        const std::string meter = i == 0 ? "first" : "second";
        const std::string alone = folder / (meter + ".db");
        Import(alone, meter, halves.at(i)).complete();
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
    EXPECT_EQ(writers.size(), 3U);
}

}  // namespace
}  // namespace octroi::chains
