// SPDX-License-Identifier: GPL-3.0-or-later
#include "meter/normalize/exporter_index.hpp"

#include <gtest/gtest.h>

namespace octroi::normalize {
namespace {

// Forged exporters cannot use up the names of good ones: next hops are left a quarter of the table.
TEST(ExporterIndex, InterfacesLeaveSpaceForNextHops) {
    ExporterIndex index;
    constexpr std::size_t most = NameTable::rows_of_a_kind(NameTable::rows_max);
    std::size_t named = 0;
    for (std::uint32_t exporter = 1; named < most; ++exporter) {
        ExporterEntry& entry = index.of(Address::v4(exporter));
        for (std::uint32_t i = 1; i <= ExporterIndex::interfaces_per_exporter_max; ++i)
            if (index.interface(entry, i) != no_name) ++named;
        ASSERT_LE(exporter, ExporterIndex::exporters_max);
    }
    EXPECT_EQ(index.names().refused(), 0U);
    ExporterEntry& good = index.of(*parse_address("192.0.2.1"));
    EXPECT_EQ(index.interface(good, 1), no_name);
    EXPECT_EQ(index.names().refused(), 1U);
    const NameRef next_hop = index.next_hop(good, *parse_address("192.0.2.9"));
    ASSERT_EQ(next_hop, most + 1);
    EXPECT_EQ(index.names().rows()[next_hop - 1].text, "192.0.2.9");
    EXPECT_EQ(index.next_hop(good, *parse_address("192.0.2.9")), next_hop);
}

}  // namespace
}  // namespace octroi::normalize
