// SPDX-License-Identifier: GPL-3.0-or-later
#include "config/parse.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <filesystem>

#include "support/golden.hpp"

namespace octroi {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

std::string error_of(std::string_view text) {
    const auto config = parse_config(text, "octroi.toml");
    return config.has_value() ? "" : config.error().text;
}

// test/golden/config/<case>.toml, and beside it what the user is told: <case>.expected.
TEST(ConfigGolden, WrongFilesAreExplained) {
    const auto folder = support::source_root() / "test/golden/config";
    std::vector<std::string> names;
    for (const auto& entry : std::filesystem::directory_iterator(folder)) {
        if (entry.path().extension() == ".toml") names.push_back(entry.path().stem().string());
    }
    ASSERT_GE(names.size(), 9U);
    for (const std::string& name : names) {
        const auto config =
            parse_config(support::read_text(folder / (name + ".toml")), name + ".toml");
        const std::string outcome = config.has_value() ? "good" : config.error().text;
        support::expect_golden("config/" + name + ".expected", outcome + "\n");
    }
}

TEST(Config, OfAnEmptyTextIsTheStandardOne) {
    const auto config = parse_config("", "octroi.toml");
    ASSERT_TRUE(config.has_value());
    EXPECT_EQ(*config, Config{});
}

TEST(Config, TakesEveryOption) {
    const auto path = support::source_root() / "test/golden/config/full.toml";
    const auto config = parse_config(support::read_text(path), "full.toml");
    ASSERT_TRUE(config.has_value()) << config.error().text;
    EXPECT_EQ(config->ledger,
              (LedgerConfig{"/srv/ledger.db", Duration::minutes(1), Duration::seconds(5)}));
    ASSERT_EQ(config->meters.size(), 2U);
    EXPECT_EQ(config->meters[0], (MeterConfig{.name = "uplink",
                                              .kind = "capture",
                                              .interfaces = {"eth0", "eth1"},
                                              .promiscuous = true,
                                              .filter = "not port 22",
                                              .snap_length = 128,
                                              .ring_size = Bytes(1ULL << 20U),
                                              .role = RoleChoice::bill,
                                              .fragments = FragmentsChoice::separate,
                                              .active_timeout = Duration::minutes(5),
                                              .inactive_timeout = Duration::seconds(30),
                                              .flow_limit = 50'000,
                                              .where = {"full.toml", 20, 1}}));
    EXPECT_EQ(config->meters[1].role, RoleChoice::witness);
    EXPECT_EQ(config->meters[1].ring_size, Bytes(2'000'000));
    EXPECT_EQ(config->attribute.local.size(), 2U);
    EXPECT_FALSE(config->attribute.per_address);
    EXPECT_EQ(config->attribute.class_table, "/etc/octroi/classes.txt");
    EXPECT_EQ(config->display, (DisplayConfig{UnitsChoice::si, "Europe/Berlin"}));
    EXPECT_TRUE(config->notices.empty());
}

TEST(Config, KeepsServicesAndCategoriesInTheOrderOfTheFile) {
    const auto path = support::source_root() / "test/golden/config/full.toml";
    const auto config = parse_config(support::read_text(path), "full.toml");
    ASSERT_TRUE(config.has_value());
    EXPECT_THAT(config->services,
                ElementsAre(NamedList{"web", {"tcp/80", "tcp/443"}, {"full.toml", 7, 1}},
                            NamedList{"mail", {"tcp/smtp"}, {"full.toml", 8, 1}},
                            NamedList{"ftp", {"tcp/20-21"}, {"full.toml", 9, 1}}));
    EXPECT_THAT(config->categories,
                ElementsAre(NamedList{"nonessential", {"games"}, {"full.toml", 3, 1}},
                            NamedList{"essential", {"web", "mail"}, {"full.toml", 4, 1}}));
}

// What toml++ must not be shown (its debug builds abort, its release builds are undefined).
TEST(Config, RefusesOddCharactersItself) {
    EXPECT_THAT(error_of("[~ledger]\n"), HasSubstr("octroi.toml:1:2: not TOML"));
    EXPECT_THAT(error_of("[ledger]\n\xC3\xBC = 1\n"), HasSubstr("octroi.toml:2:1: not TOML"));
    EXPECT_THAT(error_of("[ledger]\npath = \"\"\"a\\\n  \xC3\xBC\"\"\"\n"),
                HasSubstr("octroi.toml:3:3"));
    EXPECT_THAT(error_of("[ledger] # \xFF\n"), HasSubstr("not TOML"));
}

TEST(Config, TakesAnyCharacterInTextsAndComments) {
    for (const char* good :
         {"# \xC3\xBC \" '\n", "\xEF\xBB\xBF[ledger]\npath = \"\xC3\xBC\"\n",
          "[ledger]\npath = '\xC3\xBC\\'\n", "[ledger]\npath = \"\\\"#\xC3\xBC\" # \xC3\xBC\n",
          "[ledger]\npath = '''\n\xC3\xBC'' \\'''\n",
          "[ledger]\npath = \"\"\"\n\xC3\xBC\\\n  a\"\"\"\n"}) {
        EXPECT_EQ(error_of(good), "") << good;
    }
}

TEST(Config, RefusesTextsOfNoReasonableLength) {
    EXPECT_THAT(error_of(std::string((1U << 20U) + 1, '#')), HasSubstr("1048576"));
    EXPECT_EQ(error_of(std::string(1U << 20U, '#')), "");
}

TEST(Config, StopsReportingAtSomePoint) {
    std::string text = "[ledger]\n";
    for (int i = 0; i < 1000; ++i) text += "k" + std::to_string(i) + " = 1\n";
    const std::string error = error_of(text);
    EXPECT_LT(std::count(error.begin(), error.end(), '\n'), 100);
}

constexpr std::array old_sections = {Section{.name = "ledger", .help = "h"}};
constexpr std::array old_options = {
    Option{.section = "ledger",
           .key = "path",
           .type = OptionType::text,
           .default_text = "\"\"",
           .help = "h",
           .assign = [](Config& c, const OptionEntry& e) { c.ledger.path = e.text(); }},
    Option{.section = "ledger",
           .key = "file",
           .type = OptionType::text,
           .default_text = "\"\"",
           .help = "h",
           .renamed_to = "path"},
};

TEST(Config, UnderstandsOldNamesAndSaysSo) {
    const OptionTable table{old_sections, old_options};
    const auto config = parse_config("[ledger]\nfile = \"x\"\n", "octroi.toml", table);
    ASSERT_TRUE(config.has_value()) << config.error().text;
    EXPECT_EQ(config->ledger.path, "x");
    EXPECT_THAT(
        config->notices,
        ElementsAre("octroi.toml:2:1: [ledger] file is called path now; the old name still works"));
    const auto typo = parse_config("[ledger]\nfil = \"x\"\n", "octroi.toml", table);
    ASSERT_FALSE(typo.has_value());
    EXPECT_THAT(typo.error().text,
                testing::EndsWith("known are: path"));  // an old name is not advertised
}

}  // namespace
}  // namespace octroi
