// SPDX-License-Identifier: GPL-3.0-or-later
// nfpcapd meters a capture into nfdump files, and nfreplay exports these as NetFlow v5 and v9. (The
// network output of nfpcapd, -H, uses a protocol that only nfdump implements.)

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "collecting.hpp"

namespace octroi::real {
namespace {

using support::Ended;

// The files that nfpcapd makes from a capture, one for each five minutes.
std::vector<std::string> metered(const std::string& capture, const std::string& folder) {
    const Ended ended = support::run({"nfpcapd", "-r", capture, "-w", folder});
    EXPECT_EQ(ended.status, 0) << ended.err;
    std::vector<std::string> files;
    for (const auto& entry : std::filesystem::directory_iterator(folder))
        files.push_back(entry.path().string());
    std::sort(files.begin(), files.end());
    return files;
}

TEST(NfpcapdTest, TheLedgerHasTheTrafficThatNfreplaySends) {
    if (!installed("nfpcapd")) GTEST_SKIP() << "nfdump is not installed (./dev install)";
    const char* data = std::getenv("OCTROI_TESTDATA");
    if (data == nullptr) GTEST_SKIP() << "no test data here (OCTROI_TESTDATA)";
    for (const char* version : {"5", "9"}) {
        Collecting collecting;
        Amount expected;
        for (const char* name : {"ndpi/inputs/bitcoin.pcap", "ipfixprobe/inputs/wg.pcap"}) {
            const support::Folder folder;
            const std::string capture = std::string(data) + "/packets/" + name;
            for (const std::string& file : metered(capture, folder.path())) {
                const Ended ended =
                    support::run({"nfreplay", "-H", "127.0.0.1", "-p",
                                  std::to_string(collecting.port()), "-v", version, "-r", file});
                EXPECT_EQ(ended.status, 0) << ended.err;
            }
            expected += summary_of(capture).ip;
        }
        EXPECT_EQ(collecting.stop(), expected) << "version " << version;
        EXPECT_THAT(collecting.losses(), testing::IsEmpty()) << "version " << version;
    }
}

}  // namespace
}  // namespace octroi::real
