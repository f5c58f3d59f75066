// SPDX-License-Identifier: GPL-3.0-or-later
#include "wire/passwd/passwd.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace octroi::passwd {
namespace {

TEST(Passwd, ListsUsers) {
    const Users users = parse_passwd(
        "root:x:0:0:root:/root:/bin/bash\n# comment\n\n+@nis\n"
        "alice:x:1000:1000:Alice A.,Floor 1,,:/home/alice/:/bin/bash\r\n"
        "ftp:*:1001:1001::/srv/ftp:/usr/sbin/nologin\n");
    EXPECT_EQ(users.bad_lines, 0U);
    EXPECT_THAT(users.users,
                ::testing::ElementsAre(User{"root", 0, "root", "/root", "/bin/bash"},
                                       User{"alice", 1000, "Alice A.", "/home/alice", "/bin/bash"},
                                       User{"ftp", 1001, "", "/srv/ftp", "/usr/sbin/nologin"}));
}

TEST(Passwd, CountsLinesThatAreNoUsers) {
    const Users users = parse_passwd(
        "alice:x:1000:1000:Alice:/home/alice\nbob:x:-1:1::/:/bin/sh\n:x:5:5::/:/bin/sh\n"
        "carol:x:99999999999:1::/:/bin/sh\ndora:x:7:7::/:/bin/sh:more\nx\n");
    EXPECT_EQ(users.bad_lines, 6U);
    EXPECT_TRUE(users.users.empty());
}

TEST(Passwd, TheRangeOfPeopleIsThatOfLoginDefs) {
    EXPECT_EQ(parse_login_defs("").first, 1000U);
    const UidRange range = parse_login_defs(
        "#UID_MIN 5\nUID_MIN\t\t  500\nUID_MAX 59999\nSYS_UID_MIN 100\nUID_MIN x\n");
    EXPECT_EQ(range.first, 500U);
    EXPECT_EQ(range.last, 59'999U);
}

TEST(Passwd, NologinIsNoLoginShell) {
    EXPECT_TRUE(is_login_shell("/bin/bash"));
    EXPECT_TRUE(is_login_shell("")) << "passwd(5): /bin/sh";
    EXPECT_FALSE(is_login_shell("/usr/sbin/nologin"));
    EXPECT_FALSE(is_login_shell("/bin/false"));
}

}  // namespace
}  // namespace octroi::passwd
