// SPDX-License-Identifier: GPL-3.0-or-later
#include "host/ebpf/interface_table.hpp"

#include <bpf/bpf.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <vector>

#include "host/file.hpp"

namespace octroi {
namespace {

constexpr std::uint32_t covered_bit = 0x80000000U;

Fd new_map(std::uint32_t value_octets, std::uint32_t entries) {
    return Fd(
        bpf_map_create(BPF_MAP_TYPE_HASH, "test", sizeof(int), value_octets, entries, nullptr));
}

// Of the map, by index; 0: there is none.
std::uint32_t entry(const Fd& table, std::uint32_t index) {
    std::uint32_t value = 0;
    (void)bpf_map_lookup_elem(table.get(), &index, &value);
    return value;
}

TEST(InterfaceTable, CoveredInterfacesAreNotLeftOutOfAFullTable) {
    if (::geteuid() != 0) GTEST_SKIP() << "needs root";
    const Fd table = new_map(4, 2);
    const Fd names = new_map(16, 8);
    if (table.get() < 0 || names.get() < 0) GTEST_SKIP() << "no maps in this kernel";
    bool is_changed = false;
    const std::vector<EbpfInterface> three{
        {1, "a", false}, {2, "b", true}, {3, "c", false}, {4, "d", true}};
    const Status put = put_interfaces(table.get(), names.get(), three, is_changed);
    ASSERT_FALSE(put.has_value());
    EXPECT_EQ(put.error().code, ErrorCode::no_space);
    EXPECT_NE(put.error().text.find("2 of 4 interfaces"), std::string::npos) << put.error().text;
    EXPECT_TRUE(is_changed);
    EXPECT_NE(entry(table, 2) & covered_bit, 0U);
    EXPECT_NE(entry(table, 4) & covered_bit, 0U);
    EXPECT_EQ(entry(table, 1), 0U);
    // Those that are gone leave their space to others.
    const std::vector<EbpfInterface> two{{1, "a", false}, {3, "c", true}};
    ASSERT_TRUE(put_interfaces(table.get(), names.get(), two, is_changed).has_value());
    EXPECT_EQ(entry(table, 2), 0U);
    EXPECT_NE(entry(table, 1), 0U);
    is_changed = false;
    ASSERT_TRUE(put_interfaces(table.get(), names.get(), two, is_changed).has_value());
    EXPECT_FALSE(is_changed);
}

TEST(InterfaceTable, AnInterfaceWithoutSpaceForItsNameIsStillCovered) {
    if (::geteuid() != 0) GTEST_SKIP() << "needs root";
    const Fd table = new_map(4, 8);
    const Fd names = new_map(16, 1);
    if (table.get() < 0 || names.get() < 0) GTEST_SKIP() << "no maps in this kernel";
    bool is_changed = false;
    const std::vector<EbpfInterface> two{{1, "a", true}, {2, "b", true}};
    ASSERT_TRUE(put_interfaces(table.get(), names.get(), two, is_changed).has_value());
    EXPECT_EQ(entry(table, 1), covered_bit | 1U);
    EXPECT_EQ(entry(table, 2), covered_bit);
}

}  // namespace
}  // namespace octroi
