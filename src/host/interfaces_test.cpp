// SPDX-License-Identifier: GPL-3.0-or-later
#include "host/interfaces.hpp"

#include <gtest/gtest.h>
#include <sched.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>

#include <algorithm>

namespace octroi {
namespace {

TEST(Interfaces, ContainTheLoopback) {
    const auto all = interfaces();
    ASSERT_TRUE(all.has_value()) << all.error().text;
    const auto lo =
        std::find_if(all->begin(), all->end(), [](const Interface& i) { return i.loopback; });
    ASSERT_NE(lo, all->end());
    EXPECT_FALSE(lo->meterable);
    EXPECT_EQ(lo->excluded_because, "loopback");
    EXPECT_GT(lo->index, 0);
    for (const Interface& i : *all) EXPECT_EQ(i.meterable, i.excluded_because.empty()) << i.name;
}

TEST(Interfaces, ListTheExistingOnesForAnUnknownName) {
    const auto none = interface("nosuch0");
    ASSERT_FALSE(none.has_value());
    EXPECT_EQ(none.error().code, ErrorCode::not_found);
    EXPECT_NE(none.error().text.find("lo"), std::string::npos);
}

TEST(Interfaces, HaveABootId) { EXPECT_EQ(boot_id().value_or("").size(), 36U); }

// On a machine with containers the interfaces change while they are listed.
TEST(Interfaces, AreListedWhileTheyChange) {
    if (::geteuid() != 0) GTEST_SKIP() << "needs root: makes a network namespace";
    // Not restored: ctest runs each test in its own process.
    if (::unshare(CLONE_NEWNET) != 0) GTEST_SKIP() << "cannot create a network namespace";
    // Enough for several messages of netlink.
    std::string many =
        "for i in $(seq 150); do echo link add a$i type veth peer b$i; done | ip -batch -";
    if (std::system(many.c_str()) != 0) GTEST_SKIP() << "cannot create interfaces";
    const pid_t changer = ::fork();
    if (changer == 0) {
        ::setpgid(0, 0);
        ::execlp(
            "sh", "sh", "-c",
            "while :; do echo link add x type veth peer y; echo link del x; done | ip -batch -",
            nullptr);
        ::_exit(127);
    }
    ::setpgid(changer, changer);
    for (int i = 0; i < 300; ++i) {
        const auto all = interfaces();
        EXPECT_TRUE(all.has_value()) << (all.has_value() ? "" : all.error().text);
        if (!all.has_value()) break;
        EXPECT_GE(all->size(), 301U);
    }
    ::kill(-changer, SIGKILL);
    ::waitpid(changer, nullptr, 0);
}

}  // namespace
}  // namespace octroi
