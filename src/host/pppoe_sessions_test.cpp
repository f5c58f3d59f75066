// SPDX-License-Identifier: GPL-3.0-or-later
#include "host/pppoe_sessions.hpp"

#include <gtest/gtest.h>

namespace octroi {
namespace {

TEST(PppoeSessions, TheInterfaceOfEachSession) {
    EXPECT_EQ(parse_pppoe_sessions("Id       Address              Device\n"
                                   "00000A00 02:00:00:00:00:01     eth1\n"
                                   "00000B00 02:00:00:00:00:02     eth1\n"
                                   "00000C00 02:00:00:00:00:02   eth2.7\n"),
              (std::vector<std::string>{"eth1", "eth1", "eth2.7"}));
    EXPECT_TRUE(parse_pppoe_sessions("Id       Address              Device\n").empty());
    EXPECT_TRUE(parse_pppoe_sessions("").empty());
    EXPECT_TRUE(parse_pppoe_sessions("Id\ncut 02:00\n").empty());
}

}  // namespace
}  // namespace octroi
