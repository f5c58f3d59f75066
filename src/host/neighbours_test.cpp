// SPDX-License-Identifier: GPL-3.0-or-later
#include "host/neighbours.hpp"

#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

namespace octroi {
namespace {

TEST(Neighbours, HasNoneOfANetworkForDocuments) {
    for (const char* text : {"192.0.2.77", "2001:db8::77"}) {
        const auto mac = neighbour_mac(*parse_address(text));
        ASSERT_TRUE(mac) << mac.error().text;
        EXPECT_FALSE(*mac);
    }
}

// The kernel shows the same table as text for IPv4.
TEST(Neighbours, AreThoseOfTheKernel) {
    std::ifstream table("/proc/net/arp");
    std::string line;
    std::getline(table, line);
    while (std::getline(table, line)) {
        std::istringstream fields(line);
        std::string address, type, flags, mac;
        fields >> address >> type >> flags >> mac;
        const auto expected = parse_mac(mac);
        if (!expected || expected->empty()) continue;
        EXPECT_EQ(neighbour_mac(*parse_address(address)).value(), *expected) << line;
    }
}

}  // namespace
}  // namespace octroi
