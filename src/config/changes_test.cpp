// SPDX-License-Identifier: GPL-3.0-or-later
#include "config/changes.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fmt/format.h>

#include "config/parse.hpp"
#include "config/testing/sample_kinds.hpp"

namespace octroi {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

// "ledger.commit_interval: "1m" -> "5s", live" for each difference.
std::vector<std::string> changes(std::string_view before, std::string_view after) {
    const OptionTable table = testing::sample_table();
    const auto old_config = parse_config(before, "before.toml", table);
    const auto new_config = parse_config(after, "after.toml", table);
    EXPECT_TRUE(old_config.has_value()) << old_config.error().text;
    EXPECT_TRUE(new_config.has_value()) << new_config.error().text;
    std::vector<std::string> texts;
    if (!old_config || !new_config) return texts;
    for (const ConfigChange& c : config_changes(*old_config, *new_config, table))
        texts.push_back(
            fmt::format("{}: {} -> {}{}", c.key, c.before, c.after, c.live ? ", live" : ""));
    return texts;
}

TEST(ConfigChanges, AreNoneWhereValuesAreEqual) {
    EXPECT_THAT(changes("", ""), IsEmpty());
    EXPECT_THAT(changes("", "[ledger]\ncommit_interval = \"60s\"\n"), IsEmpty());
    EXPECT_THAT(changes("[ledger]\ncommit_interval = \"60s\"\n",
                        "# faster\n[ledger]\ncommit_interval = \"1m\"\n"),
                IsEmpty());
    EXPECT_THAT(
        changes("[[meter]]\nname = \"a\"\n", "[[meter]]\nname = \"a\"\nkind = \"sample\"\n"),
        IsEmpty());
}

TEST(ConfigChanges, SayTheDefaultOfAnOptionThatIsAbsent) {
    EXPECT_THAT(changes("", "[ledger]\ncommit_interval = \"5s\"\nbusy_timeout = \"1s\"\n"),
                ElementsAre("ledger.commit_interval: \"1m\" -> \"5s\", live",
                            "ledger.busy_timeout: \"30s\" -> \"1s\""));
    EXPECT_THAT(changes("[attribute]\nlocal = [\"10.0.0.0/8\"]\nper_address = false\n", ""),
                ElementsAre("attribute.local: [\"10.0.0.0/8\"] -> [], live",
                            "attribute.per_address: false -> true, live"));
}

TEST(ConfigChanges, NameTheMeter) {
    const std::string before =
        "[[meter]]\nname = \"a\"\nplaces = [\"x\"]\n[[meter]]\nname = \"b\"\n";
    EXPECT_THAT(
        changes(before,
                "[[meter]]\nname = \"a\"\nbuffer_size = \"1536 KiB\"\nloud = true\n"
                "[[meter]]\nname = \"c\"\n"),
        ElementsAre("meter a.places: [\"x\"] -> [\"a\", \"b\"]", "meter a.loud: false -> true",
                    "meter a.buffer_size: \"64 KiB\" -> \"1536 KiB\"",
                    "meter b: configured -> absent", "meter c: absent -> configured"));
}

TEST(ConfigChanges, SayOfAnotherKindOnlyThat) {
    EXPECT_THAT(
        changes("[[meter]]\nname = \"a\"\ndepth = 100\n",
                "[[meter]]\nname = \"a\"\nkind = \"other\"\nfile = \"/x\"\nrole = \"witness\"\n"),
        ElementsAre("meter a.kind: \"sample\" -> \"other\""));
}

TEST(ConfigChanges, NameTheTargetOfAnExport) {
    const std::string meters = "[[meter]]\nname = \"a\"\n[[meter]]\nname = \"b\"\n";
    const std::string target = "[[export]]\nto = \"udp/192.0.2.1:4739\"\n";
    EXPECT_THAT(changes(meters + target + "meter = \"a\"\n" + target + "meter = \"b\"\n",
                        meters + target + "meter = \"a\"\n" + target + "format = \"v9\"\n"),
                ElementsAre("export udp/192.0.2.1:4739 #2.format: \"ipfix\" -> \"v9\"",
                            "export udp/192.0.2.1:4739 #2.meter: \"b\" -> \"\""));
}

TEST(ConfigChanges, AreTheLinesOfASectionWithNamesOfTheUser) {
    EXPECT_THAT(changes("[services]\nweb = [\"tcp/80\"]\nssh = [\"tcp/22\"]\n",
                        "[services]\nweb = [\"tcp/80\", \"tcp/443\"]\ndns = [\"udp/53\"]\n"),
                ElementsAre("services.web: [\"tcp/80\"] -> [\"tcp/80\", \"tcp/443\"], live",
                            "services.ssh: [\"tcp/22\"] -> absent, live",
                            "services.dns: absent -> [\"udp/53\"], live"));
}

TEST(ConfigChanges, AreTheOrderOfLinesToo) {
    EXPECT_THAT(changes("[services]\na = [\"tcp/80\"]\nb = [\"tcp/80-90\"]\n",
                        "[services]\nb = [\"tcp/80-90\"]\na = [\"tcp/80\"]\n"),
                ElementsAre("services: a, b -> b, a, live"));
    EXPECT_THAT(changes("[[meter]]\nname = \"a\"\n[[meter]]\nname = \"b\"\n",
                        "[[meter]]\nname = \"b\"\n[[meter]]\nname = \"a\"\n"),
                ElementsAre("meter: meter a, meter b -> meter b, meter a"));
}

}  // namespace
}  // namespace octroi
