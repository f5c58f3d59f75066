// SPDX-License-Identifier: GPL-3.0-or-later
#include "wire/exporter/interface_names.hpp"

#include <gtest/gtest.h>

namespace octroi::exporter {
namespace {

struct InterfaceNamesTest : testing::Test {
    MemoryBudget budget{1U << 20U};
    MemoryShare memory{budget};
    InterfaceNames names{1, 8, memory};
};

TEST_F(InterfaceNamesTest, UpdatesOnlyWhatIsKnownAndCutsOff) {
    EXPECT_FALSE(names.update(3, "eth3"));
    names.add(3, "eth3");
    EXPECT_EQ(names.find(3), "eth3");
    EXPECT_TRUE(names.update(3, "GigabitEthernet0/3"));
    EXPECT_EQ(names.find(3), "GigabitE");
    EXPECT_EQ(names.find(4), "");
    names.add(4, "TenGigabitEthernet0/4");
    EXPECT_EQ(names.find(4), "TenGigab");
}

TEST_F(InterfaceNamesTest, ChargesTheGreatestLength) {
    names.add(3, "a");
    EXPECT_EQ(memory.octets(), names.cost());
    EXPECT_TRUE(names.update(3, "a longer name"));
    EXPECT_EQ(memory.octets(), names.cost());
    EXPECT_GT(names.cost(), 8U);
}

TEST_F(InterfaceNamesTest, SavesAndRestores) {
    names.add(3, "eth3");
    names.add(4, "eth4");
    ByteWriter saved;
    names.save(saved);
    InterfaceNames other(2, 8, memory);
    ByteCursor from(as_octets(saved.octets()));
    ASSERT_TRUE(other.restore(from, 2));
    EXPECT_EQ(from.left(), 0U);
    EXPECT_EQ(other.find(4), "eth4");
    ByteCursor too_many(as_octets(saved.octets()));
    EXPECT_FALSE(InterfaceNames(2, 8, memory).restore(too_many, 1));
    ByteCursor too_long(as_octets(saved.octets()));
    EXPECT_FALSE(InterfaceNames(2, 3, memory).restore(too_long, 2));
}

}  // namespace
}  // namespace octroi::exporter
