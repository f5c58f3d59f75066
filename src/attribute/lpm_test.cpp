// SPDX-License-Identifier: GPL-3.0-or-later
#include "attribute/lpm.hpp"

#include <gtest/gtest.h>

#include <random>

namespace octroi {
namespace {

std::uint32_t search(const std::vector<LpmEntry>& entries, const Address& address) {
    std::uint32_t value = Lpm::no_match;
    int longest = -1;
    for (const LpmEntry& entry : entries) {
        if (entry.prefix.length >= longest && entry.prefix.contains(address)) {
            longest = entry.prefix.length;
            value = entry.value;
        }
    }
    return value;
}

LpmEntry entry(const char* prefix, std::uint32_t value) { return {*parse_prefix(prefix), value}; }
Address address(const char* text) { return *parse_address(text); }

TEST(Lpm, EmptyMatchesNothing) {
    const Lpm lpm;
    EXPECT_EQ(lpm.find(address("10.0.0.1")), Lpm::no_match);
    EXPECT_EQ(lpm.find(address("::1")), Lpm::no_match);
    EXPECT_EQ(lpm.find(Address{}), Lpm::no_match);
    EXPECT_EQ(Lpm(std::vector<LpmEntry>{}).find(address("::1")), Lpm::no_match);
}

TEST(Lpm, TheLongestPrefixWins) {
    const Lpm lpm({entry("10.0.0.0/8", 1), entry("0.0.0.0/0", 2), entry("10.1.2.3/32", 3),
                   entry("10.1.2.0/24", 4), entry("2001:db8::/32", 5), entry("2001:db8::1/128", 6),
                   entry("10.1.2.0/24", 7), entry("2001:db8::/127", 8)});
    EXPECT_EQ(lpm.find(address("10.1.2.3")), 3U);
    EXPECT_EQ(lpm.find(address("10.1.2.4")), 7U) << "of one prefix twice the later entry";
    EXPECT_EQ(lpm.find(address("10.1.3.4")), 1U);
    EXPECT_EQ(lpm.find(address("11.1.3.4")), 2U);
    EXPECT_EQ(lpm.find(address("2001:db8::1")), 6U);
    EXPECT_EQ(lpm.find(address("2001:db8::")), 8U);
    EXPECT_EQ(lpm.find(address("2001:db8::2")), 5U);
    EXPECT_EQ(lpm.find(address("2001:db9::2")), Lpm::no_match);
    EXPECT_EQ(lpm.find(address("::ffff:10.1.2.3")), Lpm::no_match) << "mapped addresses stay IPv6";
}

// Addresses near each other, so that prefixes nest. Few distinct values, so that there are runs of
// equal leaves.
Address nearby(std::mt19937_64& random, Family family) {
    std::array<std::uint8_t, 16> octets{};
    for (auto& octet : octets) {
        const std::uint64_t r = random();
        octet = static_cast<std::uint8_t>((r & 3U) == 0 ? r >> 8U : (r >> 8U & 1U) * 0xC0U);
    }
    return family == Family::v4 ? Address::v4(octets.data()) : Address::v6(octets.data());
}

void compare_with_search(std::uint64_t seed, std::size_t count, std::size_t lookups) {
    std::mt19937_64 random(seed);
    std::vector<LpmEntry> entries;
    for (std::size_t i = 0; i < count; ++i) {
        const Address a = nearby(random, random() % 2 == 0 ? Family::v4 : Family::v6);
        const int length = static_cast<int>(random() % (static_cast<std::uint64_t>(a.bits()) + 1));
        entries.push_back({Prefix::of(a, length), static_cast<std::uint32_t>(random() % 5)});
    }
    const Lpm lpm(entries);
    for (std::size_t i = 0; i < lookups; ++i) {
        Address a = nearby(random, random() % 2 == 0 ? Family::v4 : Family::v6);
        if (!entries.empty() && random() % 2 == 0)
            a = entries[random() % entries.size()].prefix.address;
        ASSERT_EQ(lpm.find(a), search(entries, a)) << "seed " << seed << ", " << to_string(a);
    }
}

TEST(Lpm, AgreesWithASearchThroughAllPrefixes) {
    for (std::uint64_t seed = 1; seed <= 400; ++seed) compare_with_search(seed, seed % 60, 300);
    for (std::uint64_t seed = 1; seed <= 3; ++seed) compare_with_search(1000 + seed, 3000, 2000);
    compare_with_search(2000, 80'000, 300);
}

}  // namespace
}  // namespace octroi
