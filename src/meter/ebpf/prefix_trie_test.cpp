// SPDX-License-Identifier: GPL-3.0-or-later
#include "meter/ebpf/prefix_trie.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

namespace octroi::ebpf {
namespace {

std::uint32_t found(const PrefixTrie& trie, const char* address) {
    return trie.find(*parse_address(address));
}

TEST(PrefixTrie, TheLongestPrefixDecides) {
    PrefixTrie trie;
    for (const auto& [text, value] :
         std::vector<std::pair<const char*, std::uint32_t>>{{"0.0.0.0/0", 1},
                                                            {"10.0.0.0/8", 2},
                                                            {"10.1.0.0/16", 3},
                                                            {"10.1.2.0/23", 4},
                                                            {"10.1.2.0/24", 5},
                                                            {"10.1.2.128/25", 6},
                                                            {"10.1.2.129/32", 7}})
        EXPECT_TRUE(trie.add(*parse_prefix(text), value));
    EXPECT_EQ(found(trie, "192.0.2.1"), 1U);
    EXPECT_EQ(found(trie, "10.255.0.1"), 2U);
    EXPECT_EQ(found(trie, "10.1.255.1"), 3U);
    EXPECT_EQ(found(trie, "10.1.3.1"), 4U);
    EXPECT_EQ(found(trie, "10.1.2.1"), 5U);
    EXPECT_EQ(found(trie, "10.1.2.128"), 6U);
    EXPECT_EQ(found(trie, "10.1.2.129"), 7U);
}

TEST(PrefixTrie, AgreesWithASearchOfAllPrefixes) {
    std::mt19937 random(5);
    std::vector<PrefixValue> all;
    for (std::uint32_t i = 1; i <= 2000; ++i) {
        const int length = static_cast<int>(random() % 33U);
        const Address address = Address::v4(0x0A000000U | (random() & 0x3FFFFU));
        all.push_back({Prefix::of(address, length), i});
    }
    std::ranges::stable_sort(all, {}, [](const PrefixValue& p) { return p.prefix.length; });
    PrefixTrie trie;
    for (const PrefixValue& one : all) EXPECT_TRUE(trie.add(one.prefix, one.value));
    for (int i = 0; i < 5000; ++i) {
        const Address address = Address::v4(0x0A000000U | (random() & 0x3FFFFU));
        std::uint32_t expected = 0;
        for (const PrefixValue& one : all)
            if (one.prefix.contains(address)) expected = one.value;
        EXPECT_EQ(trie.find(address), expected) << to_string(address);
    }
}

}  // namespace
}  // namespace octroi::ebpf
