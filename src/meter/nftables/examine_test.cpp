// SPDX-License-Identifier: GPL-3.0-or-later
#include "meter/nftables/examine.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace octroi::accounting {
namespace {

using ::testing::HasSubstr;

// Refuses commands with a text.
class OldKernel final : public NftablesHost {
public:
    explicit OldKernel(std::string lacks, ErrorCode code = ErrorCode::failed)
        : lacks_(std::move(lacks)), code_(code) {}
    Status list(List, const std::string&, Handler, void*) override { return {}; }
    Status get_objects(const std::string&, std::span<const std::string>, Handler, void*) override {
        return {};
    }
    Status run(const std::string& commands, bool check_only) override {
        EXPECT_TRUE(check_only);
        ++runs;
        if (commands.find(lacks_) == std::string::npos) return {};
        return fail(code_, "refused");
    }
    Status add(std::span<const std::string>) override { return {}; }
    Result<std::string> generation() override { return std::string(); }
    void wait(Duration) override {}

    int runs = 0;

private:
    std::string lacks_;
    ErrorCode code_;
};

TEST(ExamineNftables, NamesEachFeatureThatLacks) {
    OldKernel good("nothing like this");
    auto findings = examine_nftables(good, "netns 1");
    ASSERT_EQ(findings.size(), 1U);
    EXPECT_EQ(findings[0].verdict, Verdict::good);
    OldKernel intervals("flags interval");
    findings = examine_nftables(intervals, "netns inode 4026531840");
    ASSERT_EQ(findings.size(), 3U);
    EXPECT_EQ(findings[0].verdict, Verdict::wrong);
    EXPECT_THAT(findings[0].finding, HasSubstr("rules with ranges: maps of intervals"));
    EXPECT_THAT(findings[1].fix, HasSubstr("5.6"));
    EXPECT_EQ(findings[2].verdict, Verdict::note);
    EXPECT_THAT(findings[2].finding, HasSubstr("SO_NETNS_COOKIE"));
}

TEST(ExamineNftables, EndsWhereNothingCanBeChecked) {
    OldKernel none("create table");
    EXPECT_EQ(examine_nftables(none, "netns 1").size(), 1U);
    EXPECT_EQ(none.runs, 1);
    OldKernel denied("create table", ErrorCode::permission);
    const auto findings = examine_nftables(denied, "netns 1");
    ASSERT_EQ(findings.size(), 1U);
    EXPECT_EQ(findings[0].verdict, Verdict::note);
    EXPECT_EQ(findings[0].finding, "refused");
}

}  // namespace
}  // namespace octroi::accounting
