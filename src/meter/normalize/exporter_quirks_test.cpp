// SPDX-License-Identifier: GPL-3.0-or-later
// Exporters that differ, and volumes that are not believed.
#include <gtest/gtest.h>

#include <memory>

#include "meter/normalize/flow_normalizer.hpp"

namespace octroi::normalize {
namespace {

using flow::bit;
using flow::Field;
using flow::FlowRecord;

constexpr UtcTime now = UtcTime::from_seconds(1'790'000'000);
const Address router = Address::v4(0xc0000201U);
const Address inside = Address::v4(0x0a000001U);
const Address outside = Address::v4(0xcb007101U);
const Address far = Address::v4(0xc6336401U);

class Readings final : public FlowSink {
public:
    void accept(std::span<const Reading> span) override {
        all.insert(all.end(), span.begin(), span.end());
    }
    std::vector<Reading> all;
};

FlowRecord record(std::uint64_t bytes, std::uint64_t packets) {
    FlowRecord r;
    r.fields = bit(Field::bytes) | bit(Field::packets) | bit(Field::src) | bit(Field::dst) |
               bit(Field::first) | bit(Field::last);
    r.bytes = bytes;
    r.packets = packets;
    r.src = inside;
    r.dst = far;
    r.sport = 40000;
    r.dport = 443;
    r.proto = 6;
    r.first = now - Duration::seconds(20);
    r.last = now - Duration::seconds(2);
    return r;
}

class ExporterQuirks : public ::testing::Test {
protected:
    ExporterQuirks() { make({}); }
    void make(const FlowPolicy& policy) {
        normalizer_ = std::make_unique<FlowNormalizer>(policy, 1);
        normalizer_->set_sink(&readings_);
    }
    void make_row(ExporterPolicy row) {
        row.prefixes = {*parse_prefix("192.0.2.0/24")};
        make({.exporters = {row}});
    }
    // The readings that the record gives.
    std::vector<Reading> give(const FlowRecord& r, const Address& exporter = router,
                              const Address& sender = {}) {
        readings_.all.clear();
        normalizer_->records({.exporter = exporter,
                              .protocol = flow::Protocol::ipfix,
                              .observation_domain = 1,
                              .exported = now,
                              .received = now,
                              .sender = sender},
                             std::span(&r, 1));
        normalizer_->flush();
        return readings_.all;
    }
    [[nodiscard]] std::uint64_t counter(std::string_view name) const {
        for (const CounterValue& value : normalizer_->counters())
            if (value.name == name) return value.value;
        ADD_FAILURE() << name;
        return 0;
    }
    Readings readings_;
    std::unique_ptr<FlowNormalizer> normalizer_;
};

// ---- Firewalls

FlowRecord connection(std::uint8_t event, std::uint64_t bytes, int seconds, bool reverse = false) {
    FlowRecord r = record(bytes, 0);
    r.fields |= bit(Field::firewall_event) | bit(Field::flow_id);
    r.firewall_event = event;
    r.flow_id = 7001;
    r.counting = flow::Counting::connection;
    r.first = now - Duration::seconds(600);
    r.last = r.first + Duration::seconds(seconds);
    if (reverse) {
        std::swap(r.src, r.dst);
        std::swap(r.sport, r.dport);
        r.reverse = true;
    }
    return r;
}

TEST_F(ExporterQuirks, TheEndOfAConnectionRepeatsItsUpdates) {
    EXPECT_EQ(give(connection(5, 2557, 61))[0].bytes, 2557U);
    EXPECT_EQ(give(connection(5, 1117, 61, true))[0].bytes, 1117U);
    EXPECT_EQ(give(connection(5, 31, 122))[0].bytes, 31U);
    EXPECT_TRUE(give(connection(2, 2588, 123)).empty());
    EXPECT_TRUE(give(connection(2, 1117, 123, true)).empty());
}

TEST_F(ExporterQuirks, AnUpdateThatWasLostIsInTheEnd) {
    EXPECT_EQ(give(connection(5, 100, 60))[0].bytes, 100U);
    EXPECT_EQ(give(connection(2, 350, 180))[0].bytes, 250U);
    // Late updates, and a copy of the end, add nothing.
    EXPECT_TRUE(give(connection(5, 150, 120)).empty());
    EXPECT_TRUE(give(connection(2, 350, 180)).empty());
}

TEST_F(ExporterQuirks, AConnectionWithoutUpdatesCountsWhole) {
    EXPECT_EQ(give(connection(2, 700, 30))[0].bytes, 700U);
}

TEST_F(ExporterQuirks, ANumberOfAConnectionIsUsedAgain) {
    give(connection(5, 100, 60));
    FlowRecord next = connection(5, 40, 60);
    next.first = next.first + Duration::seconds(300);
    next.last = next.last + Duration::seconds(300);
    EXPECT_EQ(give(next)[0].bytes, 40U);
    next.firewall_event = 2;
    next.bytes = 90;
    next.last = next.last + Duration::seconds(1);
    EXPECT_EQ(give(next)[0].bytes, 50U);
}

TEST_F(ExporterQuirks, ConnectionsSurviveARestart) {
    give(connection(5, 100, 60));
    const std::string saved = normalizer_->save();
    make({});
    ASSERT_TRUE(normalizer_->restore(saved));
    EXPECT_EQ(give(connection(2, 350, 180))[0].bytes, 250U);
}

// ---- Translation in the record

TEST_F(ExporterQuirks, TheRecordStatesWhoIsBehindTheOutsideAddress) {
    FlowRecord answer = record(320, 4);
    answer.src = far;
    answer.dst = outside;
    answer.fields |= bit(Field::nat_src) | bit(Field::nat_dst);
    answer.nat_src = far;
    answer.nat_dst = inside;
    EXPECT_EQ(give(answer)[0].dst, inside);
    answer.nat_dst = outside;
    EXPECT_EQ(give(answer)[0].dst, outside);
    // Of the source, the address before translation is the inside one.
    FlowRecord request = record(2089, 9);
    request.fields |= bit(Field::nat_src) | bit(Field::nat_dst);
    request.nat_src = outside;
    request.nat_dst = far;
    EXPECT_EQ(give(request)[0].src, inside);
    EXPECT_EQ(give(request)[0].dst, far);
    make({.apply_translations = false});
    answer.nat_dst = inside;
    EXPECT_EQ(give(answer)[0].dst, outside);
}

// The second record of a connection has the ends, and what they were translated to, exchanged.
TEST_F(ExporterQuirks, OfAReverseRecordTheSourceIsTranslated) {
    FlowRecord answer = record(320, 4);
    answer.reverse = true;
    answer.fields |= bit(Field::nat_src) | bit(Field::nat_dst);
    answer.src = answer.nat_src = far;
    answer.dst = inside;
    answer.nat_dst = outside;
    EXPECT_EQ(give(answer)[0].dst, inside);
    EXPECT_EQ(give(answer)[0].src, far);
    // A published server: the client asked the outside address.
    answer.src = outside;
    answer.nat_src = inside;
    answer.dst = answer.nat_dst = far;
    EXPECT_EQ(give(answer)[0].src, inside);
}

// ---- Rows of the configuration

TEST_F(ExporterQuirks, AConfiguredRateWinsOverAllOthers) {
    make_row({.sampling = 10});
    FlowRecord r = record(1000, 10);
    EXPECT_EQ(give(r)[0].bytes, 10'000U);
    r.sampling = 5000;
    EXPECT_EQ(give(r)[0].bytes, 10'000U);
    EXPECT_EQ(give(r, Address::v4(0x08080808U))[0].bytes, 5'000'000U);
}

TEST_F(ExporterQuirks, ARowMayBeAboutOneDomain) {
    make({.exporters = {{.prefixes = {*parse_prefix("192.0.2.0/24")}, .domain = 6, .sampling = 3},
                        {.prefixes = {*parse_prefix("192.0.2.0/24")}, .sampling = 4}}});
    EXPECT_EQ(give(record(1000, 10))[0].bytes, 4000U);
}

TEST_F(ExporterQuirks, OutCountersAreSplitAsConfigured) {
    FlowRecord r = record(5000, 5);
    r.fields |= bit(Field::out_bytes) | bit(Field::out_packets);
    r.out_bytes = 5000;
    r.out_packets = 5;
    EXPECT_EQ(give(r).size(), 1U);
    make_row({.out_counters = OutCounters::reverse});
    ASSERT_EQ(give(r).size(), 2U);
    EXPECT_EQ(readings_.all[1].src, far);
    EXPECT_EQ(readings_.all[1].bytes, 5000U);
    EXPECT_EQ(counter("collector_out_reverse_total"), 1U);
    r.out_bytes = 320;
    make_row({.out_counters = OutCounters::same});
    EXPECT_EQ(give(r).size(), 1U);
    // Traffic that was metered only where it left still counts.
    r.bytes = r.packets = 0;
    ASSERT_EQ(give(r).size(), 1U);
    EXPECT_EQ(readings_.all[0].src, inside);
    EXPECT_EQ(readings_.all[0].bytes, 320U);
}

TEST_F(ExporterQuirks, AClockThatIsAheadIsSetRight) {
    make_row({.clock_offset = Duration::seconds(60)});
    EXPECT_EQ(give(record(1000, 10))[0].last, now - Duration::seconds(62));
}

TEST_F(ExporterQuirks, RunningTotalsOfSuchAClockGoOnWhereTheyEnded) {
    make_row({.clock_offset = Duration::seconds(60)});
    FlowRecord r = record(1000, 10);
    r.counting = flow::Counting::total;
    give(r);
    r.bytes = 1500;
    r.last = r.last + Duration::seconds(30);
    ASSERT_EQ(give(r).size(), 1U);
    EXPECT_EQ(readings_.all[0].bytes, 500U);
    EXPECT_EQ(readings_.all[0].first, now - Duration::seconds(62));
    EXPECT_EQ(readings_.all[0].last, now - Duration::seconds(32));
}

TEST_F(ExporterQuirks, OctetsOfLayer2AreTakenOff) {
    FlowRecord r = record(0, 10);
    r.fields = (r.fields & ~bit(Field::bytes)) | bit(Field::frame_bytes);
    r.frame_bytes = 13'140;
    EXPECT_EQ(give(r)[0].bytes, 13'000U);
    r.vlan = 7;
    EXPECT_EQ(give(r)[0].bytes, 12'960U);
    r.vlan = 0;
    make_row({.link_header = 18});
    EXPECT_EQ(give(r)[0].bytes, 12'960U);
    // It cannot be done without packets, nor with fewer octets than headers.
    r.packets = 0;
    EXPECT_EQ(give(r)[0].kind, ReadingKind::implausible);
    EXPECT_EQ(readings_.all[0].bytes, 13'140U);
    r.packets = 1000;
    EXPECT_EQ(give(r)[0].kind, ReadingKind::implausible);
    EXPECT_EQ(counter("collector_layer2_total"), 3U);
}

// ---- Volumes that are not believed

TEST_F(ExporterQuirks, MoreThanALinkCarriesIsImplausible) {
    EXPECT_EQ(give(record(std::uint64_t{1} << 40U, 1'000'000'000))[0].kind, ReadingKind::ip);
    EXPECT_EQ(give(record(std::uint64_t{1} << 41U, 1'000'000'000))[0].kind,
              ReadingKind::implausible);
    EXPECT_EQ(give(record(1000, std::uint64_t{1} << 40U))[0].kind, ReadingKind::implausible);
    make_row({.link_bits_per_second = 1'000'000'000});
    // 18 s, and one for rounding: 2.375 GB.
    EXPECT_EQ(give(record(2'375'000'000, 2'000'000))[0].kind, ReadingKind::ip);
    EXPECT_EQ(give(record(2'375'000'001, 2'000'000))[0].kind, ReadingKind::implausible);
    EXPECT_EQ(counter("collector_implausible_total"), 1U);
}

// Forged records in the name of one exporter, or of many agents, cost no other one anything.
TEST_F(ExporterQuirks, LimitsArePerSender) {
    make({.default_exporter = {.link_bits_per_second = 1'000'000'000'000'000}});
    const FlowRecord large = record(std::uint64_t{1} << 47U, 1'000'000);
    const Address sender = Address::v4(0xc0000266U);
    std::vector<ReadingKind> kinds;
    for (std::uint8_t agent = 1; agent <= 5; ++agent) {
        const auto readings = give(large, Address::v4(0x0a0a0a00U + agent), sender);
        if (!readings.empty()) kinds.push_back(readings[0].kind);
    }
    EXPECT_EQ(kinds, (std::vector{ReadingKind::ip, ReadingKind::ip, ReadingKind::implausible,
                                  ReadingKind::implausible}));
    EXPECT_EQ(counter("collector_overflow_total"), 1U);
    EXPECT_EQ(give(record(1000, 10))[0].kind, ReadingKind::ip);
    EXPECT_EQ(normalizer_->drain_losses().size(), 1U);
}

}  // namespace
}  // namespace octroi::normalize
