// SPDX-License-Identifier: GPL-3.0-or-later
#include "meter/capture/forwarded_frames.hpp"

#include <gtest/gtest.h>

#include <map>
#include <vector>

namespace octroi::capture {
namespace {

constexpr Duration now = Duration::seconds(10);

// The time is the number of the frame.
Sample frame(std::int64_t number, std::uint64_t flow = 1) {
    Sample sample{};
    sample.time = number;
    sample.packet.outcome = packet::Outcome::ip;
    sample.packet.key.words[0] = flow;
    return sample;
}

class ForwardedFramesTest : public ::testing::Test {
protected:
    ForwardedFramesTest() : frames_(*ForwardedFrames::create(2, 1)) {}
    void push(std::size_t interface, const Sample& sample) {
        frames_.push(interface, sample, false, now,
                     [&](const Sample& s) { released_.push_back(s.time); });
    }
    void release(std::int64_t until, Duration at = now) {
        frames_.release(UtcTime{until}, Duration{}, at,
                        [&](const Sample& s) { released_.push_back(s.time); });
    }
    ForwardedFrames frames_;
    std::vector<std::int64_t> released_;
};

TEST_F(ForwardedFramesTest, ReleasesInTheOrderOfTimesUpToTheTimeRead) {
    push(0, frame(2));
    push(1, frame(1));
    push(0, frame(4));
    push(1, frame(3));
    release(2);
    EXPECT_EQ(released_, (std::vector<std::int64_t>{1, 2}));
    release(1, now + ForwardedFrames::wait_max);
    EXPECT_EQ(released_, (std::vector<std::int64_t>{1, 2, 3, 4})) << "none waits longer";
}

TEST_F(ForwardedFramesTest, ReleasesTheEarliestFramesWhereTooManyWait) {
    const auto limit = static_cast<std::int64_t>(WaitingFrames::limit);
    push(1, frame(0));
    // A released frame may overwrite the caller's sample, as in LiveMeter's batch.
    Sample shared{};
    std::map<std::int64_t, int> seen;
    const auto emit = [&](const Sample& s) {
        ++seen[s.time];
        shared = s;
    };
    for (std::int64_t i = 1; i <= limit + 10; ++i) {
        shared = frame(i);
        frames_.push(0, shared, false, now, emit);
    }
    // The frame of the other interface is the earliest one and goes first.
    EXPECT_EQ(seen.size(), 11U);
    EXPECT_EQ(seen.begin()->first, 0);
    EXPECT_EQ(seen.rbegin()->first, 10);
    frames_.release(UtcTime::max(), Duration{}, now, emit);
    EXPECT_EQ(seen.size(), static_cast<std::size_t>(limit) + 11);
    for (const auto& [time, count] : seen) ASSERT_EQ(count, 1) << time;
}

}  // namespace
}  // namespace octroi::capture
