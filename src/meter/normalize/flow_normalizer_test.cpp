// SPDX-License-Identifier: GPL-3.0-or-later
#include "meter/normalize/flow_normalizer.hpp"

#include <gtest/gtest.h>

namespace octroi::normalize {
namespace {

using flow::bit;
using flow::Field;
using flow::FlowRecord;

constexpr UtcTime now = UtcTime::from_seconds(1'790'000'000);

class ReadingList final : public FlowSink {
public:
    void accept(std::span<const Reading> span) override {
        readings.insert(readings.end(), span.begin(), span.end());
    }
    std::vector<Reading> readings;
};

Address exporter(std::uint8_t number) { return Address::v4(0xc0000200U | number); }

flow::MessageContext from(std::uint8_t number, UtcTime received = now) {
    return {exporter(number), flow::Protocol::ipfix, 1, received - Duration::seconds(1), received};
}

FlowRecord record(std::uint64_t bytes = 1000, std::uint64_t packets = 10) {
    FlowRecord r;
    r.fields = bit(Field::bytes) | bit(Field::packets) | bit(Field::src) | bit(Field::dst) |
               bit(Field::first) | bit(Field::last);
    r.bytes = bytes;
    r.packets = packets;
    r.src = Address::v4(0x0a000001U);
    r.dst = Address::v4(0xc6336401U);
    r.proto = 6;
    r.first = now - Duration::seconds(20);
    r.last = now - Duration::seconds(2);
    return r;
}

class FlowNormalizerTest : public ::testing::Test {
protected:
    void make(const FlowPolicy& policy) {
        maker_ = std::make_unique<FlowNormalizer>(policy, 1);
        maker_->set_sink(&list_);
    }
    const Reading& give(const FlowRecord& r, const flow::MessageContext& context = from(1)) {
        if (maker_ == nullptr) make({});
        const std::size_t before = list_.readings.size();
        maker_->records(context, std::span(&r, 1));
        maker_->flush();
        static const Reading none;
        return list_.readings.size() > before ? list_.readings.back() : none;
    }
    [[nodiscard]] std::uint64_t counter(std::string_view name) const {
        for (const CounterValue& value : maker_->counters())
            if (value.name == name) return value.value;
        ADD_FAILURE() << name;
        return 0;
    }
    ReadingList list_;
    std::unique_ptr<FlowNormalizer> maker_;
};

TEST_F(FlowNormalizerTest, CopiesTheFieldsOfTheRecord) {
    FlowRecord r = record();
    r.sport = 1024;
    r.dport = 443;
    r.in_if = 3;
    r.out_if = 4;
    const Reading& reading = give(r);
    EXPECT_EQ(reading.bytes, 1000U);
    EXPECT_EQ(reading.packets, 10U);
    EXPECT_EQ(reading.flows, 1U);
    EXPECT_EQ(reading.first, r.first);
    EXPECT_EQ(reading.last, r.last);
    EXPECT_EQ(reading.src, r.src);
    EXPECT_EQ(reading.dport, 443);
    ASSERT_EQ(maker_->names().rows().size(), 2U);
    EXPECT_EQ(maker_->names().rows()[reading.interface - 1U],
              (Name{NameKind::interface, "192.0.2.1#3"}));
    EXPECT_EQ(maker_->names().rows()[reading.out_interface - 1U].text, "192.0.2.1#4");
    EXPECT_EQ(maker_->drain_observed(), (Volume{Bytes(1000), Packets(10), Flows(1)}));
    EXPECT_EQ(maker_->drain_observed(), Volume());
}

TEST_F(FlowNormalizerTest, StatesAsNumbersAndNextHops) {
    FlowRecord r = record();
    r.fields |= bit(Field::src_as) | bit(Field::dst_as) | bit(Field::next_hop);
    r.src_as = 64500;
    r.dst_as = 4'200'000'001;
    r.next_hop = *parse_address("192.0.2.9");
    const Reading first = give(r);
    EXPECT_EQ(first.src_as, 64500U);
    EXPECT_EQ(first.dst_as, 4'200'000'001U);
    const auto name_of = [&](const Reading& reading) {
        return maker_->names().rows()[reading.next_hop - 1U];
    };
    const Name router{NameKind::next_hop, "192.0.2.9"};
    EXPECT_EQ(name_of(first), router);
    EXPECT_EQ(name_of(give(r, from(2))), router) << "the same router for all exporters";
    r.next_hop = *parse_address("2001:db8::9");
    EXPECT_EQ(name_of(give(r)).text, "2001:db8::9");
    for (const char* none : {"0.0.0.0", "::"}) {
        r.next_hop = *parse_address(none);
        EXPECT_EQ(give(r).next_hop, no_name);
    }
    r.src_as = 23456;
    r.dst_as = 0;
    EXPECT_EQ(give(r).src_as, 0U) << "an AS that the exporter cannot write";
    EXPECT_EQ(give(r).dst_as, 0U);
    EXPECT_EQ(counter("collector_unnumbered_total"), 0U);
}

// The names of readings are read when they are handed over: a row must not have got another name.
TEST_F(FlowNormalizerTest, ReusesNamesOnlyOfReadingsThatWereHandedOver) {
    class Checker final : public ReadingSink {
    public:
        explicit Checker(const FlowNormalizer& maker) : maker_(maker) {}
        void accept(std::span<const Reading> readings) override {
            for (const Reading& reading : readings) {
                const auto rows = maker_.names().rows();
                const std::string in = "192.0.2.1#" + std::to_string(reading.bytes);
                EXPECT_EQ(rows[reading.interface - 1U].text, in);
                EXPECT_EQ(rows[reading.out_interface - 1U].text, "192.0.2.1#7");
                EXPECT_EQ(rows[reading.next_hop - 1U].text,
                          to_string(Address::v4(static_cast<std::uint32_t>(reading.bytes))));
                ++count;
            }
        }
        void accept_counted(std::span<const CountedVolume> /*volumes*/) override {}
        void accept_identities(std::span<const IdentityEvent> /*events*/) override {}
        std::size_t count = 0;

    private:
        const FlowNormalizer& maker_;
    };
    make({});
    Checker checker(*maker_);
    maker_->set_sink(&checker);
    FlowRecord r = record();
    r.fields |= bit(Field::next_hop);
    r.out_if = 7;
    for (std::uint32_t i = 8; i < 20'008; ++i) {
        r.in_if = i;
        r.bytes = i;
        r.next_hop = Address::v4(i);
        maker_->records(from(1), {&r, 1});
    }
    maker_->flush();
    EXPECT_EQ(checker.count, 20'000U);
    EXPECT_LE(maker_->names().rows().size(), 2 * ExporterIndex::Limits().names_per_exporter);
    EXPECT_EQ(counter("collector_unnumbered_total"), 0U);
}

TEST_F(FlowNormalizerTest, ScalesByTheRateOfTheRecordElseOfTheConfiguration) {
    make({.sampling = 100});
    FlowRecord r = record();
    r.sampling = 8;
    EXPECT_EQ(give(r).bytes, 8000U);
    r.sampling = 0;
    EXPECT_EQ(give(r).packets, 1000U);
    r.sampling = 1;
    EXPECT_EQ(give(r).packets, 10U);
    EXPECT_EQ(counter("collector_sampled_total"), 2U);
}

TEST_F(FlowNormalizerTest, CountsTheDifferencesOfTotals) {
    FlowRecord r = record(1000, 10);
    r.counting = flow::Counting::total;
    EXPECT_EQ(give(r).bytes, 1000U);
    r.bytes = 1500;
    r.packets = 12;
    EXPECT_EQ(give(r).bytes, 500U);
    EXPECT_EQ(list_.readings.back().packets, 2U);
    EXPECT_EQ(give(r).bytes, 0U) << "nothing new";
    EXPECT_EQ(list_.readings.size(), 2U);
    EXPECT_EQ(give(r, from(2)).bytes, 1500U) << "another exporter's flow is another flow";
    r.bytes = 300;
    r.packets = 3;
    EXPECT_EQ(give(r).bytes, 300U) << "less than before: a new flow of the same name";
}

TEST_F(FlowNormalizerTest, TotalsSurviveARestart) {
    FlowRecord r = record(1000, 10);
    r.counting = flow::Counting::total;
    give(r);
    const std::string saved = maker_->save();
    make({});
    ASSERT_TRUE(maker_->restore(saved));
    r.bytes = 1700;
    EXPECT_EQ(give(r).bytes, 700U);
    EXPECT_FALSE(maker_->restore(saved.substr(1)));
}

TEST_F(FlowNormalizerTest, MarksTrafficThatTheRouterDropped) {
    FlowRecord r = record();
    r.fields |= bit(Field::forwarding_status);
    r.forwarding_status = 0x40;
    EXPECT_EQ(give(r).kind, ReadingKind::ip);
    r.forwarding_status = 0x82;
    EXPECT_EQ(give(r).kind, ReadingKind::dropped);
    FlowRecord denied = record();
    denied.fields |= bit(Field::firewall_event);
    denied.firewall_event = 3;
    EXPECT_EQ(give(denied).kind, ReadingKind::dropped);
}

TEST_F(FlowNormalizerTest, MakesNoReadingsOfEventsAndEmptyRecords) {
    FlowRecord event = record();
    event.kind = flow::RecordKind::event;
    give(event);
    FlowRecord empty = record(0, 0);
    give(empty);
    EXPECT_TRUE(list_.readings.empty());
    EXPECT_EQ(maker_->drain_observed(), Volume());
}

// 10.0.0.7 has the outside end 203.0.113.5:40000, towards the far end of record().
FlowRecord nat_event(std::uint8_t event, UtcTime at) {
    FlowRecord r;
    r.kind = flow::RecordKind::event;
    r.fields = bit(Field::nat_event) | bit(Field::src) | bit(Field::nat_src) | bit(Field::first) |
               bit(Field::last);
    r.nat_event = event;
    r.src = Address::v4(0x0a000007U);
    r.nat_src = Address::v4(0xcb007105U);
    r.sport = 1234;
    r.nat_sport = 40000;
    r.proto = 6;
    r.first = r.last = at;
    return r;
}

FlowRecord translated_record() {
    FlowRecord r = record();
    r.src = Address::v4(0xcb007105U);
    r.sport = 40000;
    r.dport = 443;
    return r;
}

TEST_F(FlowNormalizerTest, ReplacesTheOutsideAddressByTheInsideOne) {
    const Address inside = Address::v4(0x0a000007U);
    make({.nat_devices = {*parse_prefix("192.0.2.1/32")}});
    give(nat_event(8, now - Duration::seconds(60)), from(1));
    EXPECT_TRUE(list_.readings.empty()) << "an event is no traffic";
    const Reading& sent = give(translated_record(), from(2));
    EXPECT_EQ(sent.src, inside);
    EXPECT_EQ(sent.sport, 40000) << "as it was on the wire";
    EXPECT_EQ(sent.bytes, 1000U);
    FlowRecord back = translated_record();
    std::swap(back.src, back.dst);
    std::swap(back.sport, back.dport);
    EXPECT_EQ(give(back, from(2)).dst, inside);
    FlowRecord earlier = translated_record();
    earlier.first = earlier.last = now - Duration::seconds(90);
    EXPECT_EQ(give(earlier, from(2)).src, earlier.src) << "nobody is known to have had it then";
    give(nat_event(9, now - Duration::seconds(10)), from(1));
    EXPECT_EQ(give(translated_record(), from(2)).src, inside) << "reported after it was over";
    EXPECT_EQ(counter("collector_nat_events_total"), 2U);
    EXPECT_EQ(counter("collector_translated_total"), 3U);
    EXPECT_EQ(counter("collector_records_total"), 4U);
}

TEST_F(FlowNormalizerTest, KeepsTranslationsWithoutApplyingThemWhereConfigured) {
    make({.apply_translations = false});
    give(nat_event(8, now - Duration::seconds(60)));
    EXPECT_EQ(give(translated_record()).src, translated_record().src);
    const auto kept = maker_->drain_translations();
    ASSERT_EQ(kept.size(), 1U);
    EXPECT_EQ(kept[0].device, exporter(1));
    EXPECT_EQ(kept[0].valid.begin, now - Duration::seconds(60));
}

TEST_F(FlowNormalizerTest, UsesTheMappingsOfConfiguredDevices) {
    make({.nat_devices = {*parse_prefix("192.0.2.1/32")}});
    give(nat_event(8, now - Duration::seconds(60)), from(2));
    EXPECT_TRUE(maker_->drain_translations().empty());
    give(nat_event(8, now - Duration::seconds(60)), from(1));
    EXPECT_EQ(maker_->drain_translations().size(), 1U);
    EXPECT_NE(give(translated_record(), from(3)).src, translated_record().src);
    // Also where the device was configured before the restart.
    const std::string saved = maker_->save();
    make({.nat_devices = {*parse_prefix("192.0.2.2/32")}});
    ASSERT_TRUE(maker_->restore(saved));
    EXPECT_EQ(give(translated_record(), from(3)).src, translated_record().src);
}

TEST_F(FlowNormalizerTest, UsesMappingsForTheExportersOwnRecordsWhereNoDeviceIsConfigured) {
    give(nat_event(8, now - Duration::seconds(60)), from(1));
    EXPECT_EQ(give(translated_record(), from(2)).src, translated_record().src);
    EXPECT_EQ(counter("collector_translated_total"), 0U);
    EXPECT_EQ(give(translated_record(), from(1)).src, Address::v4(0x0a000007U));
    EXPECT_EQ(maker_->drain_translations().size(), 1U) << "kept in any case";
}

TEST_F(FlowNormalizerTest, TranslationsHaveTheTimesOfRecords) {
    flow::MessageContext off = from(1);
    off.exported = now + Duration::hours(2);
    give(nat_event(8, now + Duration::hours(2) - Duration::seconds(30)), off);
    FlowRecord timeless = nat_event(8, {});
    timeless.fields &= ~(bit(Field::first) | bit(Field::last));
    timeless.nat_sport = 40001;
    give(timeless, from(1));
    const auto kept = maker_->drain_translations();
    ASSERT_EQ(kept.size(), 2U);
    EXPECT_EQ(kept[0].valid.begin, now - Duration::seconds(30)) << "by our clock";
    EXPECT_EQ(kept[1].valid.begin, now - Duration::seconds(1)) << "when it was exported";
}

TEST_F(FlowNormalizerTest, TranslationsSurviveARestart) {
    give(nat_event(8, now - Duration::seconds(60)));
    const std::string saved = maker_->save();
    make({});
    ASSERT_TRUE(maker_->restore(saved));
    EXPECT_EQ(give(translated_record()).src, Address::v4(0x0a000007U));
    EXPECT_TRUE(maker_->drain_translations().empty()) << "they were drained";
    EXPECT_FALSE(maker_->restore(saved + "x"));
    // The snapshot of a version without NAT mappings.
    const std::string before = saved.substr(0, 16);
    make({});
    EXPECT_TRUE(maker_->restore(before));
    EXPECT_EQ(give(translated_record()).src, translated_record().src);
}

TEST_F(FlowNormalizerTest, CountsEgressOnceWhereConfigured) {
    FlowRecord r = record();
    r.fields |= bit(Field::direction);
    r.direction = 1;
    EXPECT_EQ(give(r).kind, ReadingKind::ip);
    make({.deduplicate = Deduplicate::ingress});
    EXPECT_EQ(give(r).kind, ReadingKind::duplicate);
    r.direction = 0;
    EXPECT_EQ(give(r).kind, ReadingKind::ip);
}

TEST_F(FlowNormalizerTest, AFlowBelongsToTheExporterThatReportedItFirst) {
    make({.deduplicate = Deduplicate::flow_key, .window = Duration::minutes(5)});
    const FlowRecord r = record();
    EXPECT_EQ(give(r, from(1)).kind, ReadingKind::ip);
    EXPECT_EQ(give(r, from(2)).kind, ReadingKind::duplicate);
    EXPECT_EQ(give(r, from(1)).kind, ReadingKind::ip);
    const std::string saved = maker_->save();
    make({.deduplicate = Deduplicate::flow_key, .window = Duration::minutes(5)});
    ASSERT_TRUE(maker_->restore(saved));
    EXPECT_EQ(give(r, from(2)).kind, ReadingKind::duplicate) << "also after a restart";
    const UtcTime later = now + Duration::minutes(11);
    FlowRecord again = record();
    again.first = again.last = later;
    EXPECT_EQ(give(again, from(2, later)).kind, ReadingKind::ip) << "the first one is silent";
    EXPECT_EQ(give(again, from(1, later)).kind, ReadingKind::duplicate);
}

// Routers 2 and 3 are on the two sides of NAT device 1.
TEST_F(FlowNormalizerTest, ATranslatedFlowBelongsToTheExporterThatReportedItFirst) {
    const FlowPolicy policy{.deduplicate = Deduplicate::flow_key,
                            .nat_devices = {*parse_prefix("192.0.2.1/32")}};
    FlowRecord before = translated_record();
    before.src = Address::v4(0x0a000007U);
    before.sport = 1234;
    const auto back = [](FlowRecord r) {
        std::swap(r.src, r.dst);
        std::swap(r.sport, r.dport);
        return r;
    };
    make(policy);
    give(nat_event(8, now - Duration::seconds(60)), from(1));
    EXPECT_EQ(give(before, from(2)).kind, ReadingKind::ip);
    const Reading& after = give(translated_record(), from(3));
    EXPECT_EQ(after.kind, ReadingKind::duplicate);
    EXPECT_EQ(after.src, before.src);
    EXPECT_EQ(after.sport, 40000) << "as it was on the wire";
    EXPECT_EQ(give(back(translated_record()), from(3)).kind, ReadingKind::ip);
    EXPECT_EQ(give(back(before), from(2)).kind, ReadingKind::duplicate);
    FlowRecord another = before;
    another.src = Address::v4(0x0a000008U);
    EXPECT_EQ(give(another, from(3)).kind, ReadingKind::ip);
    // The mapping of an address does not change ports.
    make(policy);
    give(nat_event(14, now - Duration::seconds(60)), from(1));
    EXPECT_EQ(give(translated_record(), from(3)).kind, ReadingKind::ip);
    before.sport = 40000;
    EXPECT_EQ(give(before, from(2)).kind, ReadingKind::duplicate);
}

TEST_F(FlowNormalizerTest, NeverCountsDuplicateExporters) {
    make({.exporters = {{.prefixes = {*parse_prefix("192.0.2.2/32")}, .is_duplicate = true}}});
    EXPECT_EQ(give(record(), from(2)).kind, ReadingKind::duplicate);
    EXPECT_EQ(give(record(), from(1)).kind, ReadingKind::ip);
}

TEST_F(FlowNormalizerTest, MovesTimesOfAClockThatIsOff) {
    FlowRecord r = record();
    flow::MessageContext context = from(1);
    const Duration off = Duration::hours(3);
    context.exported = now + off;
    r.first = r.first + off;
    r.last = r.last + off;
    const Reading& reading = give(r, context);
    EXPECT_EQ(reading.first, now - Duration::seconds(20));
    EXPECT_EQ(reading.last, now - Duration::seconds(2));
    EXPECT_EQ(counter("collector_moved_total"), 1U);
}

// Records that waited in an exporter while the collector was down have the right times.
TEST_F(FlowNormalizerTest, KeepsTheTimesOfLateRecordsOverTcp) {
    flow::MessageContext context = from(1, now + Duration::hours(2));
    context.exported = now;
    context.transport_session = 5000;
    const Reading& reading = give(record(), context);
    EXPECT_EQ(reading.first, record().first);
    EXPECT_EQ(reading.last, record().last);
    // But a clock that is ahead is wrong.
    context = from(1);
    context.exported = now + Duration::hours(2);
    context.transport_session = 5000;
    FlowRecord ahead = record();
    ahead.first = ahead.first + Duration::hours(2);
    ahead.last = ahead.last + Duration::hours(2);
    EXPECT_EQ(give(ahead, context).last, record().last);
}

TEST_F(FlowNormalizerTest, UsesTheReceiveTimeWhereTimesAreImpossible) {
    FlowRecord future = record();
    future.last = now + Duration::hours(1);
    EXPECT_EQ(give(future).last, now);
    FlowRecord old = record();
    old.first = old.last = now - Duration::hours(24 * 400);
    EXPECT_EQ(give(old).first, now);
    FlowRecord swapped = record();
    std::swap(swapped.first, swapped.last);
    EXPECT_EQ(give(swapped).last, now);
    EXPECT_EQ(counter("collector_odd_times_total"), 3U);
    FlowRecord none = record();
    none.fields &= ~(bit(Field::first) | bit(Field::last));
    none.first = none.last = {};
    EXPECT_EQ(give(none).first, now);
}

TEST_F(FlowNormalizerTest, RefusesImpossibleVolumesAndCountsThem) {
    FlowRecord r = record(std::uint64_t{1} << 40U, 1);
    r.sampling = std::uint64_t{1} << 40U;
    give(r);
    EXPECT_TRUE(list_.readings.empty());
    EXPECT_EQ(maker_->drain_observed(), Volume());
    EXPECT_EQ(counter("collector_overflow_total"), 1U);
    const auto losses = maker_->drain_losses();
    ASSERT_EQ(losses.size(), 1U);
    EXPECT_EQ(losses[0].reason, LossReason::corrupt);
}

TEST_F(FlowNormalizerTest, GapsAreOneLossOfTheirExporterWithABound) {
    give(record(700, 7));
    give(record(900, 9));
    const flow::SequenceGap first{flow::SequenceGap::Unit::records, 5, {now, now}};
    const flow::SequenceGap second{
        flow::SequenceGap::Unit::records, 2, {now, now + Duration::seconds(9)}};
    maker_->gap(from(1), first);
    maker_->gap(from(1), second);
    maker_->gap(from(2), {flow::SequenceGap::Unit::messages, 3, {now, now}});
    const auto losses = maker_->drain_losses();
    ASSERT_EQ(losses.size(), 2U);
    EXPECT_EQ(
        losses[0],
        (Loss{"192.0.2.1", LossReason::export_gap, {now, now + Duration::seconds(9)}, 7, 7 * 900}));
    EXPECT_EQ(losses[1], (Loss{"192.0.2.2", LossReason::export_gap, {now, now}, 3, std::nullopt}));
    EXPECT_TRUE(maker_->drain_losses().empty());
}

}  // namespace
}  // namespace octroi::normalize
