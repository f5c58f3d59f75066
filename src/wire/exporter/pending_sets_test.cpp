// SPDX-License-Identifier: GPL-3.0-or-later
#include "wire/exporter/pending_sets.hpp"

#include <gtest/gtest.h>

#include <optional>

namespace octroi::exporter {
namespace {

const UtcTime start = UtcTime::from_seconds(1'790'000'000);

bool any(const PendingSet& /*set*/) { return true; }

struct PendingSetsTest : testing::Test {
    PendingSetsTest() { limits.pending_octets = 3 * PendingSets::cost(4); }
    void add(StreamKey stream, std::uint16_t id, const std::string& octets, UtcTime since = start) {
        pending->add({{stream, id}, {}, {}, octets, since});
    }

    Limits limits;
    MemoryBudget budget{1U << 20U};
    MemoryBudget total{1U << 16U};
    MemoryShare memory{budget};
    std::optional<PendingSets> pending{std::in_place, 1, limits, memory, total};
};

TEST_F(PendingSetsTest, AreExtractedByTheirTemplateInTheOrderOfArrival) {
    add(7, 256, "aaaa");
    add(7, 257, "bbbb");
    add(8, 256, "cccc");
    add(7, 256, "dddd");
    const auto sets = pending->extract({7, 256}, any);
    ASSERT_EQ(sets.size(), 2U);
    EXPECT_EQ(sets[0].octets, "aaaa");
    EXPECT_EQ(sets[1].octets, "dddd");
    EXPECT_TRUE(pending->extract({7, 256}, any).empty());
    EXPECT_EQ(pending->count(), 2U);
}

TEST_F(PendingSetsTest, OthersOfTheKeyStayInTheirOrder) {
    add(7, 256, "aaaa");
    add(7, 256, "bb");
    add(7, 256, "cccc");
    const auto sets =
        pending->extract({7, 256}, [](const PendingSet& set) { return set.octets.size() == 2; });
    ASSERT_EQ(sets.size(), 1U);
    EXPECT_EQ(pending->count(), 2U);
    const auto others = pending->extract({7, 256}, any);
    ASSERT_EQ(others.size(), 2U);
    EXPECT_EQ(others[0].octets, "aaaa");
    EXPECT_EQ(pending->octets(), 0U);
}

TEST_F(PendingSetsTest, AreChargedToTheExporterAndToAll) {
    add(7, 256, "aaaa");
    add(7, 257, "bbbb");
    const std::size_t two = 2 * PendingSets::cost(4);
    EXPECT_EQ(pending->octets(), two);
    EXPECT_EQ(memory.octets(), two);
    EXPECT_EQ(total.used(), two);
    EXPECT_TRUE(pending->drop_oldest());
    EXPECT_EQ(memory.octets(), two / 2);
    pending.reset();
    EXPECT_EQ(memory.octets(), 0U);
    EXPECT_EQ(total.used(), 0U);
}

TEST_F(PendingSetsTest, HaveALimitForOneExporterAndForAll) {
    add(7, 256, "aaaa");
    add(7, 256, "bbbb");
    EXPECT_TRUE(pending->fits(PendingSets::cost(4)));
    EXPECT_FALSE(pending->fits(PendingSets::cost(5)));
    total.charge((1U << 16U) - total.used() - PendingSets::cost(3));
    EXPECT_FALSE(pending->fits(PendingSets::cost(4)));
    EXPECT_TRUE(pending->fits(PendingSets::cost(3)));
    total.release(total.used() - pending->octets());
}

TEST_F(PendingSetsTest, TheOldestOfAllIsDroppedFirst) {
    EXPECT_FALSE(pending->drop_oldest());
    add(7, 256, "aaaa");
    add(7, 257, "bbbb");
    add(7, 256, "cccc");
    EXPECT_TRUE(pending->drop_oldest());
    EXPECT_EQ(pending->extract({7, 256}, any).size(), 1U);
    EXPECT_TRUE(pending->drop_oldest());
    EXPECT_TRUE(pending->empty());
}

TEST_F(PendingSetsTest, ExpireAfterTheirLifetime) {
    add(7, 256, "aaaa");
    add(7, 257, "bbbb", start + Duration::minutes(1));
    EXPECT_EQ(pending->expire(start + PendingSets::lifetime), 0U);
    EXPECT_EQ(pending->expire(start + PendingSets::lifetime + Duration::seconds(1)), 1U);
    EXPECT_TRUE(pending->extract({7, 256}, any).empty());
    EXPECT_EQ(pending->count(), 1U);
}

TEST_F(PendingSetsTest, AClockThatIsSetBackKeepsNoneForEver) {
    add(7, 256, "aaaa", start + Duration::hours(1000));
    EXPECT_EQ(pending->expire(start), 0U);
    EXPECT_EQ(pending->expire(start + Duration::minutes(31)), 1U);
}

TEST_F(PendingSetsTest, ThoseOfOneStreamAreDropped) {
    add(7, 256, "aaaa");
    add(8, 256, "bbbb");
    add(7, 257, "cccc");
    EXPECT_EQ(pending->drop_stream(7), 2U);
    EXPECT_EQ(pending->extract({8, 256}, any).size(), 1U);
}

TEST_F(PendingSetsTest, SaveAndRestore) {
    add(7, 256, "aaaa");
    add(7, 256, "bbbb", start + Duration::minutes(1));
    ByteWriter saved;
    pending->save(saved);
    PendingSets other(2, limits, memory, total);
    ByteCursor from(as_octets(saved.octets()));
    ASSERT_TRUE(other.restore(from));
    EXPECT_EQ(from.left(), 0U);
    EXPECT_EQ(other.octets(), pending->octets());
    const auto sets = other.extract({7, 256}, any);
    ASSERT_EQ(sets.size(), 2U);
    EXPECT_EQ(sets[1].octets, "bbbb");
    EXPECT_EQ(sets[1].since, start + Duration::minutes(1));
    limits.pending_octets = PendingSets::cost(4);
    ByteCursor again(as_octets(saved.octets()));
    EXPECT_FALSE(PendingSets(2, limits, memory, total).restore(again));
}

}  // namespace
}  // namespace octroi::exporter
