// SPDX-License-Identifier: GPL-3.0-or-later
#include "meter/journal/saved_position.hpp"

#include <gtest/gtest.h>

#include "base/id.hpp"

namespace octroi::journal {
namespace {

// Ledgers contain it. The octets are those of commit c282105: version, segment, slot, snapshot.
TEST(FrozenPosition, OfAJournalHasTheOctetsOfEarlierVersions) {
    const SavedPosition p{{258, 772}, "state"};
    EXPECT_EQ(to_hex(encode(p)),
              "01"
              "0000000000000102"
              "00000304"
              "000000057374617465");
    const auto read = decode_saved_position(encode(p));
    ASSERT_TRUE(read.has_value());
    EXPECT_EQ(read->at.segment, 258U);
    EXPECT_EQ(read->at.slot, 772U);
    EXPECT_EQ(read->snapshot, "state");
}

}  // namespace
}  // namespace octroi::journal
