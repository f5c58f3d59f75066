// SPDX-License-Identifier: GPL-3.0-or-later
#include "meter/log/journal_options.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "config/parse.hpp"
#include "meter/log/kind.hpp"

namespace octroi::logs {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

std::vector<std::string> journal_problems(const std::vector<std::string>& meters) {
    static const std::array<const MeterKind*, 1> kinds{&journal_kind};
    const OptionTable table = option_table(kinds);
    std::string file;
    for (std::size_t i = 0; i < meters.size(); ++i)
        file += "[[meter]]\nname = \"m" + std::to_string(i) +
                "\"\nkind = \"journal\"\nformat = \"postfix\"\n" + meters[i];
    std::vector<std::string> texts;
    const auto parsed = parse_config(file, "test.toml", table);
    if (!parsed) texts.push_back(parsed.error().text);
    return texts;
}

// `logger -t postfix/smtpd …` of any user has the identifier of Postfix.
TEST(JournalOptions, EntriesThatAnyUserCanWriteAreRefused) {
    const auto without_writer = ElementsAre(HasSubstr("nothing says which programs write"));
    EXPECT_THAT(journal_problems({"units = []\n"}), without_writer);
    EXPECT_THAT(journal_problems({"units = []\nmatches = [\"SYSLOG_IDENTIFIER=postfix/smtpd\"]\n"}),
                without_writer);
    EXPECT_THAT(journal_problems({"units = []\nmatches = [\"_COMM=smtpd\"]\n"}), without_writer)
        << "a program chooses this name itself";
    for (const char* pattern : {"*", "*.service", "user@*", "session-*.scope", "*.slice"})
        EXPECT_THAT(
            journal_problems({std::string("units = [\"postfix.service\", \"") + pattern + "\"]\n"}),
            ElementsAre(HasSubstr("matches the sessions of users too")))
            << pattern;
}

TEST(JournalOptions, EntriesOfNamedProgramsAreRead) {
    EXPECT_THAT(journal_problems({"units = [\"postfix@-.service\"]\n"}), IsEmpty());
    EXPECT_THAT(journal_problems({"units = [\"postfix@*.service\"]\n"}), IsEmpty());
    EXPECT_THAT(journal_problems({"units = []\nmatches = [\"_EXE=/usr/sbin/rsync\"]\n"}),
                IsEmpty());
    EXPECT_THAT(
        journal_problems({"units = []\nmatches = [\"_UID=0\", \"SYSLOG_IDENTIFIER=postfix\"]\n"}),
        IsEmpty());
}

}  // namespace
}  // namespace octroi::logs
