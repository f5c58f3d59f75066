// SPDX-License-Identifier: GPL-3.0-or-later
#include "ledger/plausible.hpp"

#include <gtest/gtest.h>

#include "ledger/testing/batches.hpp"

namespace octroi::testing {
namespace {

constexpr std::uint64_t most = bucket_bytes_max;

// "from > to: bytes", of each bucket.
std::vector<std::string> texts(const Batch& batch) {
    EXPECT_FALSE(find_violation(batch)) << find_violation(batch)->text;
    std::vector<std::string> all;
    for (const Transfer& t : batch.transfers)
        all.push_back(to_string(batch.parties[t.from]) + " > " + to_string(batch.parties[t.to]) +
                      ": " + std::to_string(t.volume.bytes.value()));
    std::sort(all.begin(), all.end());
    return all;
}

TEST(Plausible, LeavesWhatALinkCanCarry) {
    Batch batch = BatchBuilder(1)
                      .transfer(0, account("a"), outside("x"), "web", most)
                      .transfer(1, account("a"), outside("x"), "web", most)
                      .build();
    const Batch before = batch;
    exclude_implausible(batch);
    EXPECT_EQ(batch.transfers, before.transfers);
    EXPECT_EQ(batch.parties, before.parties);
}

TEST(Plausible, ExcludesATransferAndKeepsTheOthersOfTheBatch) {
    Batch batch = BatchBuilder(1)
                      .transfer(0, account("a"), outside("x"), "web", most + 1)
                      .transfer(0, account("a"), outside("x"), "mail", 10)
                      .transfer(0, outside("x"), account("b"), "web", 20)
                      .transfer(0, account("c"), outside("x"), "web", 30, bucket_packets_max + 1)
                      .build();
    exclude_implausible(batch);
    EXPECT_EQ(texts(batch), (std::vector<std::string>{
                                "a > @excluded/implausible: " + std::to_string(most + 1),
                                "a > x: 10", "c > @excluded/implausible: 30", "x > b: 20"}));
}

TEST(Plausible, ExcludesAnAccountOfManyTransfersButNotItsOtherBuckets) {
    BatchBuilder builder(1);
    for (int i = 0; i < 5; ++i)
        builder.transfer(0, account("a"), outside("x" + std::to_string(i)), "web", most / 4);
    Batch batch = builder.transfer(0, account("b"), outside("x"), "web", 7)
                      .transfer(1, account("a"), outside("x"), "web", 8)
                      .build();
    exclude_implausible(batch);
    EXPECT_EQ(texts(batch), (std::vector<std::string>{
                                "a > @excluded/implausible: " + std::to_string(5 * (most / 4)),
                                "a > x: 8", "b > x: 7"}));
}

TEST(Plausible, ExcludesABucketOfManyAccounts) {
    BatchBuilder builder(1);
    for (int i = 0; i < 20; ++i)
        builder.transfer(0, account("a" + std::to_string(i)), outside("x"), "web", most - 1);
    Batch batch = builder.transfer(1, account("b"), outside("x"), "web", 7).build();
    exclude_implausible(batch);
    const auto rows = texts(batch);
    EXPECT_EQ(rows.size(), 21U);
    EXPECT_EQ(std::ranges::count_if(
                  rows, [](const auto& row) { return row.find("implausible") != row.npos; }),
              20);
}

// Of samples, the counted part stays what it was.
TEST(Plausible, JoinsSampledCounts) {
    Batch batch = BatchBuilder(1)
                      .transfer(0, account("a"), outside("x"), "web", most + 2, 10)
                      .transfer(0, account("a"), outside("y"), "web", most + 4, 20)
                      .sampled({0, Bytes(5), Packets(1), 3, 4})
                      .build();
    exclude_implausible(batch);
    ASSERT_EQ(batch.transfers.size(), 1U);
    ASSERT_EQ(batch.sampled.size(), 1U);
    EXPECT_EQ(batch.sampled[0], (SampledVolume{0, Bytes(most + 9), Packets(21), 3, 4}));
    EXPECT_FALSE(find_violation(batch));
}

}  // namespace
}  // namespace octroi::testing
