// SPDX-License-Identifier: GPL-3.0-or-later
#include "meter/counters/peer_addresses.hpp"

#include <gtest/gtest.h>

#include "record/testing/identity_sink.hpp"

namespace octroi::counters {
namespace {

using Texts = std::vector<std::string>;

class PeerAddressesTest : public ::testing::Test {
protected:
    Texts update(const std::vector<std::pair<const char*, const char*>>& peers,
                 Duration after = {}) {
        std::vector<PeerPrefix> present;
        for (const auto& [prefix, peer] : peers) present.push_back({*parse_prefix(prefix), peer});
        Texts texts;
        for (const IdentityEvent& event :
             addresses_.update(present, *parse_rfc3339("2026-11-28T12:00:00Z") + after, after))
            texts.push_back(octroi::testing::event_text(event).substr(11));
        return texts;
    }
    PeerAddresses addresses_;
};

TEST_F(PeerAddressesTest, AreStatedWhenTheyChange) {
    EXPECT_EQ(update({{"10.0.0.2", "a"}, {"10.1.0.0/16", "b"}}),
              (Texts{"12:00:00Z 10.0.0.2/32 > a until 2026-11-29T12:00:00Z",
                     "12:00:00Z 10.1.0.0/16 > b until 2026-11-29T12:00:00Z"}));
    EXPECT_EQ(update({{"10.0.0.2", "a"}, {"10.1.0.0/16", "b"}}, Duration::seconds(1)), Texts{});
    EXPECT_EQ(update({{"10.0.0.2", "b"}}, Duration::seconds(2)),
              (Texts{"12:00:02Z 10.1.0.0/16 > nobody",
                     "12:00:02Z 10.0.0.2/32 > b until 2026-11-29T12:00:02Z"}));
}

TEST_F(PeerAddressesTest, AreStatedAgainInTime) {
    (void)update({{"10.0.0.2", "a"}});
    EXPECT_EQ(update({{"10.0.0.2", "a"}}, Duration::hours(11)), Texts{});
    EXPECT_EQ(update({{"10.0.0.2", "a"}}, Duration::hours(12)).size(), 1U);
}

TEST_F(PeerAddressesTest, TheWholeInternetIsNoAddressOfAPeer) {
    EXPECT_EQ(update({{"0.0.0.0/0", "a"},
                      {"128.0.0.0/1", "a"},
                      {"::/0", "a"},
                      {"fc00::/7", "a"},
                      {"10.0.0.0/8", "a"}})
                  .size(),
              1U);
    EXPECT_EQ(addresses_.refused(), 4U);
}

TEST_F(PeerAddressesTest, OfTwoPeersTheFirstOneCounts) {
    EXPECT_EQ(update({{"10.0.0.2", "a"}, {"10.0.0.2", "b"}}).size(), 1U);
    EXPECT_EQ(update({{"10.0.0.2", "a"}, {"10.0.0.2", "b"}}, Duration::seconds(1)), Texts{});
}

}  // namespace
}  // namespace octroi::counters
