// SPDX-License-Identifier: GPL-3.0-or-later
// Each rule has a good and a bad sample: a rule must also find something.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "functions.hpp"
#include "layers.hpp"
#include "rules.hpp"
#include "words.hpp"

namespace octroi::tidy {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

using FileRule = void (*)(const SourceFile&, std::vector<Finding>&);

std::vector<Finding> apply(FileRule rule, const std::string& path, const std::string& text) {
    std::vector<Finding> findings;
    rule(parse_source(path, text), findings);
    return findings;
}

std::vector<Finding> banned_in(const std::string& path, const std::string& text) {
    return apply(check_banned, path, text);
}

TEST(Source, BlanksCommentsAndLiteralsAndKeepsColumns) {
    const SourceFile file = parse_source("x.cpp",
                                         "int a = 1'000; // new x\n"
                                         "auto s = \"new \\\" x\"; /* delete\n"
                                         "throw */ int b;\n"
                                         "auto r = R\"(new\nx)\"; char c = '\"'; int d;\n");
    ASSERT_THAT(file.code, SizeIs(5));
    EXPECT_EQ(file.code[0], "int a = 1'000;         ");
    EXPECT_THAT(file.code[1], testing::StartsWith("auto s = "));
    EXPECT_EQ(file.code[1].find("new"), std::string::npos);
    EXPECT_EQ(file.code[2], "         int b;");
    EXPECT_THAT(file.code[4], HasSubstr("int d;"));
    for (std::size_t i = 0; i < file.lines.size(); ++i) {
        EXPECT_EQ(file.lines[i].size(), file.code[i].size());
    }
}

TEST(Licence, MustBeInTheFirstLine) {
    const std::string line = "SPDX-License-Identifier: GPL-3.0-or-later\n";
    EXPECT_THAT(apply(check_licence, "src/a/x.cpp", "// " + line), IsEmpty());
    EXPECT_THAT(apply(check_licence, "dev", "#!/bin/bash\n# " + line), IsEmpty());
    EXPECT_THAT(apply(check_licence, "src/a/x.cpp", "\n// " + line), SizeIs(1));
    EXPECT_THAT(apply(check_licence, "src/a/x.cpp", ""), SizeIs(1));
}

TEST(PragmaOnce, IsRequiredInHeadersOnly) {
    EXPECT_THAT(apply(check_pragma_once, "src/a/x.hpp", "// x\n#pragma once\n"), IsEmpty());
    EXPECT_THAT(apply(check_pragma_once, "src/a/x.cpp", ""), IsEmpty());
    EXPECT_THAT(apply(check_pragma_once, "src/a/x.hpp", "// #pragma once\n"), SizeIs(1));
}

TEST(Columns, CountCharactersNotOctets) {
    std::string umlauts;
    for (std::size_t i = 0; i < columns_max; ++i) umlauts += "ü";
    EXPECT_THAT(apply(check_columns, "src/a/x.cpp", umlauts), IsEmpty());
    EXPECT_THAT(apply(check_columns, "src/a/x.cpp", "\n" + umlauts + "x"), SizeIs(1));
}

struct BannedSample {
    const char* code;
    const char* allowed_in;  // a path in which the same code is allowed, or null
};

class BannedWords : public testing::TestWithParam<BannedSample> {};

TEST_P(BannedWords, AreFoundWhereTheyAreBanned) {
    EXPECT_THAT(banned_in("src/view/x.hpp", GetParam().code), SizeIs(1)) << GetParam().code;
    if (GetParam().allowed_in != nullptr) {
        EXPECT_THAT(banned_in(GetParam().allowed_in, GetParam().code), IsEmpty());
    }
}

INSTANTIATE_TEST_SUITE_P(
    Tidy, BannedWords,
    testing::Values(BannedSample{"auto t = std::chrono::system_clock::now();", "src/host/c.cpp"},
                    BannedSample{"auto t = time(nullptr);", "src/host/c.cpp"},
                    BannedSample{"auto t = std::time(0);", "src/host/c.cpp"},
                    BannedSample{"clock_gettime(CLOCK_REALTIME, &t);", "src/host/c.cpp"},
                    BannedSample{"auto* p = new Thing(1);", nullptr},
                    BannedSample{"delete p;", nullptr}, BannedSample{"delete[] p;", nullptr},
                    BannedSample{"throw 1;", "src/store/x.cpp"},
                    BannedSample{"auto* p = reinterpret_cast<char*>(q);", "src/wire/x/x.cpp"},
                    BannedSample{"std::cout << 1;", "src/app/x.cpp"},
                    BannedSample{"std::this_thread::sleep_for(x);", nullptr},
                    BannedSample{"using namespace std;", "src/view/x.cpp"},
                    BannedSample{"int a; // FIX"
                                 "ME later",
                                 nullptr},
                    BannedSample{"#include \"../wire/x.hpp\"", nullptr}));

TEST(Banned, AllowsCodeThatOnlyLooksSimilar) {
    for (const char* code : {"Fd(const Fd&) = delete;", "// new ideas, throw nothing",
                             "auto s = \"delete from x\";", "row.time(bucket);", "int renew = 1;",
                             "UtcTime time() const;", "return std::unique_ptr<File>(new File(fd));",
                             "std::unique_ptr<File> file(\n    new File(fd));",
                             "    using namespace testing;", "void operator delete(void*);"}) {
        EXPECT_THAT(banned_in("src/view/x.cpp", code), IsEmpty()) << code;
    }
}

std::string function_of(const std::string& head, std::size_t lines) {
    std::string text = head + " {\n";
    for (std::size_t i = 2; i < lines; ++i) text += "    work();\n";
    return text + "}\n";
}

TEST(Functions, AreMeasuredFromBraceToBrace) {
    const std::string text =
        "namespace a {\nclass X {\npublic:\n    int small() const { return 1; }\n};\n"
        "X::X(int a)\n    : a_(a), b_{a} {\n    go([] {\n    });\n}\n"
        "constexpr std::array t = std::to_array<int>({\n1,\n2,\n});\n"
        "auto f(int x) -> int {\n    if (x) {\n    }\n    return 1;\n}\n}\n";
    const auto functions = find_functions(parse_source("x.cpp", text));
    ASSERT_THAT(functions, SizeIs(3));
    EXPECT_EQ(functions[0].name, "small");
    EXPECT_EQ(functions[0].lines, 1U);
    EXPECT_EQ(functions[1].name, "X::X");
    EXPECT_EQ(functions[1].lines, 4U);
    EXPECT_EQ(functions[2].name, "f");
    EXPECT_EQ(functions[2].lines, 5U);
}

std::vector<Finding> lengths(const std::string& text, const std::string& ratchet) {
    std::vector<Finding> findings;
    const Ratchet allowed = Ratchet::parse(ratchet, findings);
    check_lengths(parse_source("src/a/x.cpp", text), allowed, findings);
    allowed.report_unused(findings);
    return findings;
}

TEST(Lengths, HaveLimitsAndARatchet) {
    EXPECT_THAT(lengths(function_of("int f()", 70), ""), IsEmpty());
    EXPECT_THAT(lengths(function_of("int f()", 71), ""), SizeIs(1));
    EXPECT_THAT(lengths(function_of("int f()", 80), "src/a/x.cpp f 80\n"), IsEmpty());
    EXPECT_THAT(lengths(function_of("int f()", 81), "# why\nsrc/a/x.cpp f 80\n"), SizeIs(1));
    EXPECT_THAT(lengths(function_of("int f()", 10), "src/a/x.cpp f 80\n"), SizeIs(1));
    EXPECT_THAT(lengths(std::string(700, '\n'), ""), IsEmpty());
    EXPECT_THAT(lengths(std::string(701, '\n'), ""), SizeIs(1));
    EXPECT_THAT(lengths("", "src/a/x.cpp many\n"), SizeIs(1));
}

class LayerRule : public testing::Test {
protected:
    std::vector<Finding> check(const std::string& path, const std::string& text) {
        std::vector<Finding> findings;
        const Layers layers = parse_layers(
            "# order\nbase:\nwire: base\nhost: base\nmeter: base wire\ncomponents-apart: meter\n"
            "meter/c: meter/b\n",
            findings);
        check_layers(parse_source(path, text), layers, findings);
        return findings;
    }
};

TEST_F(LayerRule, AllowsDeclaredEdges) {
    EXPECT_THAT(check("src/meter/a/x.cpp", "#include \"wire/p/p.hpp\"\n#include <vector>\n"),
                IsEmpty());
    EXPECT_THAT(check("src/meter/a/x.cpp", "#include \"meter/a/x.hpp\"\n"), IsEmpty());
    EXPECT_THAT(check("src/meter/a/x.cpp", "#include \"meter/source.hpp\"\n"), IsEmpty());
    EXPECT_THAT(check("src/wire/a/x.cpp", "#include \"wire/b/x.hpp\"\n"), IsEmpty());
    EXPECT_THAT(check("src/wire/a/x_test.cpp", "#include \"support/golden.hpp\"\n"), IsEmpty());
    EXPECT_THAT(check("src/meter/c/x.cpp", "#include \"meter/b/x.hpp\"\n"), IsEmpty());
    EXPECT_THAT(check("src/meter/a/x_test.cpp", "#include \"meter/b/testing/x.hpp\"\n"), IsEmpty());
    EXPECT_THAT(check("src/meter/a/x_test.cpp", "#include \"meter/testing/x.hpp\"\n"), IsEmpty());
    EXPECT_THAT(check("test/a/x.cpp", "#include \"wire/b/x.hpp\"\n"), IsEmpty());
}

TEST_F(LayerRule, RefusesEverythingElse) {
    EXPECT_THAT(check("src/wire/p/x.cpp", "#include \"host/file.hpp\"\n"), SizeIs(1));
    EXPECT_THAT(check("src/meter/a/x.cpp", "  #  include \"host/file.hpp\"\n"), SizeIs(1));
    EXPECT_THAT(check("src/meter/a/x.cpp", "#include \"meter/b/x.hpp\"\n"), SizeIs(1));
    EXPECT_THAT(check("src/meter/b/x.cpp", "#include \"meter/c/x.hpp\"\n"), SizeIs(1));
    EXPECT_THAT(check("src/meter/a/x.cpp", "#include \"meter/b/testing/x.hpp\"\n"), SizeIs(1));
    EXPECT_THAT(check("src/meter/a/x.cpp", "#include \"meter/a/testing/x.hpp\"\n"), SizeIs(1));
    EXPECT_THAT(check("src/wire/p/x.cpp", "#include \"x.hpp\"\n"), SizeIs(1));
    EXPECT_THAT(check("src/rogue/p/x.cpp", ""), SizeIs(1));
}

TEST(Layers, ReportsLinesThatCannotBeParsed) {
    std::vector<Finding> findings;
    EXPECT_THAT(parse_layers("wire: base\nbase\n", findings).sees, SizeIs(1));
    EXPECT_THAT(findings, SizeIs(2));
}

TEST(DeadHeaders, AreIncludedOnlyByTheirFamilyOrATest) {
    const auto file = [](const char* path, const char* text) { return parse_source(path, text); };
    std::vector<Finding> findings;
    check_dead_headers(
        {file("src/a/used.hpp", ""), file("src/b/user.cpp", "#include \"a/used.hpp\"\n"),
         file("src/a/testing/fake.hpp", ""),
         file("src/b/user_test.cpp", "#include \"a/testing/fake.hpp\"\n")},
        findings);
    EXPECT_THAT(findings, IsEmpty());
    check_dead_headers(
        {file("src/a/dead.hpp", ""), file("src/a/dead.cpp", "#include \"a/dead.hpp\"\n"),
         file("src/a/dead_test.cpp", "#include \"a/dead.hpp\"\n"),
         file("src/b/other_test.cpp", "#include \"a/dead.hpp\"\n")},
        findings);
    EXPECT_THAT(findings, SizeIs(1));
}

TEST(Links, MustLeadToAFile) {
    const std::vector<std::string> paths = {"README.md", "docs/design.md", "src/wire/README.md"};
    std::vector<Finding> findings;
    check_links(
        parse_source("docs/design.md", "[a](../src/wire) [b](../README.md#x) [c](https://x/y)"),
        paths, findings);
    EXPECT_THAT(findings, IsEmpty());
    check_links(parse_source("docs/design.md", "[a](src/wire)\n[b](../src/wir)\n"), paths,
                findings);
    EXPECT_THAT(findings, SizeIs(2));
}

TEST(Readmes, AreRequiredInEveryLayerWithSources) {
    std::vector<Finding> findings;
    check_readmes({"src/a/x/x.cpp", "src/a/README.md", "src/layers.txt"}, findings);
    EXPECT_THAT(findings, IsEmpty());
    check_readmes({"src/a/x/x.cpp", "src/a/x/README.md"}, findings);
    EXPECT_THAT(findings, SizeIs(1));
}

class Words : public testing::Test {
protected:
    // Words that the real list does not ban, so that this file itself has no finding.
    std::vector<std::size_t> lines(const std::string& path, const std::string& text) {
        std::vector<Finding> findings;
        const WordList list = WordList::parse(
            "# comment\n"
            "name | Gizmo | Gear\nname | frob_* | turn_, press_\n"
            "code | widget | part\n"
            "word | gadget | tool\n"
            "word | beyond the pale | too much\n",
            findings);
        check_words(parse_source(path, text), list, findings);
        std::vector<std::size_t> lines;
        for (const Finding& finding : findings) lines.push_back(finding.line);
        return lines;
    }
};

using testing::ElementsAre;

TEST_F(Words, NamesAreFoundWhole) {
    EXPECT_THAT(lines("src/a/x.cpp", "Gizmo a;\nint b;\n// a Gizmo\nf(\"Gizmo\");\n"),
                ElementsAre(1, 3, 4));
    EXPECT_THAT(lines("docs/x.md", "A `Gizmo` of\nfrob_it()\n"), ElementsAre(1, 2));
    EXPECT_THAT(lines("src/a/x.cpp", "frob_it(1);\nx.frob_(2);\n"), ElementsAre(1, 2));
    EXPECT_THAT(lines("src/a/x.cpp", "Gizmos a; gizmo b; refrob_it(); frob();\n"), IsEmpty());
}

TEST_F(Words, CodeIsFoundInCodeOnly) {
    EXPECT_THAT(lines("src/a/x.cpp", "widget();\n// a widget\nf(\"widget\");\n"), ElementsAre(1));
    EXPECT_THAT(lines("docs/x.md", "a widget\n"), IsEmpty());
    EXPECT_THAT(lines("dev", "widget x\n"), IsEmpty());
}

TEST_F(Words, ProseIsCommentsStringsAndDocuments) {
    EXPECT_THAT(lines("src/a/x.cpp", "// A Gadget.\n/* x\n * gadget */\nf(\"\\ngadget\");\n"),
                ElementsAre(1, 3, 4));
    EXPECT_THAT(lines("README.md", "a gadget, GADGET\n"), ElementsAre(1));
    EXPECT_THAT(lines("dev", "x # gadget\n"), ElementsAre(1));
    EXPECT_THAT(lines("README.md", "gadgets inspector_gadget\n"), IsEmpty());
}

TEST_F(Words, AWordIsFoundAsPartOfAnIdentifier) {
    EXPECT_THAT(
        lines("src/a/x.cpp", "int gadget_count;\nclass MyGadget;\nGadgetBox b;\nAGadgetOf c;\n"),
        ElementsAre(1, 2, 3, 4));
    EXPECT_THAT(lines("src/a/x.cpp", "int gadgets; int widgadget; GAdget x; Gad_get y;\n"),
                IsEmpty());
}

TEST_F(Words, PhrasesAreFoundAcrossLines) {
    EXPECT_THAT(lines("src/a/x.cpp", "    // is beyond\n    // the pale.\n"), ElementsAre(1));
    EXPECT_THAT(lines("src/a/x.cpp", "f(\"x Beyond \"\n  \"the  pale\");\n"), ElementsAre(1));
    EXPECT_THAT(lines("docs/x.md", "it is beyond the\n> pale\n"), ElementsAre(1));
    EXPECT_THAT(lines("docs/x.md", "it is beyond. The pale\n"), IsEmpty());
    EXPECT_THAT(lines("src/a/x.cpp", "f(\"beyond\", \"the pale\");\n"), IsEmpty());
    EXPECT_THAT(lines("src/a/x.cpp", "beyond(the, pale);\n"), IsEmpty());
}

TEST(WordList, FindingsNameTheReplacement) {
    std::vector<Finding> findings;
    const WordList list = WordList::parse("word | gadget | tool, device\n", findings);
    check_words(parse_source("docs/x.md", "\ngadget"), list, findings);
    ASSERT_THAT(findings, SizeIs(1));
    EXPECT_EQ(findings[0].line, 2U);
    EXPECT_THAT(findings[0].text, HasSubstr("tool, device"));
}

TEST(WordList, LinesThatCannotBeParsedAreFindings) {
    std::vector<Finding> findings;
    const WordList list = WordList::parse(
        "word | a\nwords | a | b\nword | | b\nword | a |\nword|ok|b\n"
        "word | a | b | src/old/\n",
        findings);
    EXPECT_THAT(list.words(), SizeIs(1));
    EXPECT_THAT(findings, SizeIs(5));
}

}  // namespace
}  // namespace octroi::tidy
