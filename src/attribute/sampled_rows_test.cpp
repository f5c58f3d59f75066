// SPDX-License-Identifier: GPL-3.0-or-later
#include "attribute/sampled_rows.hpp"

#include <gtest/gtest.h>

#include <array>
#include <map>
#include <random>

#include "attribute/attributor.hpp"
#include "record/estimate.hpp"
#include "record/identity.hpp"

namespace octroi {
namespace {

constexpr std::int64_t start = 1'700'000'100'000'000'000;  // the start of a bucket
constexpr std::uint64_t second = 1'000'000'000;

Attributor make_attributor() {
    Directory directory;
    directory.bindings = {{1, *parse_identity("10.1.0.0/16"), "alice", {}, false},
                          {2, *parse_identity("10.2.0.0/16"), "bob", {}, false}};
    return {std::make_shared<const CompiledDirectory>(directory),
            std::make_shared<const CompiledClasses>(), std::make_shared<const CompiledServices>(),
            1};
}

Reading reading(std::uint64_t bytes, std::uint64_t packets, std::uint32_t rate) {
    Reading r;
    r.first = r.last = {start};
    r.bytes = bytes * std::max(rate, 1U);
    r.packets = packets * std::max(rate, 1U);
    r.flows = 1;
    r.proto = 6;
    r.dport = 80;
    r.src = *parse_address("10.1.0.1");
    r.dst = *parse_address("8.8.8.8");
    r.sampling = rate;
    return r;
}

Attributed attributed(Attributor& attributor, std::span<const Reading> readings) {
    attributor.accept(readings);
    return attributor.make_attributed();
}

TEST(Sampled, NothingIsSaidWhereNothingIs) {
    Attributor attributor = make_attributor();
    const std::array readings{reading(100, 2, 0), reading(100, 2, 1)};
    EXPECT_TRUE(attributed(attributor, readings).sampled.empty());
}

TEST(Sampled, CountedPacketsStandBesideTheScaledOnes) {
    Attributor attributor = make_attributor();
    Reading other = reading(40, 1, 10);
    other.src = *parse_address("10.2.0.1");
    const std::array readings{reading(3000, 2, 100), reading(500, 5, 0), other};
    const Attributed made = attributed(attributor, readings);
    ASSERT_EQ(made.transfers.size(), 2U);
    // alice: 2 packets of 1500 bytes for 200, and 5 as they are.
    EXPECT_EQ(made.transfers[0].volume, (Volume{Bytes(300'500), Packets(205), Flows(2)}));
    const std::vector<SampledVolume> expected{
        {0, Bytes(3500), Packets(7), saturated_variance(Uint128{300'000} * 99 * 1500, 1U << 20U),
         std::uint64_t{2} * 100 * 99},
        {1, Bytes(40), Packets(1), 1, 90}};
    EXPECT_EQ(made.sampled, expected);
    // The next batch starts empty.
    EXPECT_TRUE(attributed(attributor, std::array{reading(1, 1, 0)}).sampled.empty());
}

TEST(Sampled, PartsOfASplitReadingKeepTheSums) {
    std::mt19937_64 random(8);
    Attributor attributor = make_attributor();
    for (int round = 0; round < 500; ++round) {
        const auto rate = static_cast<std::uint32_t>(2 + random() % 2000);
        Reading r = reading(random() % 100'000, random() % 100, rate);
        r.first.ns += static_cast<std::int64_t>(random() % (300 * second));
        r.last.ns = r.first.ns + static_cast<std::int64_t>(random() % (4000 * second));
        const Attributed made = attributed(attributor, {&r, 1});
        std::uint64_t bytes = 0;
        std::uint64_t packets = 0;
        std::uint64_t variance = 0;
        std::uint32_t at = 0;
        for (const SampledVolume& row : made.sampled) {
            const Volume& volume = made.transfers.at(row.transfer).volume;
            EXPECT_TRUE(at == 0 || row.transfer >= at);
            at = row.transfer + 1;
            EXPECT_LE(row.bytes, volume.bytes);
            EXPECT_LE(row.packets, volume.packets);
            bytes += volume.bytes.value() - row.bytes.value();
            packets += volume.packets.value() - row.packets.value();
            variance += row.packets_variance;
        }
        EXPECT_EQ(bytes, r.bytes - r.bytes / rate);
        EXPECT_EQ(packets, r.packets - r.packets / rate);
        // A part so small that nothing was added to it says nothing.
        EXPECT_LE(variance, r.packets * (rate - 1));
        EXPECT_GE(variance + 2 * made.transfers.size() * rate, r.packets * (rate - 1));
    }
}

// ---- FEATURES.md, billing error bars --------------------------------------------------------

// A flow as it was sent: alice or bob, full packets, bare ones or a mix of all sizes.
struct SentFlow {
    std::vector<std::uint64_t> sizes;
    bool of_alice = false;
};

struct Truth {
    std::vector<SentFlow> flows;
    std::map<std::string, Volume> sent;
};

Truth make_truth(std::mt19937_64& random, std::size_t flows) {
    Truth truth;
    for (std::size_t i = 0; i < flows; ++i) {
        SentFlow flow;
        flow.of_alice = random() % 20 == 0;
        flow.sizes.resize(1 + random() % 40);
        const auto kind = random() % 3;
        for (std::uint64_t& size : flow.sizes)
            size = kind == 0 ? 1500 : kind == 1 ? 40 + random() % 12 : 40 + random() % 1461;
        Volume& sent = truth.sent[flow.of_alice ? "alice" : "bob"];
        for (const std::uint64_t size : flow.sizes) sent += {Bytes(size), Packets(1), {}};
        truth.flows.push_back(std::move(flow));
    }
    return truth;
}

// The readings of an exporter that samples each packet with the probability 1 / rate.
std::vector<Reading> sample(const Truth& truth, std::uint32_t rate, std::mt19937_64& random) {
    std::vector<Reading> readings;
    std::geometric_distribution<std::uint64_t> gap(1.0 / rate);
    std::uint64_t skip = gap(random);
    for (const SentFlow& flow : truth.flows) {
        std::uint64_t bytes = 0;
        std::uint64_t packets = 0;
        for (; skip < flow.sizes.size(); skip += 1 + gap(random)) {
            bytes += flow.sizes[skip];
            ++packets;
        }
        skip -= flow.sizes.size();
        if (packets == 0) continue;
        readings.push_back(reading(bytes, packets, rate));
        if (!flow.of_alice) readings.back().src = *parse_address("10.2.0.1");
    }
    return readings;
}

Estimate estimate_of(const Attributed& made, std::uint32_t transfer) {
    for (const SampledVolume& row : made.sampled) {
        const Volume& volume = made.transfers[transfer].volume;
        if (row.transfer == transfer)
            return {volume.bytes.value() - row.bytes.value(),
                    volume.packets.value() - row.packets.value(), row.bytes_variance,
                    row.packets_variance};
    }
    return {};
}

TEST(Sampled, TheStatedErrorCoversTheTruth) {
    constexpr int runs = 1000;
    const auto off = [](std::uint64_t a, std::uint64_t b) { return a > b ? a - b : b - a; };
    for (const std::uint32_t rate : {10U, 100U, 1000U}) {
        std::mt19937_64 random(rate);
        const Truth truth = make_truth(random, 4000);
        std::map<std::string, std::array<int, 2>> covered;
        Attributor attributor = make_attributor();
        for (int run = 0; run < runs; ++run) {
            const Attributed made = attributed(attributor, sample(truth, rate, random));
            for (const auto& [account, sent] : truth.sent) {
                Volume seen;
                Estimate estimate;
                for (std::uint32_t i = 0; i < made.transfers.size(); ++i) {
                    if (made.parties[made.transfers[i].from].name != account) continue;
                    seen += made.transfers[i].volume;
                    estimate += estimate_of(made, i);
                }
                covered[account][0] += off(seen.packets.value(), sent.packets.value()) <=
                                       estimate.packets_error().value_or(0);
                covered[account][1] += off(seen.bytes.value(), sent.bytes.value()) <=
                                       estimate.bytes_error().value_or(0);
            }
        }
        for (const auto& [account, right] : covered) {
            EXPECT_GE(right[0], runs * 93 / 100) << account << " packets, 1 in " << rate;
            EXPECT_GE(right[1], runs * 93 / 100) << account << " bytes, 1 in " << rate;
            RecordProperty(account + "_1_in_" + std::to_string(rate),
                           std::to_string(right[0]) + " " + std::to_string(right[1]));
        }
    }
}

}  // namespace
}  // namespace octroi
