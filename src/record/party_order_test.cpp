// SPDX-License-Identifier: GPL-3.0-or-later
#include "record/party_order.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>
#include <random>

namespace octroi {
namespace {

// Texts that begin alike, end inside one another and hold every octet but 0.
std::string some_text(std::mt19937_64& random) {
    std::string text(random() % 3 * 9, random() % 2 == 0 ? 'a' : '\xff');
    for (std::uint64_t length = random() % 12; length > 0; --length)
        text += random() % 4 == 0 ? static_cast<char>(1 + random() % 255) : 'a';
    return text;
}

TEST(PartyOrder, IsThatOfComparing) {
    std::mt19937_64 random(7);
    for (const std::size_t count : {0U, 1U, 5U, 300U, 20'000U}) {
        std::vector<Party> parties;
        for (std::size_t i = 0; i < count; ++i) {
            parties.push_back(
                {static_cast<PartyKind>(1 + random() % 4), some_text(random), some_text(random)});
        }
        std::vector<std::uint32_t> order(count);
        std::iota(order.begin(), order.end(), 0U);
        std::vector<std::uint32_t> wanted = order;
        std::stable_sort(wanted.begin(), wanted.end(),
                         [&](std::uint32_t a, std::uint32_t b) { return parties[a] < parties[b]; });
        sort_parties(parties, order);
        EXPECT_EQ(order, wanted) << count;
    }
}

TEST(PartyOrder, OfASelectionAndOfVeryLongNames) {
    std::vector<Party> parties;
    for (const char* end : {"c", "", "b", "a"})
        for (int i = 0; i < 4; ++i)
            parties.push_back({PartyKind::outside, std::string(5000, 'x') + end, {}});
    std::vector<std::uint32_t> order = {15, 0, 4, 8, 12, 5, 9, 1};
    sort_parties(parties, order);
    EXPECT_EQ(order, (std::vector<std::uint32_t>{4, 5, 15, 12, 8, 9, 0, 1}));
}

}  // namespace
}  // namespace octroi
