// SPDX-License-Identifier: GPL-3.0-or-later
#include "meter/nat/nat_table.hpp"

#include <gtest/gtest.h>

#include <random>

namespace octroi::nat {
namespace {

constexpr UtcTime day = UtcTime::from_seconds(1'790'000'000);
UtcTime at(int seconds) { return day + Duration::seconds(seconds); }

Address device(std::uint32_t number) { return Address::v4(0xc0000200U + number); }
Address outside(std::uint32_t number = 5) { return Address::v4(0xcb007100U + number); }
Address host(std::uint32_t number) { return Address::v4(0x0a000000U + number); }
const Address remote = Address::v4(0xc6336401U);

Translation binding(std::uint32_t inside, std::uint16_t port = 40000, std::uint32_t by = 1) {
    Translation t;
    t.device = device(by);
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

class NatTableTest : public ::testing::Test {
protected:
    void create(const Translation& t, int seconds) {
        table_.on_event({MappingChange::created, t}, at(seconds), at(seconds));
    }
    void remove(const Translation& t, int seconds) {
        table_.on_event({MappingChange::deleted, t}, at(seconds), at(seconds));
    }
    // The number of the inside host; 0: none.
    [[nodiscard]] std::uint32_t who(int first, int last, std::uint16_t port = 40000,
                                    std::uint32_t reporter = 9, std::uint8_t proto = 6) const {
        const auto inside = table_.inside_of(
            {device(reporter), outside(), remote, proto, port, 443, at(first), at(last), trusted_});
        return inside ? inside->address.v4_value() - 0x0a000000U : 0;
    }
    [[nodiscard]] std::uint32_t who(int seconds) const { return who(seconds, seconds); }
    void restart() {
        ByteWriter out;
        table_.save(out);
        table_ = NatTable(7, limits_);
        ByteCursor in(as_octets(out.octets()));
        ASSERT_TRUE(table_.restore(in));
        EXPECT_EQ(in.left(), 0U);
    }

    std::vector<Prefix> trusted_{Prefix::of(device(0), 24)};
    NatLimits limits_;
    NatTable table_{7};
};

TEST_F(NatTableTest, FindsTheInsideEndAtAnyTime) {
    EXPECT_TRUE(table_.empty());
    create(binding(1), 100);
    EXPECT_FALSE(table_.empty());
    EXPECT_EQ(who(90), 0U);
    EXPECT_EQ(who(100), 1U);
    EXPECT_EQ(who(100'000), 1U) << "it is not known to have ended";
    remove(binding(1), 200);
    EXPECT_EQ(who(199), 1U);
    EXPECT_EQ(who(210), 0U);
    create(binding(2), 220);
    EXPECT_EQ(who(150), 1U);
    EXPECT_EQ(who(230), 2U);
    EXPECT_EQ(who(230, 230, 40001), 0U) << "another port";
    EXPECT_EQ(who(230, 230, 40000, 9, 17), 0U) << "another protocol";
}

TEST_F(NatTableTest, ACreationEndsTheMappingBefore) {
    create(binding(1), 100);
    create(binding(2), 200);
    EXPECT_EQ(who(150), 1U);
    EXPECT_EQ(who(250), 2U);
    const auto changes = table_.drain_changes();
    ASSERT_EQ(changes.size(), 2U);
    EXPECT_EQ(changes[0].valid, (Interval{at(100), at(200)}));
    EXPECT_EQ(changes[1].valid, (Interval{at(200), UtcTime::max()}));
}

TEST_F(NatTableTest, EventsMayArriveInAnyOrder) {
    create(binding(2), 200);
    create(binding(1), 100);
    EXPECT_EQ(who(150), 1U) << "a late beginning ends where the next one began";
    EXPECT_EQ(who(250), 2U);
    remove(binding(3, 41000), 300);
    create(binding(3, 41000), 290);
    EXPECT_EQ(who(295, 295, 41000), 3U);
    EXPECT_EQ(who(280, 280, 41000), 0U) << "the deletion arrived before the creation";
    const auto changes = table_.drain_changes();
    ASSERT_EQ(changes.size(), 3U);
    EXPECT_EQ(changes[2].valid, (Interval{at(290), at(300)}));
    EXPECT_EQ(table_.size(), 3U);
}

TEST_F(NatTableTest, ADeletionAloneReachesBackForAnHour) {
    remove(binding(1), 10'000);
    EXPECT_EQ(who(9'990), 1U);
    EXPECT_EQ(who(6'500), 1U);
    EXPECT_EQ(who(6'300), 0U);
    // But not into the time of another mapping.
    create(binding(1, 41000), 9'000);
    remove(binding(1, 41000), 9'500);
    remove(binding(2, 41000), 10'000);
    EXPECT_EQ(who(9'400, 9'400, 41000), 1U);
    EXPECT_EQ(who(9'600, 9'600, 41000), 2U);
    remove(binding(2, 41000), 10'100);
    EXPECT_EQ(who(10'050, 10'050, 41000), 2U) << "it must have been created once more";
}

TEST_F(NatTableTest, AContradictingDeletionIsNotUsed) {
    create(binding(1), 100);
    (void)table_.drain_changes();
    remove(binding(2), 200);
    EXPECT_EQ(who(150), 1U);
    EXPECT_EQ(who(250), 1U) << "the open one stays open";
    EXPECT_EQ(table_.size(), 1U);
    EXPECT_TRUE(table_.drain_changes().empty());
    EXPECT_EQ(table_.contradicted(), 1U);
    // A late deletion of the earlier mapping contradicts nothing.
    create(binding(2), 300);
    remove(binding(1), 310);
    EXPECT_EQ(who(320), 2U);
}

TEST_F(NatTableTest, AnEventReportedTwiceCountsOnce) {
    for (int i = 0; i < 3; ++i) create(binding(1), 100);
    for (int i = 0; i < 3; ++i) remove(binding(1), 200);
    create(binding(1), 100);
    EXPECT_EQ(who(250), 0U);
    EXPECT_EQ(table_.drain_changes().size(), 1U);
    EXPECT_EQ(table_.size(), 1U);
}

TEST_F(NatTableTest, ClocksMayDifferALittle) {
    create(binding(1), 100);
    remove(binding(1), 200);
    create(binding(2), 300);
    EXPECT_EQ(who(99), 1U);
    EXPECT_EQ(who(201), 1U);
    EXPECT_EQ(who(298), 2U);
    EXPECT_EQ(who(250), 0U);
    EXPECT_EQ(who(90, 120), 1U) << "else at its last";
    EXPECT_EQ(who(199, 310), 1U) << "but first at its first";
    create(binding(3), 200);
    remove(binding(3), 250);
    EXPECT_EQ(who(200), 3U) << "a mapping that holds counts before one that is near";
}

TEST_F(NatTableTest, ADeletionMayBeDatedALittleBeforeItsCreation) {
    create(binding(1), 100);
    remove(binding(1), 99);
    EXPECT_EQ(table_.size(), 1U);
    EXPECT_EQ(who(110), 0U);
    // A mapping that was created again stays open when the deletion is of the earlier one.
    create(binding(2, 41000), 50);
    create(binding(2, 41000), 100);
    remove(binding(2, 41000), 99);
    EXPECT_EQ(who(110, 110, 41000), 2U);
}

TEST_F(NatTableTest, TheMostSpecificMappingCountsFirst) {
    Translation whole = block(1, 0, 65535);
    create(whole, 100);
    create(block(2, 40000, 40999), 100);
    create(binding(3), 100);
    Translation session = binding(4);
    session.remote = remote;
    session.remote_port = 443;
    create(session, 100);
    EXPECT_EQ(who(110), 4U);
    remove(session, 200);
    EXPECT_EQ(who(210), 3U);
    remove(binding(3), 300);
    EXPECT_EQ(who(310), 2U);
    EXPECT_EQ(who(310, 310, 40999), 2U);
    EXPECT_EQ(who(310, 310, 41000), 1U);
    EXPECT_EQ(who(310, 310, 0, 9, 47), 1U) << "GRE has no ports";
    Translation elsewhere = session;
    elsewhere.inside = host(5);
    elsewhere.remote_port = 80;
    create(elsewhere, 300);
    EXPECT_EQ(who(310), 2U) << "a session with another far end does not match";
}

TEST_F(NatTableTest, KnowsTheInsidePortIfItWasReported) {
    Translation mapping = binding(1);
    mapping.inside_port = 1234;
    create(mapping, 100);
    create(block(2, 1024, 2047), 100);
    const auto port = [&](std::uint16_t of) {
        const auto inside =
            table_.inside_of({device(1), outside(), remote, 6, of, 443, at(110), at(110)});
        return inside ? inside->port : 65535;
    };
    EXPECT_EQ(port(40000), 1234);
    EXPECT_EQ(port(1024), 0);
}

TEST_F(NatTableTest, BlocksMayLieWithinOneAnother) {
    for (std::uint16_t i = 0; i < 32; ++i) create(block(1U + i, 1024 + i, 2016 + i, 32), 100 + i);
    for (std::uint16_t port = 1024; port < 2048; ++port)
        ASSERT_EQ(who(1000, 1000, port), 1U + (port - 1024U) % 32U) << port;
    EXPECT_EQ(who(1000, 1000, 2048), 0U);
}

TEST_F(NatTableTest, TheReportersOwnMappingCountsFirstElseTheLatest) {
    create(binding(1, 40000, 1), 100);
    create(binding(2, 40000, 2), 200);
    EXPECT_EQ(who(300, 300, 40000, 1), 1U);
    EXPECT_EQ(who(300, 300, 40000, 2), 2U);
    EXPECT_EQ(who(300, 300, 40000, 3), 2U);
    remove(binding(2, 40000, 2), 400);
    EXPECT_EQ(who(500, 500, 40000, 3), 1U) << "a device ends no mapping of another one";
    trusted_ = {Prefix::of(device(1), 32)};
    EXPECT_EQ(who(300, 300, 40000, 3), 1U);
    EXPECT_EQ(who(300, 300, 40000, 2), 2U);
    trusted_.clear();
    EXPECT_EQ(who(300, 300, 40000, 3), 0U);
    EXPECT_EQ(who(300, 300, 40000, 1), 1U);
}

TEST_F(NatTableTest, SurvivesARestart) {
    create(binding(1), 100);
    remove(binding(1), 200);
    create(binding(2), 300);
    remove(binding(3, 41000), 400);
    create(block(4, 1024, 2047, 4), 100);
    restart();
    EXPECT_TRUE(table_.drain_changes().empty()) << "the ledger has them";
    EXPECT_EQ(who(150), 1U);
    EXPECT_EQ(who(350), 2U);
    EXPECT_EQ(who(350, 350, 1028), 4U);
    create(binding(3, 41000), 390);
    EXPECT_EQ(who(380, 380, 41000), 0U) << "the beginning is still marked as not known";
    remove(binding(2), 500);
    const auto changes = table_.drain_changes();
    ASSERT_EQ(changes.size(), 2U);
    EXPECT_EQ(changes[0].valid, (Interval{at(300), at(500)}));
}

TEST_F(NatTableTest, RefusesOctetsThatAreNoTable) {
    for (std::uint16_t i = 0; i < 20; ++i) create(binding(i + 1U, 1000 + i), i);
    for (std::uint16_t i = 0; i < 10; ++i) remove(binding(i + 1U, 1000 + i), 100 + i);
    ByteWriter out;
    table_.save(out);
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
        // The restored table can be used.
        for (std::uint16_t i = 0; i < 20; ++i)
            other.on_event({MappingChange::deleted, binding(i + 1U, 1000 + i)}, at(200), at(200));
        EXPECT_GE(other.size(), 20U);
    }
    EXPECT_GT(refused, 500);
}

class FullTable : public NatTableTest {
protected:
    FullTable() {
        limits_ = {.mappings = 100, .devices_of_address = 4, .changes = 100'000};
        table_ = NatTable(7, limits_);
    }
    static Translation numbered(std::uint32_t by, std::uint32_t number) {
        Translation t = binding(number + 1, 40000, by);
        t.outside = outside(number % 200);
        t.first_port = t.last_port = static_cast<std::uint16_t>(1024 + number / 200);
        return t;
    }
};

TEST_F(FullTable, ADeviceHasAtMostHalfAndEvictsOnlyItsOwn) {
    for (std::uint32_t i = 0; i < 30; ++i) create(numbered(1, i), 0);
    for (std::uint32_t i = 0; i < 5000; ++i) create(numbered(2, i), 1);
    EXPECT_EQ(table_.size(), 80U);
    EXPECT_EQ(table_.evicted(), 4950U);
    for (std::uint32_t by = 3; by < 200; ++by) create(numbered(by, by), 2);
    EXPECT_EQ(table_.size(), 100U);
    for (std::uint32_t i = 0; i < 30; ++i) {
        const Translation t = numbered(1, i);
        const auto inside =
            table_.inside_of({device(1), t.outside, remote, 6, t.first_port, 443, at(10), at(10)});
        ASSERT_TRUE(inside.has_value()) << i;
        EXPECT_EQ(inside->address, t.inside) << i;
    }
}

TEST_F(FullTable, EndedMappingsAreEvictedFirst) {
    for (std::uint32_t i = 0; i < 50; ++i) create(numbered(1, i), 0);
    remove(numbered(1, 20), 10);
    create(numbered(1, 60), 20);
    const auto known = [&](std::uint32_t i) {
        const Translation t = numbered(1, i);
        return table_.inside_of({device(1), t.outside, remote, 6, t.first_port, 443, at(5), at(5)})
            .has_value();
    };
    EXPECT_FALSE(known(20));
    EXPECT_TRUE(known(0));
    create(numbered(1, 61), 20);
    EXPECT_FALSE(known(0)) << "then the oldest";
    EXPECT_EQ(table_.evicted(), 2U);
    for (std::uint32_t i = 30; i < 40; ++i) remove(numbered(1, i), 30);
    create(numbered(1, 62), 7200);
    EXPECT_EQ(table_.size(), 41U) << "mappings that ended more than an hour ago are not kept";
    EXPECT_EQ(table_.evicted(), 2U);
}

TEST_F(FullTable, AnAddressHasALimitOfDevices) {
    for (std::uint32_t by = 1; by <= 6; ++by) create(binding(by, 40000, by), 0);
    EXPECT_EQ(table_.size(), 4U);
    EXPECT_EQ(table_.evicted(), 2U);
    EXPECT_EQ(who(10, 10, 40000, 4), 4U);
}

TEST_F(FullTable, ARefusedMappingEvictsNothing) {
    for (std::uint32_t by = 1; by <= 4; ++by) create(binding(by, 40000, by), 0);
    for (std::uint32_t i = 10; i < 60; ++i) create(numbered(5, i), 0);
    EXPECT_EQ(table_.size(), 54U);
    create(binding(5, 40000, 5), 1);
    EXPECT_EQ(table_.size(), 54U) << "the oldest mapping of the device was not evicted";
    EXPECT_EQ(table_.evicted(), 1U);
}

TEST_F(FullTable, ChangesForTheLedgerAreLimitedToo) {
    limits_.changes = 10;
    table_ = NatTable(7, limits_);
    for (std::uint32_t i = 0; i < 15; ++i) create(numbered(1, i), 0);
    EXPECT_EQ(table_.changes(), 10U);
    EXPECT_EQ(table_.evicted(), 5U);
    EXPECT_EQ(table_.drain_changes().size(), 10U);
    remove(numbered(1, 14), 10);
    EXPECT_EQ(table_.drain_changes().size(), 1U)
        << "its end is reported together with its beginning";
}

TEST_F(FullTable, EvictionLeavesNothingBehind) {
    std::mt19937_64 random(3);
    for (int i = 0; i < 20'000; ++i) {
        const Translation t = numbered(static_cast<std::uint32_t>(random() % 5),
                                       static_cast<std::uint32_t>(random() % 400));
        const int seconds = i + static_cast<int>(random() % 20);
        if (random() % 2 == 0)
            create(t, seconds);
        else
            remove(t, seconds);
        ASSERT_LE(table_.size(), 100U);
        if (i % 500 == 0) restart();
        if (i % 97 == 0) {
            const auto changes = table_.drain_changes();
            for (std::size_t c = 1; c < changes.size(); ++c)
                ASSERT_FALSE(is_same_but_for_end(changes[c - 1], changes[c]));
        }
    }
}

}  // namespace
}  // namespace octroi::nat
