// SPDX-License-Identifier: GPL-3.0-or-later
#include "host/ppp_lower.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace octroi {
namespace {

// eth0 and eth1 have the indexes 1 and 2, ppp interfaces the next ones.
class PppLower : public ::testing::Test {
protected:
    PppLower() {
        add("eth0", "");
        add("eth1", "");
    }
    void add(const char* name, const char* kind) {
        Interface i;
        i.name = name;
        i.kind = kind;
        i.index = static_cast<int>(present.size()) + 1;
        present.push_back(i);
    }
    void set(const std::vector<std::string>& sessions) {
        std::vector<Interface*> all;
        for (Interface& i : present) all.push_back(&i);
        set_lower_of_ppp(all, sessions);
    }

    std::vector<Interface> present;
};

TEST_F(PppLower, AsManySessionsAsInterfacesOnOneInterface) {
    add("ppp0", "ppp");
    add("ppp1", "ppp");
    set({"eth1", "eth1"});
    EXPECT_EQ(present[2].lower, 2);
    EXPECT_EQ(present[3].lower, 2);
    EXPECT_TRUE(present[2].possible_lower.empty());
    EXPECT_EQ(present[0].lower, 0);
}

// One of them is a modem, or of L2TP: which one is not known.
TEST_F(PppLower, FewerSessionsThanInterfaces) {
    add("ppp0", "ppp");
    add("ppp5", "ppp");
    set({"eth0"});
    for (const std::size_t at : {2U, 3U}) {
        EXPECT_EQ(present[at].lower, 0);
        EXPECT_EQ(present[at].possible_lower, std::vector<int>{1});
        EXPECT_FALSE(present[at].is_on_possible_lower);
    }
}

TEST_F(PppLower, SessionsOnTwoInterfaces) {
    add("ppp0", "ppp");
    add("ppp1", "ppp");
    set({"eth0", "eth1"});
    EXPECT_EQ(present[2].lower, 0);
    EXPECT_EQ(present[2].possible_lower, (std::vector<int>{1, 2}));
    EXPECT_TRUE(present[2].is_on_possible_lower);
}

TEST_F(PppLower, NoSessionsOrOnAnInterfaceThatIsNotHere) {
    add("ppp0", "ppp");
    set({});
    EXPECT_EQ(present[2].lower, 0);
    EXPECT_TRUE(present[2].possible_lower.empty());
    set({"eth9"});
    EXPECT_EQ(present[2].lower, 0);
    EXPECT_FALSE(present[2].is_on_possible_lower);
}

}  // namespace
}  // namespace octroi
