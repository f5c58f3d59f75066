// SPDX-License-Identifier: GPL-3.0-or-later
#include "attribute/outside_end.hpp"

#include <gtest/gtest.h>

namespace octroi {
namespace {

const Address v4 = Address::v4(0xcb007105U);

TEST(OutsideEnd, IsAnAddressWithOrWithoutPortAndProtocol) {
    EXPECT_EQ(*parse_outside_end("203.0.113.5"), (OutsideEnd{v4, {}, {}}));
    EXPECT_EQ(*parse_outside_end("203.0.113.5:40000"), (OutsideEnd{v4, 40000, {}}));
    EXPECT_EQ(*parse_outside_end("203.0.113.5:40000/tcp"), (OutsideEnd{v4, 40000, 6}));
    EXPECT_EQ(*parse_outside_end("203.0.113.5/icmp"), (OutsideEnd{v4, {}, 1}));
    EXPECT_EQ(*parse_outside_end("203.0.113.5/47"), (OutsideEnd{v4, {}, 47}));
    const Address v6 = *parse_address("2001:db8::5");
    EXPECT_EQ(*parse_outside_end("2001:db8::5"), (OutsideEnd{v6, {}, {}}));
    EXPECT_EQ(*parse_outside_end("[2001:db8::5]"), (OutsideEnd{v6, {}, {}}));
    EXPECT_EQ(*parse_outside_end("[2001:db8::5]:443/udp"), (OutsideEnd{v6, 443, 17}));
}

TEST(OutsideEnd, IsNothingElse) {
    for (const char* text :
         {"", "x", "203.0.113", "203.0.113.5:", "203.0.113.5:65536", "203.0.113.5:-1",
          "203.0.113.5:40000/", "203.0.113.5/nothing", "203.0.113.5/256", "[2001:db8::5]443",
          "[2001:db8::5", "[]:1", ":40000/tcp"}) {
        const auto end = parse_outside_end(text);
        ASSERT_FALSE(end) << text;
        EXPECT_EQ(end.error().code, ErrorCode::invalid);
    }
}

}  // namespace
}  // namespace octroi
