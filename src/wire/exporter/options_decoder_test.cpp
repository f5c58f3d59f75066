// SPDX-License-Identifier: GPL-3.0-or-later
#include "wire/exporter/options_decoder.hpp"

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "wire/exporter/testing/receiver.hpp"
#include "wire/ipfix/testing/messages.hpp"

namespace octroi::exporter {
namespace {

using namespace ipfix::testing;
using namespace exporter::testing;
using flow::Field;

TEST(OptionsData, RatesOfSamplersApplyByTheirId) {
    Receiver r;
    const Fields with_sampler{{8, 4}, {12, 4}, {1, 4}, {48, 1}, {10, 2}};
    const auto flow = [](std::uint8_t sampler, std::uint16_t interface) -> std::string {
        return values().u32(1).u32(2).u32(100).u8(sampler).u16(interface);
    };
    r.decode(v9_message(1, {v9_templates({{256, with_sampler}}), data(256, flow(3, 7))}));
    ASSERT_EQ(r.sink.all.size(), 1U);
    EXPECT_EQ(r.sink.all[0].record.sampling, 0U);
    EXPECT_EQ(r.sink.all[0].record.sampler, 3U);
    const OptionsSpec samplers{257, {{1, 4}}, {{48, 1}, {49, 1}, {50, 4}}};
    const OptionsSpec interfaces{258, {{2, 4}}, {{34, 4}, {82, 8}}};
    const std::string definition = values().u32(0).u8(3).u8(2).u32(512).u32(0).u8(4).u8(2).u32(64);
    r.decode(
        v9_message(1, {v9_options_template(samplers), v9_options_template(interfaces),
                       data(257, definition), data(258, values().u32(9).u32(77).raw("ge-0/0/9"))}));
    r.decode(
        v9_message(1, {data(256, flow(3, 7) + flow(4, 9) + flow(5, 9) + flow(0, 9) + flow(0, 8))}));
    ASSERT_EQ(r.sink.all.size(), 6U);
    EXPECT_EQ(r.sink.all[1].record.sampling, 512U);
    EXPECT_EQ(r.sink.all[2].record.sampling, 64U);
    EXPECT_EQ(r.sink.all[3].record.sampling, 0U);  // of an unknown sampler
    EXPECT_EQ(r.sink.all[4].record.sampling, 77U);
    EXPECT_FALSE(r.sink.all[5].record.has(Field::sampling));
    EXPECT_EQ(r.exporters.interface_name(router, 9), "ge-0/0/9");
    EXPECT_EQ(r.exporters.interface_name(router, 8), "");
    EXPECT_EQ(r.exporters.interface_name(other_router, 9), "");
    EXPECT_EQ(r.exporters.interface_names(), (std::vector<InterfaceName>{{router, 9, "ge-0/0/9"}}));
    EXPECT_EQ(r.exporters.status()[0].sampling, (std::vector<std::uint64_t>{64, 77, 512}));
    // Options records are not handed over.
    EXPECT_EQ(r.counters().options_records, 3U);
}

TEST(OptionsData, TheRateInTheRecordComesFirst) {
    Receiver r;
    const OptionsSpec wide{300, {{149, 4}}, {{34, 4}}};
    r.decode(
        ipfix_message(1, {options_template(wide), data(300, values().u32(1).u32(1000)),
                          templates({{256, {{1, 4}, {34, 4}}}, {257, plain}}),
                          data(256, values().u32(5).u32(10).u32(5).u32(0)), data(257, record(7))}));
    ASSERT_EQ(r.sink.all.size(), 3U);
    EXPECT_EQ(r.sink.all[0].record.sampling, 10U);
    EXPECT_EQ(r.sink.all[1].record.sampling, 1000U);
    EXPECT_EQ(r.sink.all[2].record.sampling, 1000U);
    // Domain 0 stands for the whole exporter.
    r.decode(ipfix_message(0, {options_template(wide), data(300, values().u32(0).u32(50))}));
    r.decode(ipfix_message(9, {templates({{257, plain}}), data(257, record(7))}));
    EXPECT_EQ(r.sink.all.back().record.sampling, 50U);
}

TEST(OptionsData, ARateMayBeWithdrawn) {
    Receiver r;
    const OptionsSpec wide{300, {{149, 4}}, {{34, 4}}};
    std::uint32_t number = 0;
    r.decode(ipfix_message(1, {options_template(wide), templates({{257, plain}})}));
    const auto rate_after = [&](std::uint32_t stated) {
        r.decode(ipfix_message(1, {data(300, values().u32(1).u32(stated)), data(257, record(7))},
                               number));
        number += 2;
        return r.sink.all.back().record.sampling;
    };
    EXPECT_EQ(rate_after(0), 0U);  // an interval of 0 alone states no rate
    EXPECT_EQ(rate_after(100), 100U);
    for (const std::uint32_t off : {0U, 1U}) {
        // A change applies when it was stated twice.
        EXPECT_EQ(rate_after(off), 100U);
        EXPECT_EQ(rate_after(off), 1U);
        EXPECT_EQ(rate_after(100), 1U);
        EXPECT_EQ(rate_after(100), 100U);
    }
    EXPECT_EQ(r.exporters.status()[0].sampling, (std::vector<std::uint64_t>{100}));
    EXPECT_EQ(r.counters().changed_rates, 4U);
    EXPECT_EQ(r.counters().unconfirmed_rates, 4U);
}

TEST(OptionsData, AfterARestartAnotherRateAppliesAtOnce) {
    Receiver r;
    const OptionsSpec wide{300, {{1, 4}}, {{34, 4}}};
    const auto rates = [](std::uint32_t rate) { return data(300, values().u32(0).u32(rate)); };
    r.decode(v9_message(1, {v9_options_template(wide), v9_templates({{257, plain}}), rates(100)},
                        500, 1'000'000));
    std::uint32_t uptime = 500;  // it started after the rate was stated
    std::uint32_t number = 0;
    const auto rate_of = [&](const std::string& options) {
        r.decode(v9_message(1, {options, data(257, record(7))}, number++,
                            std::exchange(uptime, uptime + 1000)));
        return r.sink.all.back().record.sampling;
    };
    // A forged message looks like a restart, until others follow.
    EXPECT_EQ(rate_of(rates(50)), 100U);
    for (std::uint32_t i = 0; i < MessageStream::confirming; ++i) EXPECT_EQ(rate_of(""), 100U);
    EXPECT_EQ(rate_of(rates(20)), 20U);
    EXPECT_EQ(r.counters().restarts, 1U);
}

TEST(OptionsData, NoNumberErasesARate) {
    Receiver r;
    const OptionsSpec wide{300, {{149, 4}}, {{34, 4}}};
    r.decode(ipfix_message(1,
                           {options_template(wide), templates({{257, plain}}),
                            data(300, values().u32(1).u32(100)), data(257, record(7))},
                           500));
    EXPECT_EQ(r.sink.all.back().record.sampling, 100U);
    r.decode(ipfix_message(1, {}, 0));
    r.decode(ipfix_message(1, {data(257, record(7))}, 502));
    EXPECT_EQ(r.sink.all.back().record.sampling, 100U);
}

TEST(OptionsData, ARateThatCannotBeRightIsRefusedOrTurnedRound) {
    Receiver r;
    const OptionsSpec wide{300, {{149, 4}}, {{34, 4}}};
    const Fields stated{{1, 4}, {34, 4}};
    const std::string flows = values().u32(5).u32(3'892'510'720).u32(6).u32(0x7fffff7f);
    r.decode(ipfix_message(
        1, {options_template(wide), templates({{256, stated}, {257, plain}}),
            data(300, values().u32(1).u32(0x7fffff7f)), data(256, flows), data(257, record(7))}));
    ASSERT_EQ(r.sink.all.size(), 3U);
    EXPECT_EQ(r.sink.all[0].record.sampling, 1000U);
    EXPECT_FALSE(r.sink.all[1].record.has(Field::sampling));
    EXPECT_TRUE(r.sink.all[1].record.rate_refused);
    EXPECT_FALSE(r.sink.all[2].record.has(Field::sampling));
    EXPECT_EQ(r.counters().refused_rates, 2U);
    EXPECT_EQ(r.exporters.status()[0].refused_rates, 2U);
    EXPECT_EQ(r.exporters.drain_notices().size(), 2U);
}

TEST(OptionsData, ARateThatChangesIsReportedOnce) {
    Receiver r;
    const OptionsSpec wide{300, {{149, 4}}, {{34, 4}}};
    std::uint32_t sequence = 0;
    const auto state = [&](std::uint32_t rate) {
        r.decode(ipfix_message(1, {options_template(wide), data(300, values().u32(1).u32(rate))},
                               sequence++));
        return r.exporters.drain_notices();
    };
    using Kind = Notice::Kind;
    EXPECT_TRUE(state(100).empty()) << "nothing had another rate";
    EXPECT_TRUE(state(100).empty());
    const auto unconfirmed = state(1000);
    ASSERT_EQ(unconfirmed.size(), 1U);
    EXPECT_EQ(unconfirmed[0].kind, Kind::rate_unconfirmed);
    EXPECT_EQ(unconfirmed[0].exporter, router);
    EXPECT_EQ(unconfirmed[0].rate, 1000U);
    EXPECT_EQ(unconfirmed[0].rate_before, 100U);
    const auto changed = state(1000);
    ASSERT_EQ(changed.size(), 1U);
    EXPECT_EQ(changed[0].kind, Kind::rate_changed);
    EXPECT_EQ(changed[0].rate, 1000U);
    EXPECT_EQ(changed[0].rate_before, 100U);
    EXPECT_TRUE(state(1000).empty());
    EXPECT_FALSE(r.exporters.has_notices());
}

TEST(OptionsData, NoticesThatNobodyReadsAreBounded) {
    Receiver r;
    const OptionsSpec wide{300, {{149, 4}}, {{34, 4}}};
    for (std::uint32_t i = 0; i < 1000; ++i)
        r.decode(
            ipfix_message(1, {options_template(wide), data(300, values().u32(1).u32(100 + i))}));
    EXPECT_EQ(r.exporters.drain_notices().size(), Notices::notices_max);
    EXPECT_EQ(r.counters().unconfirmed_rates, 999U);
}

// A sender that forges the exporter's address: its rate would apply to records that had none.
TEST(OptionsData, ARateFromAnUnusualPortNeedsConfirmation) {
    Receiver r;
    const OptionsSpec by_template{300, {{145, 2}}, {{34, 4}}};
    r.port = 4000;
    std::string many;
    for (std::uint32_t i = 0; i < 120; ++i) many += record(7);
    r.decode(ipfix_message(1, {templates({{257, plain}}), data(257, many)}));
    std::uint32_t number = 120;
    const auto rate_after = [&](std::uint16_t port, const std::string& options) {
        r.port = port;
        r.decode(ipfix_message(1, {options_template(by_template), options}, number));
        r.port = 4000;
        r.decode(ipfix_message(1, {data(257, record(7))}, ++number));
        ++number;
        return r.sink.all.back().record.sampling;
    };
    const std::string rate = data(300, values().u16(257).u32(1000));
    for (std::uint32_t i = 0; i < KnownPorts::usual_messages; ++i)
        r.decode(ipfix_message(1, {data(257, record(7))}, number++));
    EXPECT_EQ(rate_after(5000, rate), 0U);
    EXPECT_EQ(rate_after(4000, rate), 1000U);
}

// An exporter that states sampler 3 in domain 2 and sends the flows in domain 1.
struct SamplerOfAnotherDomain : ::testing::Test {
    SamplerOfAnotherDomain() {
        r.port = 4000;
        r.decode(ipfix_message(2, {options_template(by_id), states(100)}));
        r.decode(ipfix_message(1, {templates({{256, with_sampler}})}));
        for (std::uint32_t i = 0; i < 10; ++i) report();
        for (std::uint32_t i = 0; i < KnownPorts::usual_messages; ++i) report();
    }
    static std::string states(std::uint32_t rate) {
        return data(300, values().u32(0).u8(3).u32(rate));
    }
    void report() {
        std::string flows;
        for (int i = 0; i < 10; ++i) flows += values().u32(1).u32(2).u32(7).u8(3);
        r.port = 4000;
        r.decode(ipfix_message(1, {data(256, flows)}, number));
        number += 10;
    }
    void forge(std::uint32_t domain, std::uint32_t rate) {
        r.port = 5000;
        r.decode(ipfix_message(domain, {options_template(by_id), states(rate)}, number));
        report();
    }

    const OptionsSpec by_id{300, {{149, 4}}, {{48, 1}, {34, 4}}};
    const Fields with_sampler{{8, 4}, {12, 4}, {1, 4}, {48, 1}};
    Receiver r;
    std::uint32_t number = 0;
};

TEST_F(SamplerOfAnotherDomain, HasTheSameRateAfterAForgedOneInTheDomainOfTheFlows) {
    EXPECT_EQ(r.sink.all.back().record.sampling, 100U);
    forge(1, 100'000);
    EXPECT_EQ(r.sink.all.back().record.sampling, 100U);
    EXPECT_EQ(r.counters().unconfirmed_rates, 1U);
    EXPECT_EQ(r.exporters.drain_notices().size(), 1U);
}

TEST_F(SamplerOfAnotherDomain, HasTheSameRateAfterAForgedOneInAThirdDomain) {
    forge(9, 50);
    EXPECT_EQ(r.sink.all.back().record.sampling, 100U);
    EXPECT_EQ(r.counters().unconfirmed_rates, 1U);
}

TEST_F(SamplerOfAnotherDomain, HasTheSameRateInTheSecondPassOverAFile) {
    forge(1, 100'000);
    forge(9, 50);
    Receiver second;
    second.exporters.set_fallback(r.exporters.sampling());
    second.decode(ipfix_message(
        1, {templates({{256, with_sampler}}), data(256, values().u32(1).u32(2).u32(7).u8(3))}));
    EXPECT_EQ(second.sink.all.back().record.sampling, 100U);
}

TEST(OptionsData, ASecondPassUsesTheRatesOfTheFirst) {
    const OptionsSpec wide{300, {{149, 4}}, {{34, 4}}};
    const std::string flows = ipfix_message(1, {templates({{257, plain}}), data(257, record(7))});
    const std::string options =
        ipfix_message(1, {options_template(wide), data(300, values().u32(1).u32(1000))}, 1);
    Receiver first;
    first.decode(flows);
    first.decode(options);
    EXPECT_EQ(first.sink.all[0].record.sampling, 0U);
    Receiver second;
    second.exporters.set_fallback(first.exporters.sampling());
    second.decode(flows);
    EXPECT_EQ(second.sink.all[0].record.sampling, 1000U);
    EXPECT_EQ(second.sink.bytes(), 7U);
}

TEST(OptionsData, StatesWhenTheExporterStarted) {
    Receiver r;
    const OptionsSpec start{300, {{149, 4}}, {{160, 8}}};
    const std::uint64_t init = (std::uint64_t{export_seconds} - 500) * 1000;
    r.decode(ipfix_message(
        1, {templates({{256, {{1, 4}, {22, 4}}}}), options_template(start),
            data(300, values().u32(1).u64(init)), data(256, values().u32(9).u32(100'000))}));
    ASSERT_EQ(r.sink.all.size(), 1U);
    EXPECT_EQ(r.sink.all[0].record.first, UtcTime::from_seconds(export_seconds - 400));
}

TEST(OptionsData, OneMessageMovesNoTimes) {
    constexpr std::int64_t not_stated = -1;
    Receiver r;
    const OptionsSpec start{300, {{149, 4}}, {{160, 8}}};
    const std::uint64_t init = (std::uint64_t{export_seconds} - 50'000) * 1000;
    const auto starts = [](std::uint64_t ms) { return data(300, values().u32(1).u64(ms)); };
    std::uint32_t number = 0;
    r.decode(ipfix_message(
        1, {templates({{256, {{1, 4}, {22, 4}}}}), options_template(start), starts(init)}, number));
    const auto seconds_of = [&](const std::string& options, std::uint32_t options_records) {
        number += 1;
        r.decode(ipfix_message(1, {options, data(256, values().u32(9).u32(49'000'000))}, number));
        number += options_records;
        const flow::FlowRecord& flow = r.sink.all.back().record;
        if (!flow.has(Field::first)) return not_stated;
        return (UtcTime::from_seconds(export_seconds) - flow.first).ns / 1'000'000'000;
    };
    constexpr std::uint64_t hours = 10'000'000;
    EXPECT_EQ(seconds_of("", 0), 1000);
    // Also if the datagram says it twice. Until the exporter states one of the two again, it may
    // have restarted.
    EXPECT_EQ(seconds_of(starts(init - hours) + starts(init - hours), 2), not_stated);
    EXPECT_EQ(seconds_of("", 0), not_stated);
    EXPECT_EQ(seconds_of(starts(init), 1), 1000);
    EXPECT_EQ(seconds_of(starts(init - hours), 1), not_stated);
    EXPECT_EQ(seconds_of(starts(init - 2 * hours), 1), not_stated);
    EXPECT_EQ(seconds_of(starts(init), 1), 1000);
    EXPECT_EQ(r.counters().unconfirmed_starts, 4U);
    EXPECT_EQ(r.exporters.status()[0].unconfirmed_starts, 4U);
    EXPECT_EQ(r.exporters.drain_notices().size(), 4U);
    EXPECT_EQ(seconds_of(starts(init - hours), 1), not_stated);
    EXPECT_EQ(seconds_of(starts(init - hours), 1), 11'000);
}

TEST(OptionsData, SmallDifferencesOfAStartDoNotAddUp) {
    ExporterStart start;
    using Effect = ExporterStart::Effect;
    EXPECT_EQ(start.state({.ms = 1'000'000, .message = 1}), Effect::added);
    EXPECT_EQ(start.state({.ms = 1'009'000, .message = 2}), Effect::none);
    EXPECT_EQ(start.ms(), 1'000'000);
    EXPECT_EQ(start.state({.ms = 1'018'000, .message = 3}), Effect::unconfirmed);
    EXPECT_EQ(start.ms(), 0);
}

TEST(OptionsData, TheFirstStartFromAnUnusualPortNeedsConfirmation) {
    ExporterStart start;
    using Effect = ExporterStart::Effect;
    EXPECT_EQ(start.state({.ms = 1'000'000, .message = 1, .is_usual = false}), Effect::unconfirmed);
    EXPECT_EQ(start.ms(), 0);
    EXPECT_EQ(start.state({.ms = 1'000'000, .message = 2, .is_usual = false}), Effect::added);
    EXPECT_EQ(start.ms(), 1'000'000);
}

TEST(OptionsData, ARestartConfirmsNoStartFromBeforeIt) {
    const UtcTime restarted = UtcTime::from_seconds(export_seconds);
    ExporterStart start;
    (void)start.state({.ms = 1'000'000, .message = 1});
    (void)start.state({.ms = 5'000'000, .received = restarted - Duration{1}, .message = 2});
    start.on_restart(restarted);
    EXPECT_EQ(start.ms(), 0);
    (void)start.state({.ms = 9'000'000, .received = restarted, .message = 3});
    start.on_restart(restarted);
    EXPECT_EQ(start.ms(), 9'000'000);
}

TEST(OptionsData, AfterARestartAnotherStartApplies) {
    Receiver r;
    const OptionsSpec start{300, {{149, 4}}, {{160, 8}}};
    const std::uint64_t init = (std::uint64_t{export_seconds} - 50'000) * 1000;
    const auto starts = [](std::uint64_t ms) { return data(300, values().u32(1).u64(ms)); };
    r.decode(ipfix_message(
        1, {templates({{256, {{1, 4}, {22, 4}}}}), options_template(start), starts(init)}, 5000));
    const auto first = [&](std::uint32_t number, const std::string& options) {
        r.decode(ipfix_message(1, {options, data(256, values().u32(9).u32(1000))}, number));
        return r.sink.all.back().record.first;
    };
    const std::uint64_t now = std::uint64_t{export_seconds} * 1000 - 2000;
    EXPECT_EQ(first(0, starts(now)), UtcTime{});
    // No time counts from the old start in the meantime.
    for (std::uint32_t i = 0; i + 1 < MessageStream::confirming; ++i)
        EXPECT_EQ(first(2 + i, ""), UtcTime{});
    (void)first(1 + MessageStream::confirming, "");
    EXPECT_EQ(first(10, ""), UtcTime::from_seconds(export_seconds - 1));
}

// RFC 7011 section 3.1: data records count, options records included, templates do not.
TEST(OptionsData, RecordsCountInTheSequenceOfIpfix) {
    Receiver r;
    const OptionsSpec wide{300, {{149, 4}}, {{34, 4}}};
    r.decode(
        ipfix_message(1, {templates({{256, plain}}), options_template(wide),
                          data(300, values().u32(1).u32(10)), data(256, record(1) + record(2))}));
    r.decode(ipfix_message(1, {data(256, record(3))}, 3));
    r.exporters.flush(r.sink);
    EXPECT_TRUE(r.sink.gaps.empty());
}

}  // namespace
}  // namespace octroi::exporter
