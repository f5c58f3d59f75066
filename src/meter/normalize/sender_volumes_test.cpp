// SPDX-License-Identifier: GPL-3.0-or-later
#include "meter/normalize/sender_volumes.hpp"

#include <gtest/gtest.h>

#include "meter/normalize/flow_normalizer.hpp"

namespace octroi::normalize {
namespace {

constexpr UtcTime sent = UtcTime::from_seconds(1'790'000'000);

class Booked final : public FlowSink {
public:
    void accept(std::span<const Reading> readings) override {
        last = readings.back();
        count += readings.size();
    }
    Reading last;
    std::size_t count = 0;
};

class ManySenders : public ::testing::Test {
protected:
    ManySenders() { normalizer_.set_sink(&booked_); }
    void give(const Address& exporter, const Address& sender, std::uint64_t bytes = 1000) {
        flow::FlowRecord record;
        record.fields = flow::bit(flow::Field::bytes) | flow::bit(flow::Field::packets) |
                        flow::bit(flow::Field::in_if);
        record.bytes = bytes;
        record.packets = 1;
        record.in_if = 3;
        normalizer_.records({.exporter = exporter, .received = sent, .sender = sender},
                            std::span(&record, 1));
        normalizer_.flush();
    }
    [[nodiscard]] std::string interface_of_last() const {
        const NameRef name = booked_.last.interface;
        return name == no_name ? "" : normalizer_.names().rows()[name - 1].text;
    }

    static constexpr std::uint32_t agents = 4200;
    const Address honest_ = Address::v4(0xc0000201U);
    const Address forger_ = Address::v4(0xc0000202U);
    Booked booked_;
    FlowNormalizer normalizer_{{}, 1};
};

TEST_F(ManySenders, AgentsOfOneTakeNeitherInterfacesNorVolumeOfAnother) {
    give(Address::v4(0xc0000203U), {});
    for (std::uint32_t agent = 1; agent <= agents; ++agent) give(Address::v4(agent), forger_);
    for (std::uint32_t i = 0; i < 20; ++i)
        give(Address::v4(0x0b000000U + i), Address::v4(0xc0000204U), std::uint64_t{1} << 47U);
    const std::size_t before = booked_.count;
    (void)normalizer_.drain_losses();
    give(honest_, {});
    EXPECT_EQ(booked_.count, before + 1);
    EXPECT_EQ(booked_.last.kind, ReadingKind::ip);
    EXPECT_EQ(interface_of_last(), "192.0.2.1#3");
    EXPECT_TRUE(normalizer_.drain_losses().empty());
}

TEST_F(ManySenders, TheBoundOfALossOutlivesTheNamesOfItsExporter) {
    give(honest_, {}, 1500);
    (void)normalizer_.drain_observed();
    for (std::uint32_t agent = 1; agent <= agents; ++agent) give(Address::v4(agent), forger_);
    normalizer_.gap({.exporter = honest_, .received = sent}, {.lost = 2, .interval = {sent, sent}});
    const std::vector<Loss> losses = normalizer_.drain_losses();
    ASSERT_EQ(losses.size(), 1U);
    EXPECT_EQ(losses[0].bytes_bound, 3000U);
}

// No sender of a batch shares the limit of another one.
TEST_F(ManySenders, EndABatch) {
    for (std::uint32_t sender = 1; sender <= SenderVolumes::senders_max; ++sender) {
        ASSERT_FALSE(normalizer_.is_full());
        give(Address::v4(sender), {});
    }
    EXPECT_TRUE(normalizer_.is_full());
    (void)normalizer_.drain_observed();
    EXPECT_FALSE(normalizer_.is_full());
    give(honest_, {});
    EXPECT_FALSE(normalizer_.is_full());
}

TEST(SenderVolumesTest, ReplacesTheLongestSilentOneOfAnEarlierBatch) {
    constexpr auto most = static_cast<std::uint32_t>(SenderVolumes::senders_max);
    SenderVolumes volumes;
    for (std::uint32_t sender = 1; sender <= most; ++sender)
        volumes.of(Address::v4(sender), 1).largest_record = sender;
    EXPECT_TRUE(volumes.is_full(1));
    // Beyond the limit of a batch: a shared one.
    SenderVolume& shared = volumes.of(Address::v4(most + 1), 1);
    EXPECT_EQ(&volumes.of(Address::v4(most + 2), 1), &shared);
    EXPECT_EQ(volumes.of(Address::v4(1), 2).largest_record, 1U);
    EXPECT_FALSE(volumes.is_full(2));
    EXPECT_NE(&volumes.of(Address::v4(most + 1), 2), &shared);
    EXPECT_EQ(volumes.largest_record(Address::v4(1)), 1U);
    EXPECT_EQ(volumes.largest_record(Address::v4(2)), 0U) << "replaced";
    EXPECT_EQ(volumes.largest_record(Address::v4(3)), 3U);
}

}  // namespace
}  // namespace octroi::normalize
