// SPDX-License-Identifier: GPL-3.0-or-later
#include "meter/counters/listed_source.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "meter/counters/testing/source_fixture.hpp"

namespace octroi::counters {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Pair;

struct TestListings {
    std::map<std::string, std::string> tables;    // of nftables, by family and name
    std::map<std::string, std::string> commands;  // output, by the words of the command
    std::string file;
};

class TestListingHost final : public ListingHost {
public:
    explicit TestListingHost(TestListings& listings) : listings_(listings) {}
    Result<std::string> nft_table(const std::string& family, const std::string& table) override {
        const auto found = listings_.tables.find(family + " " + table);
        if (found == listings_.tables.end()) return fail(ErrorCode::not_found, "no table");
        return found->second;
    }
    Result<std::string> command(std::span<const std::string> arguments) override {
        std::string words;
        for (const std::string& each : arguments) words += (words.empty() ? "" : " ") + each;
        const auto found = listings_.commands.find(words);
        if (found == listings_.commands.end()) return fail(ErrorCode::failed, words + " failed");
        return found->second;
    }
    Result<std::string> file(const std::string& /*path*/) override { return listings_.file; }

private:
    TestListings& listings_;
};

class ListedSourceTest : public testing::SourceMeterTest {
protected:
    std::unique_ptr<ListedSource> source(const std::vector<std::string>& rows) {
        ListedOptions options;
        for (const std::string& row : rows) {
            const auto wanted = parse_wanted(row);
            EXPECT_TRUE(wanted.has_value()) << wanted.error().text;
            if (wanted) options.wanted.push_back(*wanted);
        }
        options.file = "listing";
        return std::make_unique<ListedSource>(std::move(options),
                                              std::make_unique<testing::TestCounterHost>(machine_),
                                              std::make_unique<TestListingHost>(listings_));
    }
    void iptables(const std::string& rules) {
        listings_.commands["iptables-save -c -t filter"] =
            "*filter\n:OUTPUT ACCEPT [7:700]\n" + rules + "COMMIT\n";
    }
    // The table "inet filter" with a counter "web" and a rule with the comment "mail".
    void nft(std::uint64_t handle, std::uint64_t web, std::uint64_t mail, std::uint64_t quota = 0) {
        listings_.tables["inet filter"] = fmt::format(
            R"({{"nftables": [{{"table": {{"family": "inet", "name": "filter", "handle": 1}}}},
            {{"counter": {{"family": "inet", "table": "filter", "name": "web", "handle": {0},
              "packets": {1}, "bytes": {2}}}}},
            {{"rule": {{"family": "inet", "table": "filter", "chain": "out", "handle": {0},
              "comment": "mail", "expr": [{{"quota": {{"val": 9, "val_unit": "mbytes", "used": {5},
              "used_unit": "bytes"}}}},
              {{"counter": {{"packets": {3}, "bytes": {4}}}}}]}}}}]}})",
            handle, web / 100, web, mail / 100, mail, quota);
    }
    TestListings listings_;
};

TEST_F(ListedSourceTest, CountersOfNftablesCountByTheirNames) {
    nft(5, 4000, 1000);
    start(source({"site from=nft counter=web direction=in",
                  "post from=nft chain=out comment=mail direction=out"}));
    read();
    nft(5, 4300, 1200, 77);
    read();
    EXPECT_THAT(ledger_.bytes, ElementsAre(Pair("post out", 200), Pair("site in", 300)));
    EXPECT_THAT(ledger_.losses, IsEmpty()) << "what a quota has used is no part of the name";
    listings_.tables.clear();
    read();
    EXPECT_EQ(ledger_.losses.size(), 2U) << "their ends";
    nft(6, 50, 20);
    read();
    EXPECT_EQ(ledger_.bytes["site in"], 350U) << "made again, from 0";
}

