// SPDX-License-Identifier: GPL-3.0-or-later
// softflowd reads captures and exports them to the collector. The ledger must contain the traffic
// that softflowd counted, which equals the count of `octroi inspect packets`.
//
// softflowd uses the length of the frame, including the padding of short Ethernet frames, and skips
// unknown link types and encapsulations. So the test uses only captures for which the statistics of
// softflowd agree with `octroi inspect packets`. It counts and prints the others.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <regex>

#include "collecting.hpp"
#include "support/traffic.hpp"

namespace octroi::real {
namespace {

using support::Ended;

Ended softflowd(const std::string& capture, const support::Arguments& more) {
    const support::Folder folder;
    support::Arguments command = {"softflowd", "-d",           "-c", "none",
                                  "-p",        folder / "pid", "-r", capture};
    command.insert(command.end(), more.begin(), more.end());
    return support::run(command);
}

// The statistics that softflowd prints at its end: "udp (17):   37222   417 …".
Amount statistics(const std::string& output) {
    static const std::regex line(R"(\((\d+)\):\s+(\d+)\s+(\d+))");
    Amount all;
    for (std::sregex_iterator at(output.begin(), output.end(), line), end; at != end; ++at)
        all += {std::stoull((*at)[2]), std::stoull((*at)[3])};
    return all;
}

struct Case {
    const char* corpus;
    const char* version;
};

class SoftflowdTest : public testing::TestWithParam<Case> {
protected:
    void SetUp() override {
        if (!installed("softflowd")) GTEST_SKIP() << "softflowd is not installed (./dev install)";
    }
    static std::string said_by(const Ended& ended) { return ended.out + ended.err; }
};

TEST_P(SoftflowdTest, TheLedgerHasTheExportedTraffic) {
    const bool version_5 = std::string(GetParam().version) == "5";
    const auto captures = captures_of(GetParam().corpus);
    if (captures.empty()) GTEST_SKIP() << "no test data here (OCTROI_TESTDATA)";
    Collecting collecting;
    Amount expected;
    std::size_t used = 0;
    std::size_t left_out = 0;
    for (const std::string& capture : captures) {
        const Summary ours = summary_of(capture);
        // Version 5 has no IPv6.
        if (version_5 && ours.v6.packets > 0) continue;
        const Amount theirs = statistics(said_by(softflowd(capture, {"-v", GetParam().version})));
        if (theirs != ours.ip) {
            ++left_out;
            continue;
        }
        const Ended ended =
            softflowd(capture, {"-n", collecting.address(), "-v", GetParam().version});
        ASSERT_EQ(ended.status, 0) << capture << said_by(ended);
        ASSERT_EQ(statistics(said_by(ended)), theirs) << capture;
        expected += ours.ip;
        ++used;
    }
    EXPECT_EQ(collecting.stop(), expected);
    EXPECT_THAT(collecting.losses(), testing::IsEmpty());
    EXPECT_GT(used, left_out) << "too few captures are compared";
    std::cout << used << " captures, " << expected << "; left out: " << left_out
              << " for which the statistics of softflowd differ\n";
}

std::string name_of(const testing::TestParamInfo<Case>& info) {
    return std::string(info.param.corpus) + "_version_" + info.param.version;
}

INSTANTIATE_TEST_SUITE_P(Captures, SoftflowdTest,
                         testing::Values(Case{"ndpi", "5"}, Case{"ndpi", "9"}, Case{"ndpi", "10"},
                                         Case{"zeek", "5"}, Case{"zeek", "9"}, Case{"zeek", "10"},
                                         Case{"ipfixprobe", "5"}, Case{"ipfixprobe", "9"},
                                         Case{"ipfixprobe", "10"}),
                         name_of);

}  // namespace
}  // namespace octroi::real
