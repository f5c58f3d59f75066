// SPDX-License-Identifier: GPL-3.0-or-later
#include "config/declaration.hpp"

#include "config/declaration_docs.hpp"
#include "config/declaration_fields.hpp"

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
                                 "p.toml:8: unknown section [[bindings]]; did you mean binding?"})
        EXPECT_NE(wrong.error().text.find(expected), std::string::npos) << expected << "\nin\n"
                                                                        << wrong.error().text;
}

// What people write first: the advice names the section and the column.
TEST(Declaration, AdvisesOnNearMisses) {
    for (const char* text : {"[accounts.physics]\ntitle = \"x\"\n", "[account.physics]\n",
                             "[account]\nname = \"physics\"\n"}) {
        const auto wrong = parse_declaration(text, "p.toml");
        ASSERT_FALSE(wrong) << text;
        EXPECT_NE(wrong.error().text.find(
                      "write a section [[account]] with name = \"physics\" for each account"),
                  std::string::npos)
            << wrong.error().text;
    }
    const auto binding = parse_declaration("[bindings.\"10.0.0.1\"]\naccount = \"a\"\n", "p.toml");
    ASSERT_FALSE(binding);
    EXPECT_NE(binding.error().text.find("[[binding]] with identity = \"10.0.0.1\""),
              std::string::npos)
        << binding.error().text;
    const auto other = parse_declaration("colour = 1\n", "p.toml");
    ASSERT_FALSE(other);
    EXPECT_NE(other.error().text.find("known are: [[account]], [[binding]], [[network]]"),
              std::string::npos);
    const auto semicolons = parse_declaration("name;title\nx;y\n", "p.csv");
    ASSERT_FALSE(semicolons);
    EXPECT_NE(semicolons.error().text.find("not separated by commas"), std::string::npos);
    EXPECT_EQ(parse_declaration("Name, Title\nx,y\n", "p.csv")->accounts.size(), 1U);
}

TEST(Declaration, OfAFileWithoutANameIsReadByItsFirstLine) {
    EXPECT_EQ(parse_declaration("# people\n\nname,title\nx,y\n", "standard input")->accounts.size(),
              1U);
    EXPECT_EQ(parse_declaration("[[account]]\nname = \"x\"\n", "standard input")->accounts.size(),
              1U);
    EXPECT_EQ(parse_declaration("# nothing\n", "standard input")->accounts.size(), 0U);
}

// The documented columns are those that the parser knows, and the example is accepted.
TEST(Declaration, HasTheDocumentedColumns) {
    const auto example = parse_declaration(declaration_example(), "example.toml");
    ASSERT_TRUE(example) << example.error().text;
    EXPECT_EQ(example->accounts.size(), 2U);
    EXPECT_EQ(example->bindings.size(), 1U);
    EXPECT_EQ(example->networks.size(), 1U);
    const std::string markdown = declaration_markdown();
    for (const DeclaredTable& table : declared_tables()) {
        std::string header;
        std::string line;
        for (const DeclaredField& field : table.fields) {
            header += (header.empty() ? "" : ",") + std::string(field.name);
            line += (&field == table.fields.data() ? "" : ",") + std::string(field.example);
            EXPECT_NE(markdown.find("| `" + std::string(field.name) + "` |"), std::string::npos);
            EXPECT_NE(declaration_example().find(std::string(field.name) + " = "),
                      std::string::npos);
        }
        const auto csv = parse_declaration(header + "\n" + line + "\n", "x.csv");
        EXPECT_TRUE(csv) << csv.error().text;
    }
}

// toml++ frees nested tables recursively: a long key exhausted the stack.
TEST(Declaration, RefusesAKeyOfManyParts) {
    std::string parts = "a";
    for (int i = 0; i < 200'000; ++i) parts += ".a";
    for (const std::string& text : {parts + " = 1\n", "[" + parts + "]\n",
                                    "x = { " + parts + " = 1 }\n", "[[" + parts + "]]\n"}) {
        const auto refused = parse_declaration(text, "p.toml");
        ASSERT_FALSE(refused);
        EXPECT_NE(refused.error().text.find("more parts than any option has"), std::string::npos);
    }
    EXPECT_NE(
        parse_declaration("[[account]]\nname = \"" + parts + "\"\n# " + parts + "\n", "p.toml")
            .value()
            .accounts.size(),
        0U);
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
