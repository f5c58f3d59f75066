// SPDX-License-Identifier: GPL-3.0-or-later
#include "meter/log/follow_options.hpp"

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

// The errors in [[meter]] tables of the kind.
std::vector<std::string> problems_of(const std::vector<std::string>& meters) {
    static const std::array<const MeterKind*, 1> kinds{&kind};
    const OptionTable table = option_table(kinds);
    std::string file;
    for (std::size_t i = 0; i < meters.size(); ++i)
        file += "[[meter]]\nname = \"m" + std::to_string(i) + "\"\nkind = \"log\"\n" + meters[i];
    std::vector<std::string> texts;
    const auto parsed = parse_config(file, "test.toml", table);
    if (!parsed) texts.push_back(parsed.error().text);
    return texts;
}

TEST(FollowOptions, TwoMetersThatBillOnePathAreRefused) {
    const std::string web = "paths = [\"/var/log/*.log\"]\n";
    EXPECT_THAT(problems_of({web}), IsEmpty());
    EXPECT_THAT(problems_of({web, "paths = [\"/var/log/a.log\"]\n"}),
                ElementsAre(HasSubstr("each line would be charged twice")));
    EXPECT_THAT(problems_of({web, "paths = [\"/var/log/a.log\"]\nrole = \"witness\"\n"}),
                IsEmpty());
    EXPECT_THAT(problems_of({web, "paths = [\"/srv/log/a.log\"]\n"}), IsEmpty());
    const std::string mail = "paths = [\"/var/log/mail.log\"]\n";
    EXPECT_THAT(problems_of({mail + "format = \"postfix\"\n", mail + "format = \"dovecot\"\n"}),
                IsEmpty());
    EXPECT_THAT(problems_of({mail + "format = \"pureftpd\"\n", mail + "format = \"vsftpd\"\n"}),
                IsEmpty());
    EXPECT_THAT(problems_of({mail + "format = \"postfix\"\n", mail + "format = \"postfix\"\n"}),
                ElementsAre(HasSubstr("m0")));
}

TEST(FollowOptions, WrongValuesAreRefused) {
    EXPECT_THAT(problems_of({"paths = []\n"}), ElementsAre(HasSubstr("no path is given")));
    EXPECT_THAT(problems_of({"paths = [\"access.log\"]\n"}),
                ElementsAre(HasSubstr("not an absolute path")));
    EXPECT_THAT(problems_of({"paths = [\"/a\"]\naddresses = [\"mac 0:30:ca:b8:d9:bc\"]\n"}),
                ElementsAre(HasSubstr("addresses")));
    EXPECT_THAT(problems_of({"paths = [\"/a\"]\naddresses = [\"2001:db8::10\", \"10.0.0.0/8\"]\n"}),
                IsEmpty());
    EXPECT_THAT(problems_of({"paths = [\"/a\"]\ntimezone = \"Moon\"\n"}),
                ElementsAre(HasSubstr("Moon")));
    EXPECT_THAT(problems_of({"paths = [\"/a\"]\nlog_format = \"%Q\"\n"}), ::testing::SizeIs(1));
    EXPECT_THAT(problems_of({""}), ElementsAre(HasSubstr("paths")));
}

}  // namespace
}  // namespace octroi::logs
