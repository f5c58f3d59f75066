// SPDX-License-Identifier: GPL-3.0-or-later
#include "meter/nat/nat_table.hpp"

#include <gtest/gtest.h>

#include <random>

namespace octroi::nat {
namespace {

constexpr UtcTime day = UtcTime::from_seconds(1'790'000'000);
UtcTime at(int seconds) { return day + Duration::seconds(seconds); }

Address exporter(std::uint32_t number) { return Address::v4(0xc0000200U + number); }
Address outside(std::uint32_t number = 5) { return Address::v4(0xcb007100U + number); }
Address host(std::uint32_t number) { return Address::v4(0x0a000000U + number); }
const Address remote = Address::v4(0xc6336401U);

Translation binding(std::uint32_t inside, std::uint16_t port = 40000, std::uint32_t by = 1) {
    Translation t;
    t.exporter = exporter(by);
    t.outside = outside();
    t.protocol = 6;
    t.first_port = t.last_port = port;
    t.inside = host(inside);
    return t;
}

Translation block(std::uint32_t inside, std::uint16_t first, std::uint16_t last,
                  std::uint16_t step = 1) {
    Translation t = binding(inside);
    t.protocol = 0;
    t.first_port = first;
    t.last_port = last;
    t.port_step = step;
    return t;
}

class TranslationBookTest : public ::testing::Test {
protected:
    void begin(const Translation& t, int seconds) { book_.begin(t, at(seconds), at(seconds)); }
    void end(const Translation& t, int seconds) { book_.end(t, at(seconds), at(seconds)); }
    // The number of the inside host; 0: none.
    [[nodiscard]] std::uint32_t who(int first, int last, std::uint16_t port = 40000,
                                    std::uint32_t asked_by = 9, std::uint8_t proto = 6) const {
        const auto inside = book_.inside_of({exporter(asked_by), outside(), remote, proto, port,
                                             443, at(first), at(last), believed_});
        return inside ? inside->address.v4_value() - 0x0a000000U : 0;
    }
    [[nodiscard]] std::uint32_t who(int seconds) const { return who(seconds, seconds); }
    void restart() {
        ByteWriter out;
        book_.save(out);
        book_ = NatTable(7, limits_);
        ByteCursor in(as_octets(out.octets()));
        ASSERT_TRUE(book_.restore(in));
        EXPECT_EQ(in.left(), 0U);
    }

    std::vector<Prefix> believed_{Prefix::of(exporter(0), 24)};
    TranslationLimits limits_;
    NatTable book_{7};
};

TEST_F(TranslationBookTest, KnowsWhoHadAnOutsideEndWhen) {
    EXPECT_TRUE(book_.empty());
    begin(binding(1), 100);
    EXPECT_FALSE(book_.empty());
    EXPECT_EQ(who(90), 0U);
    EXPECT_EQ(who(100), 1U);
    EXPECT_EQ(who(100'000), 1U) << "it is not known to have ended";
    end(binding(1), 200);
    EXPECT_EQ(who(199), 1U);
    EXPECT_EQ(who(210), 0U);
    begin(binding(2), 220);
    EXPECT_EQ(who(150), 1U);
    EXPECT_EQ(who(230), 2U);
    EXPECT_EQ(who(230, 230, 40001), 0U) << "another port";
    EXPECT_EQ(who(230, 230, 40000, 9, 17), 0U) << "another protocol";
}

TEST_F(TranslationBookTest, ABeginningEndsWhatWasThereBefore) {
    begin(binding(1), 100);
    begin(binding(2), 200);
    EXPECT_EQ(who(150), 1U);
    EXPECT_EQ(who(250), 2U);
    const auto changes = book_.drain_changes();
    ASSERT_EQ(changes.size(), 2U);
    EXPECT_EQ(changes[0].valid, (Interval{at(100), at(200)}));
    EXPECT_EQ(changes[1].valid, (Interval{at(200), UtcTime::max()}));
}

TEST_F(TranslationBookTest, TakesWhatOvertookOneAnother) {
    begin(binding(2), 200);
    begin(binding(1), 100);
    EXPECT_EQ(who(150), 1U) << "a late beginning ends where the next one began";
    EXPECT_EQ(who(250), 2U);
    end(binding(3, 41000), 300);
    begin(binding(3, 41000), 290);
    EXPECT_EQ(who(295, 295, 41000), 3U);
    EXPECT_EQ(who(280, 280, 41000), 0U) << "the end had come before the beginning";
    const auto changes = book_.drain_changes();
    ASSERT_EQ(changes.size(), 3U);
    EXPECT_EQ(changes[2].valid, (Interval{at(290), at(300)}));
    EXPECT_EQ(book_.size(), 3U);
}

TEST_F(TranslationBookTest, AnEndAloneReachesBackForAnHour) {
    end(binding(1), 10'000);
    EXPECT_EQ(who(9'990), 1U);
    EXPECT_EQ(who(6'500), 1U);
    EXPECT_EQ(who(6'300), 0U);
    // But not into the time of another one.
    begin(binding(1, 41000), 9'000);
    end(binding(1, 41000), 9'500);
    end(binding(2, 41000), 10'000);
    EXPECT_EQ(who(9'400, 9'400, 41000), 1U);
    EXPECT_EQ(who(9'600, 9'600, 41000), 2U);
    end(binding(2, 41000), 10'100);
    EXPECT_EQ(who(10'050, 10'050, 41000), 2U) << "it must have begun once more";
}

TEST_F(TranslationBookTest, AnEndThatContradictsIsNotTaken) {
    begin(binding(1), 100);
    (void)book_.drain_changes();
    end(binding(2), 200);
    EXPECT_EQ(who(150), 1U);
    EXPECT_EQ(who(250), 1U) << "the living one goes on";
    EXPECT_EQ(book_.size(), 1U);
    EXPECT_TRUE(book_.drain_changes().empty());
    EXPECT_EQ(book_.contradicted(), 1U);
    // But it was not told too late of the one before.
    begin(binding(2), 300);
    end(binding(1), 310);
    EXPECT_EQ(who(320), 2U);
}

TEST_F(TranslationBookTest, WhatIsToldTwiceIsKnownOnce) {
    for (int i = 0; i < 3; ++i) begin(binding(1), 100);
    for (int i = 0; i < 3; ++i) end(binding(1), 200);
    begin(binding(1), 100);
    EXPECT_EQ(who(250), 0U);
    EXPECT_EQ(book_.drain_changes().size(), 1U);
    EXPECT_EQ(book_.size(), 1U);
}

TEST_F(TranslationBookTest, ClocksMayDifferALittle) {
    begin(binding(1), 100);
    end(binding(1), 200);
    begin(binding(2), 300);
    EXPECT_EQ(who(99), 1U);
    EXPECT_EQ(who(201), 1U);
    EXPECT_EQ(who(298), 2U);
    EXPECT_EQ(who(250), 0U);
    EXPECT_EQ(who(90, 120), 1U) << "else at its last";
    EXPECT_EQ(who(199, 310), 1U) << "but first at its first";
    begin(binding(3), 200);
    end(binding(3), 250);
    EXPECT_EQ(who(200), 3U) << "what holds goes before what is near";
}

TEST_F(TranslationBookTest, AnEndMayBeDatedALittleBeforeItsBeginning) {
    begin(binding(1), 100);
    end(binding(1), 99);
    EXPECT_EQ(book_.size(), 1U);
    EXPECT_EQ(who(110), 0U);
    // But what has begun anew goes on where the end was of the time before.
    begin(binding(2, 41000), 50);
    begin(binding(2, 41000), 100);
    end(binding(2, 41000), 99);
    EXPECT_EQ(who(110, 110, 41000), 2U);
}

TEST_F(TranslationBookTest, TheClosestDescriptionGoesFirst) {
    Translation whole = block(1, 0, 65535);
    begin(whole, 100);
    begin(block(2, 40000, 40999), 100);
    begin(binding(3), 100);
    Translation session = binding(4);
    session.remote = remote;
    session.remote_port = 443;
    begin(session, 100);
    EXPECT_EQ(who(110), 4U);
    end(session, 200);
    EXPECT_EQ(who(210), 3U);
    end(binding(3), 300);
    EXPECT_EQ(who(310), 2U);
    EXPECT_EQ(who(310, 310, 40999), 2U);
    EXPECT_EQ(who(310, 310, 41000), 1U);
    EXPECT_EQ(who(310, 310, 0, 9, 47), 1U) << "GRE has no ports";
    Translation elsewhere = session;
    elsewhere.inside = host(5);
    elsewhere.remote_port = 80;
    begin(elsewhere, 300);
    EXPECT_EQ(who(310), 2U) << "a session with another far end is none of this one's";
}

TEST_F(TranslationBookTest, KnowsTheInsidePortIfItWasTold) {
    Translation told = binding(1);
    told.inside_port = 1234;
    begin(told, 100);
    begin(block(2, 1024, 2047), 100);
    const auto port = [&](std::uint16_t of) {
        const auto inside =
            book_.inside_of({exporter(1), outside(), remote, 6, of, 443, at(110), at(110)});
        return inside ? inside->port : 65535;
    };
    EXPECT_EQ(port(40000), 1234);
    EXPECT_EQ(port(1024), 0);
}

TEST_F(TranslationBookTest, BlocksMayLieWithinOneAnother) {
    for (std::uint16_t i = 0; i < 32; ++i) begin(block(1U + i, 1024 + i, 2016 + i, 32), 100 + i);
    for (std::uint16_t port = 1024; port < 2048; ++port)
        ASSERT_EQ(who(1000, 1000, port), 1U + (port - 1024U) % 32U) << port;
    EXPECT_EQ(who(1000, 1000, 2048), 0U);
}

TEST_F(TranslationBookTest, AnExportersOwnWordGoesFirstElseTheLatest) {
    begin(binding(1, 40000, 1), 100);
    begin(binding(2, 40000, 2), 200);
    EXPECT_EQ(who(300, 300, 40000, 1), 1U);
    EXPECT_EQ(who(300, 300, 40000, 2), 2U);
    EXPECT_EQ(who(300, 300, 40000, 3), 2U);
    end(binding(2, 40000, 2), 400);
    EXPECT_EQ(who(500, 500, 40000, 3), 1U) << "one exporter ends nothing of another's";
    believed_ = {Prefix::of(exporter(1), 32)};
    EXPECT_EQ(who(300, 300, 40000, 3), 1U);
    EXPECT_EQ(who(300, 300, 40000, 2), 2U);
    believed_.clear();
    EXPECT_EQ(who(300, 300, 40000, 3), 0U);
    EXPECT_EQ(who(300, 300, 40000, 1), 1U);
}

TEST_F(TranslationBookTest, OutlivesARestart) {
    begin(binding(1), 100);
    end(binding(1), 200);
    begin(binding(2), 300);
    end(binding(3, 41000), 400);
    begin(block(4, 1024, 2047, 4), 100);
    restart();
    EXPECT_TRUE(book_.drain_changes().empty()) << "the ledger has them";
    EXPECT_EQ(who(150), 1U);
    EXPECT_EQ(who(350), 2U);
    EXPECT_EQ(who(350, 350, 1028), 4U);
    begin(binding(3, 41000), 390);
    EXPECT_EQ(who(380, 380, 41000), 0U) << "that its beginning was not known is known still";
    end(binding(2), 500);
    const auto changes = book_.drain_changes();
    ASSERT_EQ(changes.size(), 2U);
    EXPECT_EQ(changes[0].valid, (Interval{at(300), at(500)}));
}

TEST_F(TranslationBookTest, RefusesOctetsThatAreNoBook) {
    for (std::uint16_t i = 0; i < 20; ++i) begin(binding(i + 1U, 1000 + i), i);
    for (std::uint16_t i = 0; i < 10; ++i) end(binding(i + 1U, 1000 + i), 100 + i);
    ByteWriter out;
    book_.save(out);
    const std::string good = out.drain();
    for (std::size_t size = 0; size < good.size(); ++size) {
        NatTable other(1);
        ByteCursor in(as_octets(std::string_view(good).substr(0, size)));
        ASSERT_FALSE(other.restore(in)) << size;
        ASSERT_TRUE(other.empty() && other.drain_changes().empty());
    }
    std::mt19937_64 random(1);
    int refused = 0;
    for (int round = 0; round < 5000; ++round) {
        std::string bad = good;
        bad[random() % bad.size()] = static_cast<char>(random());
        NatTable other(1);
        ByteCursor in(as_octets(bad));
        if (!other.restore(in)) {
            ++refused;
            continue;
        }
        // What is taken can be gone on with.
        for (std::uint16_t i = 0; i < 20; ++i)
            other.end(binding(i + 1U, 1000 + i), at(200), at(200));
        EXPECT_GE(other.size(), 20U);
    }
    EXPECT_GT(refused, 500);
}

class FullBook : public TranslationBookTest {
protected:
    FullBook() {
        limits_ = {.places = 100, .exporters_of_address = 4, .changes = 100'000};
        book_ = NatTable(7, limits_);
    }
    static Translation numbered(std::uint32_t by, std::uint32_t number) {
        Translation t = binding(number + 1, 40000, by);
        t.outside = outside(number % 200);
        t.first_port = t.last_port = static_cast<std::uint16_t>(1024 + number / 200);
        return t;
    }
};

TEST_F(FullBook, NobodyTakesMoreThanHalfNorFromOthers) {
    for (std::uint32_t i = 0; i < 30; ++i) begin(numbered(1, i), 0);
    for (std::uint32_t i = 0; i < 5000; ++i) begin(numbered(2, i), 1);
    EXPECT_EQ(book_.size(), 80U);
    EXPECT_EQ(book_.forgotten(), 4950U);
    for (std::uint32_t by = 3; by < 200; ++by) begin(numbered(by, by), 2);
    EXPECT_EQ(book_.size(), 100U);
    for (std::uint32_t i = 0; i < 30; ++i) {
        const Translation t = numbered(1, i);
        const auto inside =
            book_.inside_of({exporter(1), t.outside, remote, 6, t.first_port, 443, at(10), at(10)});
        ASSERT_TRUE(inside.has_value()) << i;
        EXPECT_EQ(inside->address, t.inside) << i;
    }
}

TEST_F(FullBook, WhatIsOverMakesRoomFirst) {
    for (std::uint32_t i = 0; i < 50; ++i) begin(numbered(1, i), 0);
    end(numbered(1, 20), 10);
    begin(numbered(1, 60), 20);
    const auto known = [&](std::uint32_t i) {
        const Translation t = numbered(1, i);
        return book_.inside_of({exporter(1), t.outside, remote, 6, t.first_port, 443, at(5), at(5)})
            .has_value();
    };
    EXPECT_FALSE(known(20));
    EXPECT_TRUE(known(0));
    begin(numbered(1, 61), 20);
    EXPECT_FALSE(known(0)) << "then the oldest";
    EXPECT_EQ(book_.forgotten(), 2U);
    for (std::uint32_t i = 30; i < 40; ++i) end(numbered(1, i), 30);
    book_.begin(numbered(1, 62), at(7200), at(7200));
    EXPECT_EQ(book_.size(), 41U) << "what ended more than an hour ago goes by itself";
    EXPECT_EQ(book_.forgotten(), 2U);
}

TEST_F(FullBook, AnAddressHasSoManyWitnesses) {
    for (std::uint32_t by = 1; by <= 6; ++by) begin(binding(by, 40000, by), 0);
    EXPECT_EQ(book_.size(), 4U);
    EXPECT_EQ(book_.forgotten(), 2U);
    EXPECT_EQ(who(10, 10, 40000, 4), 4U);
}

TEST_F(FullBook, WhatIsRefusedTakesNoRoom) {
    for (std::uint32_t by = 1; by <= 4; ++by) begin(binding(by, 40000, by), 0);
    for (std::uint32_t i = 10; i < 60; ++i) begin(numbered(5, i), 0);
    EXPECT_EQ(book_.size(), 54U);
    begin(binding(5, 40000, 5), 1);
    EXPECT_EQ(book_.size(), 54U) << "the oldest of the exporter is there still";
    EXPECT_EQ(book_.forgotten(), 1U);
}

TEST_F(FullBook, WhatTheLedgerShallKnowIsBoundedToo) {
    limits_.changes = 10;
    book_ = NatTable(7, limits_);
    for (std::uint32_t i = 0; i < 15; ++i) begin(numbered(1, i), 0);
    EXPECT_EQ(book_.changes(), 10U);
    EXPECT_EQ(book_.forgotten(), 5U);
    EXPECT_EQ(book_.drain_changes().size(), 10U);
    end(numbered(1, 14), 10);
    EXPECT_EQ(book_.drain_changes().size(), 1U) << "its end is told with its beginning";
}

TEST_F(FullBook, ForgettingLeavesNothingBehind) {
    std::mt19937_64 random(3);
    for (int i = 0; i < 20'000; ++i) {
        const Translation t = numbered(static_cast<std::uint32_t>(random() % 5),
                                       static_cast<std::uint32_t>(random() % 400));
        const int seconds = i + static_cast<int>(random() % 20);
        if (random() % 2 == 0)
            begin(t, seconds);
        else
            end(t, seconds);
        ASSERT_LE(book_.size(), 100U);
        if (i % 500 == 0) restart();
        if (i % 97 == 0) {
            const auto changes = book_.drain_changes();
            for (std::size_t c = 1; c < changes.size(); ++c)
                ASSERT_FALSE(is_same_but_for_end(changes[c - 1], changes[c]));
        }
    }
}

}  // namespace
}  // namespace octroi::nat
