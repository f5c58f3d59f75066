// SPDX-License-Identifier: GPL-3.0-or-later
#include "meter/capture/fragment_table.hpp"

#include <gtest/gtest.h>

namespace octroi::capture {
namespace {

constexpr UtcTime start = UtcTime::from_seconds(1'700'000'000);

packet::Packet fragment(std::uint32_t id, Family family = Family::v4, std::uint16_t port = 0,
                        std::uint8_t proto = 17) {
    packet::Packet p{};
    p.key.words = {1, 0, 2, 0, port, static_cast<std::uint64_t>(family) << 8U | proto};
    p.fragment_id = id;
    return p;
}

TEST(FragmentTable, ALaterFragmentGetsTheServiceOfItsFirst) {
    FragmentTable table(1);
    table.store(fragment(7, Family::v4, 4000), start);
    packet::Packet later = fragment(7);
    EXPECT_TRUE(table.resolve(later, start));
    EXPECT_EQ(later.key.sport(), 4000);
    packet::Packet other = fragment(8);
    EXPECT_FALSE(table.resolve(other, start));
    packet::Packet tcp = fragment(7, Family::v4, 0, 6);
    EXPECT_FALSE(table.resolve(tcp, start));
    table.store(fragment(7, Family::v4, 5000), start);  // the identification is used again
    EXPECT_TRUE(table.resolve(later, start));
    EXPECT_EQ(later.key.sport(), 5000);
}

TEST(FragmentTable, InVersion6TheProtocolIsThatOfTheFirst) {
    FragmentTable table(1);
    table.store(fragment(7, Family::v6, 4000), start);
    packet::Packet later =
        fragment(7, Family::v6, 0, 60);  // destination options stand in the first
    EXPECT_TRUE(table.resolve(later, start));
    EXPECT_EQ(later.key.proto(), 17);
}

TEST(FragmentTable, EntriesExpireInBothDirectionsOfTime) {
    FragmentTable table(1);
    table.store(fragment(7, Family::v4, 4000), start);
    packet::Packet later = fragment(7);
    const Duration beyond{FragmentTable::timeout.ns + 1};
    EXPECT_TRUE(table.resolve(later, start + FragmentTable::timeout));
    EXPECT_FALSE(table.resolve(later, start + beyond));
    EXPECT_FALSE(table.resolve(later, start - beyond));
    EXPECT_TRUE(table.save(start + beyond).empty());
}

TEST(FragmentTable, TheOldestEntryIsEvictedAndSavingKeepsTheOrder) {
    FragmentTable table(1);
    for (std::uint32_t id = 0; id <= FragmentTable::limit; ++id)
        table.store(fragment(id, Family::v4, 4000), start);
    EXPECT_EQ(table.size(), FragmentTable::limit);
    EXPECT_EQ(table.evicted(), 1U);
    packet::Packet first = fragment(0);
    packet::Packet second = fragment(1);
    EXPECT_FALSE(table.resolve(first, start));
    EXPECT_TRUE(table.resolve(second, start));
    FragmentTable again(2);
    const std::string saved = table.save(start);
    ASSERT_TRUE(again.restore(saved).has_value());
    EXPECT_EQ(again.save(start), saved);
    again.store(fragment(1'000'000, Family::v4, 1), start);
    second = fragment(1);
    EXPECT_FALSE(again.resolve(second, start));
    FragmentTable damaged(3);
    EXPECT_FALSE(damaged.restore(saved.substr(1)).has_value());
}

}  // namespace
}  // namespace octroi::capture
