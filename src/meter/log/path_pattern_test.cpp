// SPDX-License-Identifier: GPL-3.0-or-later
#include "meter/log/path_pattern.hpp"

#include <gtest/gtest.h>

namespace octroi::logs {
namespace {

TEST(PathPattern, ANameInBracesIsReadFromThePath) {
    const auto pattern = PathPattern::parse("/var/www/{domain}/logs/{user}-access*.log");
    ASSERT_FALSE(pattern);  // a name and a wildcard in one part
    const auto good = PathPattern::parse("/home/{user}/logs/{domain}.access.log");
    ASSERT_TRUE(good);
    EXPECT_EQ(good->glob(), "/home/*/logs/*.access.log");
    EXPECT_EQ(good->names("/home/alice/logs/www.example.org.access.log"),
              (PathNames{"www.example.org", "alice"}));
}

TEST(PathPattern, APatternWithoutNamesStatesNone) {
    const auto pattern = PathPattern::parse("/var/log/apache2/*access.log");
    ASSERT_TRUE(pattern);
    EXPECT_EQ(pattern->glob(), "/var/log/apache2/*access.log");
    EXPECT_EQ(pattern->names("/var/log/apache2/x-access.log"), PathNames{});
}

TEST(PathPattern, WrongPatternsAreRefused) {
    for (const char* text : {"access.log", "/a/{host}/b", "/a/{domain}{user}", "/{user}/{user}",
                             "/a/{domain", "/a/x}"})
        EXPECT_FALSE(PathPattern::parse(text)) << text;
}

}  // namespace
}  // namespace octroi::logs
