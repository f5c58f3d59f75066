// SPDX-License-Identifier: GPL-3.0-or-later
#include "wire/exporter/sequence_tracker.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace octroi::exporter {
namespace {

using Arrival = SequenceTracker::Arrival;

// A stream of messages, a second apart.
struct Stream {
    explicit Stream(Numbering numbering) : sequence(numbering) {}

    Arrival send(std::uint32_t number, std::optional<std::uint32_t> records = 1,
                 std::uint32_t content = 0, std::optional<std::uint32_t> uptime = std::nullopt) {
        now = now + Duration::seconds(1);
        if (content == 0) content = ++fresh;
        const Arrival arrival = sequence.arrive({number, content, now, uptime});
        std::optional<SequenceTracker::Records> counts;
        if (records) counts = {*records, templates};
        if (arrival != Arrival::duplicate) sequence.advance(counts);
        while (const auto gap = sequence.pop_closed_gap()) reported.push_back(*gap);
        return arrival;
    }
    std::uint64_t lost(bool all = true) {
        while (const auto gap = all ? sequence.pop_gap() : sequence.pop_closed_gap())
            reported.push_back(*gap);
        std::uint64_t sum = 0;
        for (const Gap& gap : reported) sum += gap.length;
        return sum;
    }

    SequenceTracker sequence;
    std::uint32_t templates = 0;  // of each message
    UtcTime now = UtcTime::from_seconds(1'700'000'000);
    std::uint32_t fresh = 1000;
    std::vector<Gap> reported;
};

TEST(Sequence, CountsInOrderAndAcrossTheEndOfTheNumbers) {
    Stream s(Numbering::records_before);
    std::uint32_t next = 0xffffffff - 100;
    for (int i = 0; i < 50; ++i, next += 24) EXPECT_EQ(s.send(next, 24), Arrival::in_order);
    EXPECT_EQ(s.lost(), 0U);
}

TEST(Sequence, AGapIsReportedWhenItLeavesTheWindow) {
    Stream s(Numbering::records_before);
    s.send(0, 30);
    const UtcTime before = s.now;
    EXPECT_EQ(s.send(90, 30), Arrival::ahead);
    const UtcTime after = s.now;
    EXPECT_EQ(s.lost(false), 0U);
    for (std::uint32_t i = 1; i <= SequenceTracker::window; ++i) s.send(90 + 30 * i, 30);
    ASSERT_EQ(s.reported.size(), 1U);
    EXPECT_EQ(s.reported[0].length, 60U);
    EXPECT_EQ(s.reported[0].interval, (Interval{before, after}));
    EXPECT_EQ(s.lost(), 60U);
}

TEST(Sequence, AClockThatIsSetBackTurnsNoIntervalAround) {
    for (const Numbering numbering : {Numbering::records_before, Numbering::records_including}) {
        Stream s(numbering);
        const std::uint32_t with = numbering == Numbering::records_before ? 0 : 30;
        s.send(0 + with, 30);
        const UtcTime before = s.now;
        s.now = s.now - Duration::hours(2);
        s.send(90 + with, 30);
        const UtcTime after = s.now;
        s.send(150 + with, 30);
        EXPECT_EQ(s.lost(), 90U);
        ASSERT_EQ(s.reported.size(), 2U);
        EXPECT_EQ(s.reported[0].interval, (Interval{after, before}));
        // Later times are those of the new clock.
        EXPECT_EQ(s.reported[1].interval, (Interval{after, s.now}));
        EXPECT_EQ(s.sequence.last_received(), s.now);
    }
}

TEST(Sequence, AGapIsReportedByTimeToo) {
    for (const int minutes : {11, -11}) {
        Stream s(Numbering::messages);
        s.send(1);
        s.send(5);
        EXPECT_FALSE(s.sequence.pop_expired_gap(s.now + Duration::minutes(9)).has_value());
        const auto gap = s.sequence.pop_expired_gap(s.now + Duration::minutes(minutes));
        ASSERT_TRUE(gap.has_value());
        EXPECT_EQ(gap->length, 3U);
        EXPECT_FALSE(s.sequence.pop_gap().has_value());
    }
}

TEST(Sequence, ARestartIsSeenWhereTheCountIsNotKnown) {
    Stream s(Numbering::records_before);
    s.send(500'000, std::nullopt);
    EXPECT_EQ(s.send(500'300, std::nullopt), Arrival::in_order);
    EXPECT_EQ(s.send(500'200, std::nullopt), Arrival::in_order);
    EXPECT_EQ(s.send(20, std::nullopt), Arrival::restart);
    EXPECT_EQ(s.send(40, std::nullopt), Arrival::in_order);
    EXPECT_EQ(s.send(0, std::nullopt), Arrival::restart);
    EXPECT_EQ(s.send(0, std::nullopt), Arrival::in_order);
    EXPECT_EQ(s.lost(), 0U);
}

TEST(Sequence, ALateMessageShrinksTheGap) {
    Stream s(Numbering::records_before);
    s.send(0, 10);
    s.send(40, 10);
    EXPECT_EQ(s.send(20, 10), Arrival::late);
    EXPECT_EQ(s.lost(), 20U);
    ASSERT_EQ(s.reported.size(), 2U);  // before and behind the late message
    EXPECT_EQ(s.reported[0].begin, 10U);
    EXPECT_EQ(s.reported[1].begin, 30U);
}

TEST(Sequence, AnyOrderWithinTheWindowLosesNothing) {
    Stream s(Numbering::messages);
    s.send(0);
    for (std::uint32_t block = 0; block < 20; ++block)
        for (std::uint32_t i = 0; i < 16; ++i) s.send(1 + block * 16 + (i * 7 + 3) % 16);
    EXPECT_EQ(s.lost(), 0U);
}

TEST(Sequence, TheSameMessageTwiceIsADuplicate) {
    Stream s(Numbering::messages);
    s.send(5, 1, 77);
    s.send(6, 1, 78);
    EXPECT_EQ(s.send(5, 1, 77), Arrival::duplicate);
    EXPECT_EQ(s.send(6, 1, 78), Arrival::duplicate);
    EXPECT_EQ(s.send(7), Arrival::in_order);
    // The same number with other content is another message.
    EXPECT_NE(s.send(6, 1, 79), Arrival::duplicate);
    EXPECT_EQ(s.send(8), Arrival::in_order);
    EXPECT_EQ(s.lost(), 0U);
}

TEST(Sequence, ARestartIsNoLoss) {
    Stream by_uptime(Numbering::records_before);
    by_uptime.send(100'000, 30, 0, 5'000'000);
    EXPECT_EQ(by_uptime.send(10, 30, 0, 2000), Arrival::restart);
    EXPECT_EQ(by_uptime.send(40, 30, 0, 3000), Arrival::in_order);
    EXPECT_EQ(by_uptime.lost(), 0U);

    Stream by_zero(Numbering::records_before);
    by_zero.send(100'000, 30);
    EXPECT_EQ(by_zero.send(0, 30), Arrival::restart);
    EXPECT_EQ(by_zero.send(30, 30), Arrival::in_order);

    Stream by_the_next(Numbering::records_before);
    by_the_next.send(100'000, 30);
    EXPECT_EQ(by_the_next.send(60, 30), Arrival::late);
    EXPECT_EQ(by_the_next.send(90, 30), Arrival::restart);
    EXPECT_EQ(by_the_next.send(120, 30), Arrival::in_order);
    EXPECT_EQ(by_the_next.lost(), 0U);

    Stream by_far(Numbering::messages);
    by_far.send(0x40000000);
    EXPECT_EQ(by_far.send(0x70000000), Arrival::restart);
    EXPECT_EQ(by_far.lost(), 0U);
}

TEST(Sequence, SilenceMakesALargeGapPlausible) {
    Stream s(Numbering::records_before);
    s.send(0, 30);
    s.now = s.now + Duration::minutes(10);
    EXPECT_EQ(s.send(30'000'030, 30), Arrival::ahead);
    EXPECT_EQ(s.lost(), 30'000'000U);
}

TEST(Sequence, AVeryLateMessageIsNoRestart) {
    Stream s(Numbering::messages);
    for (std::uint32_t i = 0; i < 200; ++i)
        if (i != 50) s.send(i);
    EXPECT_EQ(s.lost(false), 1U);
    EXPECT_EQ(s.send(50), Arrival::late);
    EXPECT_EQ(s.send(200), Arrival::in_order);
    EXPECT_EQ(s.lost(), 1U);
}

// Found by simulation: the number at which the exporter had restarted looked like that of another
// source.
TEST(Sequence, AGapAtTheNumberBeforeTheRestartIsALoss) {
    Stream s(Numbering::messages);
    for (std::uint32_t i = 0; i < 200; ++i) s.send(i, 1, 0, 1'000'000 + i * 1000);
    for (std::uint32_t i = 0; i < 199; ++i) s.send(i, 1, 0, 1000 + i * 1000);
    EXPECT_EQ(s.send(200, 1, 0, 201'000), Arrival::ahead);
    EXPECT_EQ(s.lost(), 1U);
}

TEST(Sequence, TwoSourcesBehindOneAddressMakeNoAbsurdLoss) {
    Stream s(Numbering::records_before);
    for (std::uint32_t i = 0; i < 300; ++i) {
        // Two messages of each in turn: the worst pattern.
        const bool second = i / 2 % 2 == 1;
        s.send((second ? 900'000 : 1000) + (i / 4 * 2 + i % 2) * 30, 30);
    }
    EXPECT_LT(s.lost(), 1000U);
}

TEST(Sequence, ExportersThatNumberNothingLoseNothing) {
    Stream s(Numbering::records_before);
    for (int i = 0; i < 200; ++i) EXPECT_NE(s.send(0, 30), Arrival::restart);
    EXPECT_EQ(s.lost(), 0U);
}

TEST(Sequence, AMessageOfUnknownCountMakesNoLoss) {
    Stream s(Numbering::records_before);
    s.send(0, 30);
    s.send(30, std::nullopt);
    EXPECT_EQ(s.send(75, 5), Arrival::in_order);
    EXPECT_EQ(s.send(80, 5), Arrival::in_order);
    EXPECT_EQ(s.lost(), 0U);
}

TEST(Sequence, ManyGapsAreBounded) {
    Stream s(Numbering::messages);
    for (std::uint32_t i = 0; i < 60; ++i) s.send(i * 2);
    EXPECT_EQ(s.reported.size(), 59 - SequenceTracker::max_gaps);
    EXPECT_EQ(s.lost(), 59U);
}

TEST(Sequence, IsSavedAndRestored) {
    Stream a(Numbering::records_before);
    for (const std::uint32_t number : {0U, 30U, 120U, 150U, 210U}) a.send(number, 30);
    ByteWriter w;
    a.sequence.save(w);
    Stream b(Numbering::messages);
    ByteCursor cursor(as_octets(w.octets()));
    ASSERT_TRUE(b.sequence.restore(cursor));
    EXPECT_EQ(cursor.left(), 0U);
    b.now = a.now;
    b.fresh = a.fresh;
    EXPECT_EQ(b.send(60, 30), Arrival::late);
    EXPECT_EQ(b.send(210, 30, 1005), Arrival::duplicate);
    EXPECT_EQ(b.send(240, 30), Arrival::in_order);
    EXPECT_EQ(b.lost(), 60U);
    for (std::size_t size = 0; size < w.octets().size(); ++size) {
        ByteCursor cut(as_octets(w.octets()).first(size));
        EXPECT_FALSE(SequenceTracker().restore(cut)) << size;
    }
}

// softflowd numbers an IPFIX message by the records sent up to and including it.
TEST(Sequence, AnExporterThatIncludesAMessagesOwnRecordsLosesNothing) {
    Stream s(Numbering::records_before);
    std::uint32_t sent = 0;
    for (const std::uint32_t records : {24U, 26U, 31U, 31U, 32U, 30U, 32U, 5U, 33U, 1U, 32U}) {
        sent += records;
        s.send(sent, records);
    }
    EXPECT_EQ(s.sequence.numbering(), Numbering::records_including);
    EXPECT_EQ(s.lost(), 0U);
    // Real losses are seen, also after a restore; a late message shrinks the gap.
    ByteWriter saved;
    s.sequence.save(saved);
    ByteCursor octets(as_octets(saved.octets()));
    ASSERT_TRUE(s.sequence.restore(octets));
    s.send(sent + 20 + 30, 30);
    EXPECT_EQ(s.send(sent + 20 + 30 + 7, 7, 1), Arrival::in_order);
    EXPECT_EQ(s.send(sent + 20 + 30 + 7, 7, 1), Arrival::duplicate);
    s.send(sent + 5, 5);
    EXPECT_EQ(s.lost(), 15U);
}

// softflowd is replaced by an exporter that follows the rule, at the same address.
TEST(Sequence, TheRuleAppliesAgainWhenAllMessagesFollowIt) {
    Stream s(Numbering::records_before);
    std::uint32_t sent = 0;
    for (const std::uint32_t records : {24U, 26U, 31U, 30U}) s.send(sent += records, records);
    ASSERT_EQ(s.sequence.numbering(), Numbering::records_including);
    for (const std::uint32_t records : {12U, 17U, 9U, 30U, 21U, 16U}) {
        s.send(sent, records);
        sent += records;
    }
    EXPECT_EQ(s.sequence.numbering(), Numbering::records_before);
    EXPECT_EQ(s.lost(), 0U);
    s.send(sent + 40, 3);
    EXPECT_EQ(s.lost(), 40U);
}

// A probe that is started for each of many captures, some of which end after one message. Its first
// message holds an options record, which softflowd does not count.
TEST(Sequence, AnExporterThatStartsAgainAndAgainLosesNothing) {
    for (const bool with_it : {false, true}) {
        Stream s(Numbering::records_before);
        for (std::uint32_t life = 0; life < 200; ++life) {
            std::uint32_t sent = 0;
            for (std::uint32_t i = 0; i < 1 + life * 7 % 4; ++i) {
                const std::uint32_t records = 1 + (life * 13 + i * 11) % 29;
                if (with_it)
                    s.send(sent + records, records + (i == 0 ? 1 : 0));
                else
                    s.send(sent, records, 0, 0);
                sent += records;
            }
        }
        EXPECT_EQ(s.lost(), 0U) << with_it;
    }
}

// It sends its template again with every fourth message.
TEST(Sequence, AnExporterThatCountsItsTemplatesLosesNothing) {
    Stream s(Numbering::records_before);
    std::uint32_t sent = 0;
    const auto send = [&](std::uint32_t i) {
        s.templates = i % 4 == 0 ? 2 : 0;
        s.send(sent, 5);
        sent += 5 + s.templates;
    };
    for (std::uint32_t i = 0; i < 40; ++i) send(i);
    EXPECT_EQ(s.sequence.numbering(), Numbering::records_and_templates);
    EXPECT_EQ(s.lost(), 0U);
    sent += 7;
    for (std::uint32_t i = 0; i < 10; ++i) send(i);
    EXPECT_EQ(s.lost(), 7U);
}

// A forged message, or one of another exporter behind the same address.
TEST(Sequence, AJumpThatNothingFollowsIsUndone) {
    for (const Numbering numbering : {Numbering::records_before, Numbering::messages}) {
        Stream s(numbering);
        for (std::uint32_t i = 0; i < 20; ++i) s.send(i);
        s.send(3000);
        for (std::uint32_t i = 20; i < 100; ++i) s.send(i);
        EXPECT_EQ(s.lost(), 0U);
        // A real gap is still seen.
        s.send(105);
        s.send(106);
        EXPECT_EQ(s.lost(), 5U);
    }
}

// The direction of a jump over half of all numbers is not known.
TEST(Sequence, AFewMessagesOfAnotherCountAreNoLoss) {
    Stream s(Numbering::records_before);
    for (std::uint32_t i = 0; i < 20; ++i) s.send(5 * i, 5);
    for (std::uint32_t i = 0; i < 3; ++i) s.send(100 + (1U << 31U) - 1 + i, 0);
    for (std::uint32_t i = 20; i < 30; ++i) s.send(5 * i, 5);
    EXPECT_EQ(s.lost(), 0U);
    s.send(153, 5);
    EXPECT_EQ(s.lost(), 3U);
}

// The gap is between messages of a count that goes on.
TEST(Sequence, AGapInAnExporterThatWasReplacedForAMomentIsALoss) {
    Stream s(Numbering::records_before);
    for (std::uint32_t i = 0; i < 20; ++i) s.send(5 * i, 5);
    s.send(107, 5);
    s.send(900'000'000, 1);
    for (std::uint32_t i = 0; i < 3; ++i) s.send(112 + 5 * i, 5);
    EXPECT_EQ(s.lost(), 7U);
}

TEST(Sequence, AGapInACountThatCameBackIsALoss) {
    Stream s(Numbering::records_before);
    for (std::uint32_t i = 0; i < 20; ++i) s.send(5 * i, 5);
    for (std::uint32_t i = 0; i < 4; ++i) s.send(900'000'000 + i, 1);
    s.send(100, 5);
    s.send(900'000'004, 1);
    s.send(900'000'007, 1);
    s.send(105, 5);
    EXPECT_EQ(s.lost(), 2U);
}

// What the kernel dropped at our socket is compared with the messages that are missing.
TEST(Sequence, EstimatesHowManyMessagesAreMissing) {
    Stream s(Numbering::records_before);
    for (std::uint32_t i = 0; i < 10; ++i) s.send(30 * i, 30);
    s.send(300 + 95, 7);
    s.send(402 + 1, 30);
    ByteWriter saved;
    s.sequence.save(saved);
    ByteCursor octets(as_octets(saved.octets()));
    SequenceTracker restored;
    ASSERT_TRUE(restored.restore(octets));
    for (SequenceTracker* sequence : {&s.sequence, &restored}) {
        const auto first = sequence->pop_gap();
        ASSERT_TRUE(first);
        EXPECT_EQ(sequence->messages_of(*first), 4U) << "messages hold 30 records at most";
        const auto second = sequence->pop_gap();
        ASSERT_TRUE(second);
        EXPECT_EQ(sequence->messages_of(*second), 1U);
    }
}

// Messages that another way delayed: the one that came early is counted when the others reach it.
TEST(Sequence, AnEarlyMessageIsReached) {
    Stream s(Numbering::records_before);
    for (const std::uint32_t i : {0U, 1U, 2U, 9U, 3U, 4U, 5U, 6U, 7U, 8U, 10U, 11U, 12U}) s.send(i);
    EXPECT_EQ(s.lost(), 0U);
}

TEST(Sequence, LossesDoNotLookLikeAnotherNumbering) {
    Stream s(Numbering::records_before);
    std::uint32_t sent = 0;
    std::uint32_t lost = 0;
    for (std::uint32_t i = 0; i < 399; ++i) {
        const std::uint32_t records = 10 + i * 7 % 21;
        if (i > 0 && i % 3 == 0)
            lost += records;
        else
            s.send(sent, records);
        sent += records;
    }
    EXPECT_EQ(s.sequence.numbering(), Numbering::records_before);
    EXPECT_EQ(s.lost(), lost);
}

}  // namespace
}  // namespace octroi::exporter
