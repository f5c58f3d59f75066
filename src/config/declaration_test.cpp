// SPDX-License-Identifier: GPL-3.0-or-later
#include "config/declaration.hpp"

#include <gtest/gtest.h>

namespace octroi {
namespace {

TEST(Declaration, IsTheSameInTomlAndCsv) {
    const auto toml = parse_declaration(
        "[[binding]]\nidentity = \"10.1.0.0/16\"\naccount = \"physics\"\nfrom = "
        "2026-01-01\nper_address = true\n"
        "[[account]]\nname = \"physics\"\ntitle = \"Physics, \\\"the lab\\\"\"\n"
        "[[network]]\nprefix = \"10.0.0.0/8\"\n",
        "people.toml");
    ASSERT_TRUE(toml.has_value()) << toml.error().text;
    const auto accounts = parse_declaration(
        "# people\nname,title\r\nphysics,\"Physics, \"\"the lab\"\"\"\r\n", "people.csv");
    ASSERT_TRUE(accounts.has_value()) << accounts.error().text;
    const auto bindings = parse_declaration(
        "identity,account,from,per_address\n10.1.0.0/16,physics,2026-01-01,yes\n", "bindings.csv");
    ASSERT_TRUE(bindings.has_value()) << bindings.error().text;

    ASSERT_EQ(toml->accounts.size(), 1U);
    ASSERT_EQ(accounts->accounts.size(), 1U);
    EXPECT_EQ(toml->accounts[0].title, accounts->accounts[0].title);
    EXPECT_EQ(accounts->accounts[0].title, "Physics, \"the lab\"");
    EXPECT_FALSE(accounts->accounts[0].parent.has_value())
        << "an absent parent is not \"at the top\"";
    EXPECT_EQ(parse_declaration("name,parent\nx,\n", "p.csv")->accounts[0].parent, "");
    EXPECT_EQ(accounts->accounts[0].where.line, 3U);
    EXPECT_EQ(toml->bindings[0].from, bindings->bindings[0].from);
    EXPECT_EQ(toml->bindings[0].from, UtcTime::from_seconds(1767225600));
    EXPECT_TRUE(toml->bindings[0].per_address && bindings->bindings[0].per_address);
    EXPECT_FALSE(toml->bindings[0].until.has_value());
    EXPECT_EQ(toml->networks[0].prefix, "10.0.0.0/8");
}

TEST(Declaration, ReportsEveryProblemWithItsLine) {
    const auto wrong = parse_declaration(
        "[[account]]\nnam = \"x\"\n[[binding]]\naccount = \"x\"\n[[binding]]\nidentity = "
        "\"x\"\nfrom = \"soon\"\n[[bindings]]\nx = 1\n",
        "p.toml");
    ASSERT_FALSE(wrong.has_value());
    EXPECT_EQ(wrong.error().code, ErrorCode::invalid);
    for (const char* expected : {"p.toml:1: unknown field nam; did you mean name?",
                                 "p.toml:3: identity is missing", "p.toml:5: 'soon' is not a time",
                                 "p.toml:8: unknown section bindings; did you mean binding?"})
        EXPECT_NE(wrong.error().text.find(expected), std::string::npos) << expected << "\nin\n"
                                                                        << wrong.error().text;
}

TEST(Declaration, RefusesOtherFiles) {
    for (const auto& [text, file] :
         std::vector<std::pair<const char*, const char*>>{{"name = ", "a.toml"},
                                                          {"account = 1", "a.toml"},
                                                          {"colour,size\nred,1\n", "a.csv"},
                                                          {"name\n\"open", "a.csv"},
                                                          {"name\na,b\n", "a.csv"}})
        EXPECT_FALSE(parse_declaration(text, file).has_value()) << text;
    // A line with too few fields names no account. The error names the line.
    const auto short_line = parse_declaration("identity,account\n10.1.0.0/16\n", "b.csv");
    ASSERT_FALSE(short_line.has_value());
    EXPECT_EQ(short_line.error().text, "b.csv:2: account is missing");
    EXPECT_TRUE(parse_declaration("", "a.csv")->accounts.empty());
}

}  // namespace
}  // namespace octroi