TEST_F(ListedSourceTest, ARuleThatWasRestoredWithItsCountsIsNotCountedTwice) {
    nft(5, 40'000, 1000);
    start(source({"site from=nft counter=web direction=in"}));
    read();
    nft(9, 40'100, 1000);
    read();
    EXPECT_EQ(ledger_.bytes["site in"], 100U) << "another handle, with the values of before";
    ASSERT_EQ(ledger_.losses.size(), 1U) << "or it began at 0, and counted more";
    EXPECT_EQ(ledger_.losses[0].bytes_bound, 40'000U);
    machine_.boot = "boot 2";
    listings_.tables.clear();
    start(source({"site from=nft counter=web direction=in"}));
    read();
    nft(3, 40'500, 1000);
    read();
    EXPECT_EQ(ledger_.bytes["site in"], 500U) << "restored some time after the boot";
}

TEST_F(ListedSourceTest, ACounterThatGoesBackBeganAgain) {
    iptables("[50:5000] -A OUTPUT -m comment --comment mail -j ACCEPT\n");
    start(source({"post from=iptables chain=OUTPUT comment=mail"}));
    read();
    iptables("[2:200] -A OUTPUT -m comment --comment mail -j ACCEPT\n");
    read();
    EXPECT_EQ(ledger_.bytes["post out"], 200U) << "iptables -Z";
    ASSERT_EQ(ledger_.losses.size(), 1U);
    EXPECT_EQ(ledger_.losses[0].reason, LossReason::counter_reset);
}

TEST_F(ListedSourceTest, UsersAndThePolicyOfAChain) {
    const auto at = [](int a, int b, int rest) {
        return fmt::format(
            "*filter\n:OUTPUT ACCEPT [{2}:{2}00]\n"
            "[{0}:{0}00] -A OUTPUT -m owner --uid-owner 1000 -j ACCEPT\n"
            "[{1}:{1}00] -A OUTPUT -m owner --uid-owner 1001 -j ACCEPT\nCOMMIT\n",
            a, b, rest);
    };
    listings_.commands["iptables-save -c -t filter"] = at(1, 1, 1);
    start(source({"alice from=iptables chain=OUTPUT uid=1000",
                  "users from=iptables chain=OUTPUT uid=each",
                  "others from=iptables chain=OUTPUT policy=yes"}));
    read();
    listings_.commands["iptables-save -c -t filter"] = at(4, 6, 9);
    read();
    EXPECT_THAT(ledger_.bytes,
                ElementsAre(Pair("1001 out", 500), Pair("alice out", 300), Pair("others out", 800)))
        << "the first row that wants a counter has it";
}

TEST_F(ListedSourceTest, RulesThatAreAlikeDoNotCount) {
    iptables(
        "[5:500] -A OUTPUT -j ACCEPT -m comment --comment x\n"
        "[6:600] -A OUTPUT -j ACCEPT -m comment --comment x\n");
    const auto listing = source({"x from=iptables chain=OUTPUT comment=x"})->read();
    ASSERT_TRUE(listing.has_value());
    ASSERT_EQ(listing->samples.size(), 1U);
    EXPECT_EQ(listing->samples[0].metering, Metering::followed);
    EXPECT_THAT(listing->missing, ElementsAre(HasSubstr("are alike")));
}

// The rule that is left has counted since long ago, also where the meter was down when it became
// the only one.
TEST_F(ListedSourceTest, TheLastOfSeveralRulesThatWereAlikeBeginsWhereItIs) {
    const auto rule = [](int packets) {
        return fmt::format("[{0}:{0}00] -A OUTPUT -j ACCEPT -m comment --comment x\n", packets);
    };
    const auto wanted = [&] { return source({"x from=iptables chain=OUTPUT comment=x"}); };
    iptables(rule(5) + rule(6));
    start(wanted());
    read();
    iptables(rule(900));
    start(wanted());
    read();
    EXPECT_THAT(ledger_.bytes, IsEmpty());
    ASSERT_EQ(ledger_.losses.size(), 1U);
    EXPECT_EQ(ledger_.losses[0].reason, LossReason::not_running);
    EXPECT_EQ(ledger_.losses[0].bytes_bound, 90'000U);
    iptables(rule(903));
    read();
    EXPECT_EQ(ledger_.bytes["x out"], 300U);
    iptables(rule(904) + rule(1));
    read();
    EXPECT_EQ(ledger_.bytes["x out"], 300U);
    EXPECT_EQ(ledger_.losses.size(), 2U) << "what it counted until another rule was alike";
}

TEST_F(ListedSourceTest, WhatWasCountedBeforeTheFirstReadingIsNotBilled) {
    nft(5, 4000, 1000);
    iptables("[50:5000] -A OUTPUT -m comment --comment mail -j ACCEPT\n");
    start(source({"site from=nft counter=web direction=in",
                  "post from=iptables chain=OUTPUT comment=mail",
                  "rest from=iptables chain=OUTPUT policy=yes"}));
    read();
    EXPECT_THAT(ledger_.bytes, IsEmpty());
    EXPECT_THAT(ledger_.losses, IsEmpty());
}

TEST_F(ListedSourceTest, ARowOfTheConfigurationThatIsNewBeginsAtItsFirstReading) {
    iptables("[50:5000] -A OUTPUT -m comment --comment mail -j ACCEPT\n");
    start(source({"rest from=iptables chain=OUTPUT policy=yes"}));
    read();
    start(source({"rest from=iptables chain=OUTPUT policy=yes",
                  "post from=iptables chain=OUTPUT comment=mail"}));
    read();
    EXPECT_THAT(ledger_.bytes, IsEmpty());
    iptables("[53:5300] -A OUTPUT -m comment --comment mail -j ACCEPT\n");
    read();
    EXPECT_THAT(ledger_.bytes, ElementsAre(Pair("post out", 300)));
}

TEST_F(ListedSourceTest, WhatWasCountedWhileTheDaemonWasDownCounts) {
    nft(5, 4000, 1000);
    const auto wanted = [&] { return source({"site from=nft counter=web direction=in"}); };
    start(wanted());
    read();
    nft(5, 9000, 1000);
    start(wanted());
    read();
    EXPECT_EQ(ledger_.bytes["site in"], 5000U);
    machine_.boot = "boot 2";
    nft(5, 700, 0);
    start(wanted());
    read();
    EXPECT_EQ(ledger_.bytes["site in"], 5700U) << "all that it counted since the boot";
    EXPECT_EQ(ledger_.losses.size(), 1U) << "what it counted before the boot";
}

TEST_F(ListedSourceTest, ListingsOfOthersMustBeExact) {
    const auto at = [](const std::string& bytes) {
        return "Chain OUTPUT (policy ACCEPT 5 packets, 500 bytes)\n pkts bytes target prot opt in "
               "out source destination\n 3 " +
               bytes + " ACCEPT all -- * * 0.0.0.0/0 0.0.0.0/0 /* mail */\n";
    };
    listings_.file = at("123456");
    const auto wanted = source({"post from=listing chain=OUTPUT comment=mail"});
    ASSERT_EQ(wanted->read()->samples.size(), 1U);
    EXPECT_EQ(wanted->read()->samples[0].values, (cumulative::CounterValues{123456, 3}));
    listings_.file = at("123K");
    const auto rounded = wanted->read();
    ASSERT_FALSE(rounded.has_value());
    EXPECT_THAT(rounded.error().text, HasSubstr("next: iptables -nvxL"));
}

TEST_F(ListedSourceTest, AFailedListingIsAnError) {
    EXPECT_FALSE(source({"x from=ip6tables chain=OUTPUT policy=yes"})->read().has_value());
    const auto absent = source({"x from=nft counter=web direction=in"})->read();
    ASSERT_TRUE(absent.has_value()) << "its table may be made later";
    EXPECT_THAT(absent->missing, ElementsAre("x from=nft counter=web direction=in"));
}

TEST(WantedCounter, KeysAndDefaults) {
    const auto nft = parse_wanted("web from=nft table=fw counter=a_b direction=in");
    ASSERT_TRUE(nft.has_value()) << nft.error().text;
    EXPECT_EQ(nft->family, "inet");
    EXPECT_EQ(nft->table, "fw");
    const auto quoted = parse_wanted("m  from=iptables chain=INPUT comment='a mail server'");
    ASSERT_TRUE(quoted.has_value()) << quoted.error().text;
    EXPECT_EQ(quoted->comment, "a mail server");
    EXPECT_EQ(quoted->table, "filter");
    EXPECT_EQ(quoted->direction, CountedDirection::in);
}

TEST(WantedCounter, MistakesAreExplained) {
    const auto error = [](const char* text) {
        const auto wanted = parse_wanted(text);
        return wanted ? std::string() : wanted.error().text;
    };
    EXPECT_THAT(error(""), HasSubstr("missing"));
    EXPECT_THAT(error("a/b from=nft counter=x direction=in"), HasSubstr("name of a rule"));
    EXPECT_THAT(error("a counter=x direction=in"), HasSubstr("from is missing"));
    EXPECT_THAT(error("a from=nft direction=in"), HasSubstr("write one of counter"));
    EXPECT_THAT(error("a from=nft counter=x comment=y direction=in"), HasSubstr("write one of"));
    EXPECT_THAT(error("a from=nft counter=x"), HasSubstr("direction=in"));
    EXPECT_THAT(error("a from=iptables chain=FORWARD policy=yes"), HasSubstr("direction=in"));
    EXPECT_THAT(error("a from=nft chain=output policy=yes"), HasSubstr("does not count"));
    EXPECT_THAT(error("a from=iptables counter=x direction=in"), HasSubstr("neither named"));
    EXPECT_THAT(error("a from=iptables policy=yes direction=in"), HasSubstr("needs a chain"));
    EXPECT_THAT(error("a from=nft counter='x direction=in"), HasSubstr("quote"));
    EXPECT_THAT(error("a from=nft colour=x"), HasSubstr("no key"));
    EXPECT_THAT(error("a from=iptables chain=OUTPUT uid=bob"), HasSubstr("no value of uid"));
    EXPECT_THAT(error("a from=nft table=x;flush counter=y direction=in"), HasSubstr("no value"));
}

}  // namespace
}  // namespace octroi::counters
