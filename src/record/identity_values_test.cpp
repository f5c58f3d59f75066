// SPDX-License-Identifier: GPL-3.0-or-later
#include "record/identity_values.hpp"

#include <gtest/gtest.h>

#include "record/identity.hpp"
#include "record/identity_event.hpp"

namespace octroi {
namespace {

TEST(IdentityValues, AreCanonical) {
    for (const Identity& identity :
         {identity_of(*parse_address("10.1.2.3")), identity_of(*parse_address("2001:db8::1")),
          identity_of(*parse_prefix("2001:db8:1::/56")),
          identity_of(*parse_mac("0:30:ca:b8:d9:BC")), user_identity("alice@example.org").value(),
          peer_identity("YWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWE=")})
        EXPECT_TRUE(is_canonical(identity)) << identity.value;
    EXPECT_EQ(identity_of(*parse_address("10.1.2.3")).value, "10.1.2.3/32");
    EXPECT_FALSE(user_identity(""));
    EXPECT_FALSE(user_identity("two words"));
    EXPECT_FALSE(
        (IdentityEvent{{}, identity_of(*parse_address("10.1.2.3")), no_holder()}.is_held()));
}

}  // namespace
}  // namespace octroi
