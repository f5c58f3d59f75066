// SPDX-License-Identifier: GPL-3.0-or-later
#include "meter/capture/interface_position.hpp"

#include <gtest/gtest.h>

#include "base/id.hpp"

namespace octroi::capture {
namespace {

// Ledgers contain it. The octets were written by commit c282105.
TEST(FrozenPosition, OfAnInterfaceHasTheOctetsOfEarlierVersions) {
    const InterfacePosition p{"boot", 3, 1000, 10, UtcTime{1'790'000'000'123'456'789}};
    const std::string saved = p.save();
    EXPECT_EQ(to_hex(saved),
              "0100000004626f6f740000000300000000000003e8000000000000000a18d75b842b4ecd15");
    const auto read = InterfacePosition::parse(saved);
    ASSERT_TRUE(read.has_value());
    EXPECT_EQ(read->save(), saved);
}

}  // namespace
}  // namespace octroi::capture
