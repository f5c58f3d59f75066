// SPDX-License-Identifier: GPL-3.0-or-later
#include "meter/log/rotated_names.hpp"

#include <gtest/gtest.h>

namespace octroi::logs {
namespace {

TEST(RotatedNames, NumbersDatesAndWordsBehindTheNameAreRotations) {
    for (const char* name :
         {"access.log.1", "access.log.12.gz", "access.log-20261130", "access.log-20261130.zst",
          "access.log-20261130-1764500000", "access.log.2026-11-30T10:00", "access.log.old",
          "access.log.gz", "access-20261130.log", "access-20261130.log.bz2", "access.log_3.xz"})
        EXPECT_TRUE(is_rotated_name("access.log", name)) << name;
    EXPECT_TRUE(is_rotated_name("syslog", "syslog.1"));
}

TEST(RotatedNames, OtherLogsOfTheFolderAreNone) {
    for (const char* name : {"access.log", "access.log-ssl", "access.log.1x", "access_ssl.log",
                             "error.log.1", "access.log.", "access", "ssl-access.log.1", "a.log"})
        EXPECT_FALSE(is_rotated_name("access.log", name)) << name;
}

TEST(RotatedNames, TheLogOfARotatedNameIsFound) {
    EXPECT_EQ(log_of_rotated_name("access.log.1"), "access.log");
    EXPECT_EQ(log_of_rotated_name("access.log.2.gz"), "access.log");
    EXPECT_EQ(log_of_rotated_name("access.log-20261130-17"), "access.log");
    EXPECT_EQ(log_of_rotated_name("access-20261130.log.gz"), "access.log");
    EXPECT_EQ(log_of_rotated_name("access.log.xz"), "access.log");
    EXPECT_EQ(log_of_rotated_name("access.log"), "");
    EXPECT_EQ(log_of_rotated_name("syslog"), "");
}

TEST(RotatedNames, SomeAreGivenToOneFileAfterTheOther) {
    for (const char* const name : {"access.log.1", "access.log.12.gz", "access.1.log",
                                   "access.log.old", "access.log.gz", "access_log-2"})
        EXPECT_TRUE(is_reused_rotated_name(name)) << name;
    for (const char* const name : {"access.log", "access-20261130.log", "access.log.2026-11-30.gz",
                                   "access.2026.log", "access.log-20261130"})
        EXPECT_FALSE(is_reused_rotated_name(name)) << name;
}

}  // namespace
}  // namespace octroi::logs
