// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/token_bucket.hpp"

#include <gtest/gtest.h>

namespace octroi {
namespace {

TEST(TokenBucket, AllowsABurstAndThenTheRate) {
    TokenBucket bucket(100, 5);
    Duration now = Duration::seconds(1000);
    int consumed = 0;
    while (bucket.try_consume(now)) ++consumed;
    EXPECT_EQ(consumed, 5);
    EXPECT_EQ(bucket.wait(now), Duration::milliseconds(10));
    for (int ms = 0; ms < 1000; ++ms) {
        now = now + Duration::milliseconds(1);
        if (bucket.try_consume(now)) ++consumed;
    }
    EXPECT_EQ(consumed, 105);
}

TEST(TokenBucket, IsFullAgainAfterAPause) {
    TokenBucket bucket(10, 3);
    for (const int second : {0, 100, 200}) {
        int consumed = 0;
        while (bucket.try_consume(Duration::seconds(second))) ++consumed;
        EXPECT_EQ(consumed, 3);
    }
}

}  // namespace
}  // namespace octroi
