// SPDX-License-Identifier: GPL-3.0-or-later
#include "wire/exporter/exporters.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "wire/exporter/testing/collected.hpp"
#include "wire/ipfix/testing/messages.hpp"

namespace octroi::exporter {
namespace {

using namespace ipfix::testing;
using exporter::testing::Collected;
using flow::Field;
using flow::Outcome;
using flow::Protocol;

const Address router = Address::v4(0xcb007101);
const Address other = Address::v4(0xcb007102);
const Fields plain{{8, 4}, {12, 4}, {1, 4}};

std::string record(std::uint32_t bytes) { return values().u32(1).u32(2).u32(bytes); }

struct Collector {
    explicit Collector(const Settings& settings = {}) : exporters(settings) {}

    Outcome take(const std::string& octets, const Address& from = router) {
        now = now + Duration::seconds(1);
        return exporters.decode({as_octets(octets), from, now}, sink);
    }
    [[nodiscard]] const Counters& counters() const { return exporters.counters(); }

    Exporters exporters;
    Collected sink;
    UtcTime now = UtcTime::from_seconds(export_seconds);
};

TEST(Exporters, RecogniseEachMessage) {
    Collector c;
    EXPECT_EQ(c.take(v5_message({}, {v5_record(100, 1)})), Outcome::ok);
    EXPECT_EQ(c.take(v9_message(1, {v9_templates({{256, plain}}), data(256, record(200))})),
              Outcome::ok);
    EXPECT_EQ(c.take(ipfix_message(2, {templates({{256, plain}}), data(256, record(300))})),
              Outcome::ok);
    const std::string counters_only =
        values().u32(5).u32(1).u32(0x0a000001).u32(0).u32(1).u32(1000).u32(0);
    EXPECT_EQ(c.take(counters_only), Outcome::ok);
    ASSERT_EQ(c.sink.all.size(), 3U);
    EXPECT_EQ(c.sink.all[0].context.protocol, Protocol::netflow_v5);
    EXPECT_EQ(c.sink.all[1].context.protocol, Protocol::netflow_v9);
    EXPECT_EQ(c.sink.all[1].context.observation_domain, 1U);
    EXPECT_EQ(c.sink.all[2].context.protocol, Protocol::ipfix);
    EXPECT_EQ(c.sink.all[2].context.exporter, router);
    EXPECT_EQ(c.sink.all[2].context.exported, UtcTime::from_seconds(export_seconds));
    EXPECT_EQ(c.counters().messages, 4U);
    EXPECT_EQ(c.counters().records, 3U);
    const auto status = c.exporters.status();
    ASSERT_EQ(status.size(), 1U);
    EXPECT_EQ(status[0].protocols.size(), 4U);
    EXPECT_EQ(status[0].templates, 2U);
    EXPECT_EQ(status[0].observation_domains, (std::vector<std::uint32_t>{0, 1, 2}));
}

TEST(Exporters, TakeSeveralMessagesInOneDatagram) {
    Collector c;
    const std::string both = ipfix_message(1, {templates({{256, plain}}), data(256, record(10))}) +
                             v9_message(1, {v9_templates({{256, plain}}), data(256, record(20))}) +
                             v5_message({}, {v5_record(30, 1)}) + std::string(12, '\0');
    EXPECT_EQ(c.take(both), Outcome::ok);
    EXPECT_EQ(c.sink.all.size(), 3U);
    EXPECT_EQ(c.sink.bytes(), 60U);
    EXPECT_EQ(c.counters().messages, 3U);
}

TEST(Exporters, GarbageIsCountedAndTheRestDecoded) {
    Collector c;
    EXPECT_EQ(c.take("hello, world"), Outcome::unsupported);
    EXPECT_EQ(c.take(""), Outcome::unsupported);
    EXPECT_EQ(c.counters().unknown, 2U);
    EXPECT_TRUE(c.exporters.status().empty());
    EXPECT_EQ(c.take(v5_message({}, {v5_record(30, 1)}) + "garbage"), Outcome::malformed);
    EXPECT_EQ(c.sink.bytes(), 30U);
    EXPECT_EQ(
        c.take(ipfix_message(1, {templates({{256, plain}}),
                                 data(256, record(10)) + std::string("\x01\x00\x00\x02", 4)})),
        Outcome::malformed);
    EXPECT_EQ(c.sink.bytes(), 40U);
}

TEST(Exporters, TemplatesBelongToAddressDomainAndProtocol) {
    Collector c;
    c.take(ipfix_message(1, {templates({{256, plain}})}));
    c.take(ipfix_message(1, {data(256, record(10))}));
    EXPECT_EQ(c.sink.all.size(), 1U);
    c.take(ipfix_message(2, {data(256, record(10))}));
    c.take(v9_message(1, {data(256, record(10))}));
    c.take(ipfix_message(1, {data(256, record(10))}), other);
    EXPECT_EQ(c.sink.all.size(), 1U);
    EXPECT_EQ(c.counters().pending, 3U);
}

TEST(Exporters, ARedefinitionReplaces) {
    Collector c;
    c.take(
        ipfix_message(1, {templates({{256, plain}}), data(256, record(10)),
                          templates({{256, {{1, 4}, {8, 4}, {12, 4}}}}), data(256, record(20))}));
    ASSERT_EQ(c.sink.all.size(), 2U);
    EXPECT_EQ(c.sink.all[0].record.bytes, 10U);
    EXPECT_EQ(c.sink.all[1].record.bytes, 1U);
    EXPECT_EQ(c.exporters.status()[0].templates, 1U);
}

TEST(Exporters, WithdrawnTemplatesAreGone) {
    Collector c;
    const OptionsSpec options{300, {{149, 4}}, {{34, 4}}};
    c.take(ipfix_message(1, {templates({{256, plain}, {257, plain}, {258, plain}}),
                             options_template(options), withdrawal(257)}));
    EXPECT_EQ(c.exporters.status()[0].templates, 3U);
    c.take(ipfix_message(1, {data(257, record(1)), data(256, record(2))}));
    EXPECT_EQ(c.sink.bytes(), 2U);
    c.take(ipfix_message(1, {withdrawal(2)}));
    EXPECT_EQ(c.exporters.status()[0].templates, 1U);
    c.take(ipfix_message(1, {withdrawal(3, 3)}));
    EXPECT_EQ(c.exporters.status()[0].templates, 0U);
}

TEST(Exporters, DataMayComeBeforeItsTemplate) {
    Collector c;
    c.take(ipfix_message(1, {data(256, record(1) + record(2))}, 0, export_seconds - 100));
    c.take(ipfix_message(1, {data(257, record(4))}));
    c.take(ipfix_message(1, {data(256, record(8))}));
    EXPECT_TRUE(c.sink.all.empty());
    EXPECT_EQ(c.counters().pending, 3U);
    EXPECT_GT(c.exporters.status()[0].pending_octets, 0U);
    c.take(ipfix_message(
        1, {data(256, record(16)), templates({{256, plain}}), data(256, record(32))}));
    ASSERT_EQ(c.sink.all.size(), 5U);
    EXPECT_EQ(c.sink.bytes(), 1U + 2 + 8 + 16 + 32);
    // With the context of their own message.
    EXPECT_EQ(c.sink.all[0].context.exported, UtcTime::from_seconds(export_seconds - 100));
    EXPECT_EQ(c.sink.all[2].record.bytes, 8U);
    EXPECT_EQ(c.counters().resumed, 3U);
    EXPECT_TRUE(c.sink.gaps.empty());
    c.take(ipfix_message(1, {templates({{257, plain}})}));
    EXPECT_EQ(c.sink.bytes(), 63U);
    EXPECT_EQ(c.exporters.status()[0].pending_octets, 0U);
}

TEST(Exporters, DataThatWaitedTooLongIsGivenUp) {
    Collector c;
    c.take(ipfix_message(1, {data(256, record(1))}));
    c.now = c.now + Duration::minutes(20);
    c.take(ipfix_message(1, {data(256, record(2))}));
    EXPECT_EQ(c.counters().dropped, 0U);
    // At any message of the exporter.
    c.now = c.now + Duration::minutes(20);
    c.take(v9_message(4, {v9_templates({{300, plain}})}));
    EXPECT_EQ(c.counters().dropped, 1U);
    c.take(ipfix_message(1, {templates({{256, plain}})}));
    EXPECT_EQ(c.sink.bytes(), 2U);
    // And without any.
    c.take(ipfix_message(1, {data(257, record(4))}));
    c.exporters.expire(c.now + Duration::minutes(30), c.sink);
    EXPECT_EQ(c.counters().dropped, 1U);
    c.exporters.expire(c.now + Duration::minutes(31), c.sink);
    EXPECT_EQ(c.counters().dropped, 2U);
    EXPECT_EQ(c.exporters.status()[0].pending_octets, 0U);
    EXPECT_EQ(c.exporters.status()[0].undecodable, 2U);
}

TEST(Exporters, AClockThatIsSetBackMakesNobodyWaitForEver) {
    Collector c;
    c.take(ipfix_message(1, {data(256, record(1))}));
    c.now = c.now - Duration::hours(1000);
    c.exporters.expire(c.now, c.sink);
    EXPECT_EQ(c.counters().dropped, 0U);
    c.exporters.expire(c.now + Duration::minutes(31), c.sink);
    EXPECT_EQ(c.counters().dropped, 1U);
}

TEST(Exporters, ATemplateAfterARestartIsAnotherOne) {
    Collector c;
    c.take(v9_message(1, {data(256, record(1))}, 500));
    c.take(v9_message(2, {data(256, record(2))}, 500));
    c.take(v9_message(1, {v9_templates({{256, plain}})}, 0, 1000));
    EXPECT_EQ(c.counters().restarts, 1U);
    EXPECT_EQ(c.counters().dropped, 1U);
    EXPECT_TRUE(c.sink.all.empty());
    c.take(v9_message(2, {v9_templates({{256, plain}})}, 501, 1'001'000));
    EXPECT_EQ(c.sink.bytes(), 2U);
    // Nobody knows how many records the message before had.
    c.take(ipfix_message(1, {data(256, record(4))}, 500));
    c.take(ipfix_message(1, {templates({{256, plain}})}, 0));
    EXPECT_EQ(c.counters().dropped, 2U);
    EXPECT_EQ(c.sink.bytes(), 2U);
}

TEST(Exporters, GapsOfASilentExporterAreTold) {
    Collector c;
    c.take(v5_message({.sequence = 0}, {v5_record(1, 1)}));
    c.take(v5_message({.sequence = 10, .uptime_ms = 1'001'000}, {v5_record(1, 1)}));
    const UtcTime seen = c.now;
    c.exporters.expire(seen + Duration::minutes(10), c.sink);
    EXPECT_TRUE(c.sink.gaps.empty());
    c.exporters.expire(seen + Duration::minutes(11), c.sink);
    ASSERT_EQ(c.sink.gaps.size(), 1U);
    EXPECT_EQ(c.sink.gaps[0].lost, 9U);
    EXPECT_EQ(c.sink.gap_contexts[0].exporter, router);
    EXPECT_EQ(c.counters().lost, 9U);
    c.exporters.expire(seen + Duration::hours(1), c.sink);
    c.exporters.flush(c.sink);
    EXPECT_EQ(c.sink.gaps.size(), 1U);
}

TEST(Exporters, SamplersApplyByTheirId) {
    Collector c;
    const Fields with_sampler{{8, 4}, {12, 4}, {1, 4}, {48, 1}, {10, 2}};
    const auto flow = [](std::uint8_t sampler, std::uint16_t interface) -> std::string {
        return values().u32(1).u32(2).u32(100).u8(sampler).u16(interface);
    };
    c.take(v9_message(1, {v9_templates({{256, with_sampler}}), data(256, flow(3, 7))}));
    ASSERT_EQ(c.sink.all.size(), 1U);
    EXPECT_EQ(c.sink.all[0].record.sampling, 0U);
    EXPECT_EQ(c.sink.all[0].record.sampler, 3U);
    const OptionsSpec samplers{257, {{1, 4}}, {{48, 1}, {49, 1}, {50, 4}}};
    const OptionsSpec interfaces{258, {{2, 4}}, {{34, 4}, {82, 8}}};
    const std::string definition = values().u32(0).u8(3).u8(2).u32(512).u32(0).u8(4).u8(2).u32(64);
    c.take(
        v9_message(1, {v9_options_template(samplers), v9_options_template(interfaces),
                       data(257, definition), data(258, values().u32(9).u32(77).raw("ge-0/0/9"))}));
    c.take(
        v9_message(1, {data(256, flow(3, 7) + flow(4, 9) + flow(5, 9) + flow(0, 9) + flow(0, 8))}));
    ASSERT_EQ(c.sink.all.size(), 6U);
    EXPECT_EQ(c.sink.all[1].record.sampling, 512U);
    EXPECT_EQ(c.sink.all[2].record.sampling, 64U);
    EXPECT_EQ(c.sink.all[3].record.sampling, 0U);  // by a sampler that is not known
    EXPECT_EQ(c.sink.all[4].record.sampling, 77U);
    EXPECT_FALSE(c.sink.all[5].record.has(Field::sampling));
    EXPECT_EQ(c.exporters.interface_name(router, 9), "ge-0/0/9");
    EXPECT_EQ(c.exporters.interface_name(router, 8), "");
    EXPECT_EQ(c.exporters.interface_name(other, 9), "");
    EXPECT_EQ(c.exporters.interface_names(), (std::vector<InterfaceName>{{router, 9, "ge-0/0/9"}}));
    EXPECT_EQ(c.exporters.status()[0].sampling, (std::vector<std::uint64_t>{64, 77, 512}));
    // Options are no traffic.
    EXPECT_EQ(c.counters().options_records, 3U);
}

TEST(Exporters, TheRecordsOwnRateComesFirst) {
    Collector c;
    const OptionsSpec wide{300, {{149, 4}}, {{34, 4}}};
    c.take(
        ipfix_message(1, {options_template(wide), data(300, values().u32(1).u32(1000)),
                          templates({{256, {{1, 4}, {34, 4}}}, {257, plain}}),
                          data(256, values().u32(5).u32(10).u32(5).u32(0)), data(257, record(7))}));
    ASSERT_EQ(c.sink.all.size(), 3U);
    EXPECT_EQ(c.sink.all[0].record.sampling, 10U);
    EXPECT_EQ(c.sink.all[1].record.sampling, 1000U);
    EXPECT_EQ(c.sink.all[2].record.sampling, 1000U);
    // ObservationDomain 0 speaks for the whole exporter.
    c.take(ipfix_message(0, {options_template(wide), data(300, values().u32(0).u32(50))}));
    c.take(ipfix_message(9, {templates({{257, plain}}), data(257, record(7))}));
    EXPECT_EQ(c.sink.all.back().record.sampling, 50U);
}

TEST(Exporters, ARateMayBeTakenBack) {
    Collector c;
    const OptionsSpec wide{300, {{149, 4}}, {{34, 4}}};
    std::uint32_t number = 0;
    c.take(ipfix_message(1, {options_template(wide), templates({{257, plain}})}));
    const auto rate_after = [&](std::uint32_t said) {
        c.take(
            ipfix_message(1, {data(300, values().u32(1).u32(said)), data(257, record(7))}, number));
        number += 2;
        return c.sink.all.back().record.sampling;
    };
    EXPECT_EQ(rate_after(0), 0U);  // nothing was known, nothing is
    for (const std::uint32_t off : {0U, 1U}) {
        EXPECT_EQ(rate_after(100), 100U);
        EXPECT_EQ(rate_after(off), 1U);
    }
    EXPECT_EQ(c.exporters.status()[0].sampling, (std::vector<std::uint64_t>{1}));
}

TEST(Exporters, ARestartForgetsTheRatesOfTheDomain) {
    Collector c;
    const OptionsSpec wide{300, {{1, 4}}, {{34, 4}}};
    const std::string rates = data(300, values().u32(0).u32(100));
    for (const std::uint32_t source : {1U, 2U})
        c.take(v9_message(source, {v9_options_template(wide), v9_templates({{257, plain}}), rates},
                          500));
    const std::size_t memory = c.exporters.memory();
    const auto rate_of = [&](std::uint32_t source, std::uint32_t number, std::uint32_t uptime) {
        c.take(v9_message(source, {data(257, record(7))}, number, uptime));
        return c.sink.all.back().record.sampling;
    };
    EXPECT_EQ(rate_of(1, 501, 1'001'000), 100U);
    EXPECT_EQ(rate_of(1, 0, 500), 0U);
    EXPECT_EQ(rate_of(2, 501, 1'001'000), 100U);
    EXPECT_LT(c.exporters.memory(), memory);
    // Said since it started: two sources behind one address are no restart each time.
    c.take(v9_message(1, {rates}, 1, 2000));
    EXPECT_EQ(rate_of(1, 9000, 5'000'000), 100U);
    EXPECT_EQ(rate_of(1, 2, 60'000), 100U);
    EXPECT_EQ(c.counters().restarts, 3U);
}

TEST(Exporters, WhoCountsFromZeroForgetsItsRates) {
    Collector c;
    const OptionsSpec wide{300, {{149, 4}}, {{34, 4}}};
    c.take(ipfix_message(1,
                         {options_template(wide), templates({{257, plain}}),
                          data(300, values().u32(1).u32(100)), data(257, record(7))},
                         500));
    EXPECT_EQ(c.sink.all.back().record.sampling, 100U);
    c.take(ipfix_message(1, {data(257, record(7))}, 0));
    EXPECT_EQ(c.sink.all.back().record.sampling, 0U);
}

TEST(Exporters, AFirstPassTeachesTheSecond) {
    const OptionsSpec wide{300, {{149, 4}}, {{34, 4}}};
    const std::string flows = ipfix_message(1, {templates({{257, plain}}), data(257, record(7))});
    const std::string options =
        ipfix_message(1, {options_template(wide), data(300, values().u32(1).u32(1000))}, 1);
    Collector first;
    first.take(flows);
    first.take(options);
    EXPECT_EQ(first.sink.all[0].record.sampling, 0U);
    Collector second;
    second.exporters.set_fallback(first.exporters.sampling());
    second.take(flows);
    EXPECT_EQ(second.sink.all[0].record.sampling, 1000U);
    EXPECT_EQ(second.sink.bytes(), 7U);
}

TEST(Exporters, TheHeaderOfV5StatesARate) {
    Collector c;
    c.take(v5_message({.engine = 0x0103, .sampling = 0x4000 + 100}, {v5_record(1, 1)}));
    EXPECT_EQ(c.sink.all[0].record.sampling, 100U);
    EXPECT_EQ(c.sink.all[0].context.observation_domain, 0x0103U);
    EXPECT_EQ(c.exporters.status()[0].sampling, (std::vector<std::uint64_t>{100}));
}

TEST(Exporters, OptionsSayWhenTheExporterStarted) {
    Collector c;
    const OptionsSpec start{300, {{149, 4}}, {{160, 8}}};
    const std::uint64_t init = (std::uint64_t{export_seconds} - 500) * 1000;
    c.take(ipfix_message(
        1, {templates({{256, {{1, 4}, {22, 4}}}}), options_template(start),
            data(300, values().u32(1).u64(init)), data(256, values().u32(9).u32(100'000))}));
    ASSERT_EQ(c.sink.all.size(), 1U);
    EXPECT_EQ(c.sink.all[0].record.first, UtcTime::from_seconds(export_seconds - 400));
}

TEST(Exporters, LossesAreToldInTheUnitOfTheProtocol) {
    Collector c;
    c.take(v5_message({.sequence = 0}, {v5_record(1, 1), v5_record(1, 1)}));
    c.take(v5_message({.sequence = 10, .uptime_ms = 1'001'000}, {v5_record(1, 1)}));
    c.take(v9_message(1, {v9_templates({{256, plain}})}, 5));
    c.take(v9_message(1, {data(256, record(1))}, 8, 1'001'000));
    c.take(ipfix_message(1, {templates({{256, plain}}), data(256, record(1) + record(2))}, 0));
    c.take(ipfix_message(1, {data(256, record(1))}, 7));
    EXPECT_TRUE(c.sink.gaps.empty());
    c.exporters.flush(c.sink);
    ASSERT_EQ(c.sink.gaps.size(), 3U);
    std::uint64_t records = 0;
    std::uint64_t messages = 0;
    for (std::size_t i = 0; i < 3; ++i) {
        const bool of_messages = c.sink.gaps[i].unit == flow::SequenceGap::Unit::messages;
        EXPECT_EQ(of_messages, c.sink.gap_contexts[i].protocol == Protocol::netflow_v9);
        (of_messages ? messages : records) += c.sink.gaps[i].lost;
    }
    EXPECT_EQ(records, 8U + 5);
    EXPECT_EQ(messages, 2U);
    EXPECT_EQ(c.counters().lost, 15U);
    c.exporters.flush(c.sink);
    EXPECT_EQ(c.sink.gaps.size(), 3U);
}

// RFC 7011 section 3.1: data records count, those of options with them, templates do not.
TEST(Exporters, OptionsRecordsCountInTheSequenceOfIpfix) {
    Collector c;
    const OptionsSpec wide{300, {{149, 4}}, {{34, 4}}};
    c.take(
        ipfix_message(1, {templates({{256, plain}}), options_template(wide),
                          data(300, values().u32(1).u32(10)), data(256, record(1) + record(2))}));
    c.take(ipfix_message(1, {data(256, record(3))}, 3));
    c.exporters.flush(c.sink);
    EXPECT_TRUE(c.sink.gaps.empty());
}

TEST(Exporters, ADatagramThatComesTwiceIsDecodedOnce) {
    Collector c;
    const std::string first = v5_message({.sequence = 0}, {v5_record(10, 1)});
    const std::string second =
        v5_message({.sequence = 1, .uptime_ms = 1'001'000}, {v5_record(20, 1)});
    c.take(first);
    c.take(second);
    c.take(first);
    c.take(second);
    EXPECT_EQ(c.sink.bytes(), 30U);
    EXPECT_EQ(c.counters().duplicates, 2U);
    EXPECT_EQ(c.exporters.status()[0].duplicates, 2U);
}

TEST(Exporters, OneMessageOfATcpSession) {
    Collector c;
    const std::string message =
        ipfix_message(1, {templates({{256, plain}}), data(256, record(10))});
    const auto take = [&](const std::string& octets) {
        return c.exporters.decode_message({as_octets(octets), router, c.now, 5000}, c.sink);
    };
    EXPECT_EQ(take(message), Outcome::ok);
    EXPECT_EQ(take(message + "x"), Outcome::unsupported);
    EXPECT_EQ(take(v5_message({}, {v5_record(10, 1)})), Outcome::unsupported);
    EXPECT_EQ(take("ab"), Outcome::unsupported);
    EXPECT_EQ(c.sink.bytes(), 10U);
}

// Two processes on one machine, each over TCP, with the same domain.
TEST(Exporters, TcpSessionsHaveTemplatesAndNumbersOfTheirOwn) {
    Collector c;
    const auto take = [&](std::uint16_t session, const std::string& octets) {
        return c.exporters.decode_message({as_octets(octets), router, c.now, session}, c.sink);
    };
    const Fields turned{{1, 4}, {8, 4}, {12, 4}};
    take(5000, ipfix_message(1, {templates({{256, plain}}), data(256, record(10))}, 0));
    take(6000,
         ipfix_message(1, {templates({{256, turned}}), data(256, values().u32(20).u32(1).u32(2))},
                       1000));
    take(5000, ipfix_message(1, {data(256, record(30))}, 1));
    take(6000, ipfix_message(1, {data(256, values().u32(40).u32(1).u32(2))}, 1001));
    EXPECT_EQ(c.sink.bytes(), 100U);
    // UDP is none of them.
    c.take(ipfix_message(1, {data(256, record(5))}, 2));
    EXPECT_EQ(c.counters().pending, 1U);
    // After a kill all of it is as before.
    auto restored = Exporters::restore(c.exporters.save());
    ASSERT_TRUE(restored.has_value());
    c.exporters = std::move(*restored);
    take(6000, ipfix_message(1, {data(256, values().u32(50).u32(1).u32(2))}, 1002));
    EXPECT_EQ(c.sink.bytes(), 150U);
    // Whoever gets the port next has to say what its templates are.
    c.exporters.end_transport_session(router, 6000, c.sink);
    take(6000, ipfix_message(1, {data(256, record(5))}, 7));
    EXPECT_EQ(c.counters().pending, 2U);
    take(6000, ipfix_message(1, {templates({{256, plain}})}, 8));
    EXPECT_EQ(c.sink.bytes(), 155U);
    take(5000, ipfix_message(1, {data(256, record(45))}, 2));
    EXPECT_EQ(c.sink.bytes(), 200U);
    c.exporters.flush(c.sink);
    EXPECT_EQ(c.sink.lost(), 0U);
    EXPECT_EQ(c.exporters.memory(), Exporters::restore(c.exporters.save())->memory());
}

TEST(Exporters, AnEndedSessionGivesItsRoomBack) {
    Collector c;
    const std::size_t before = [&] {
        c.take(v5_message({}, {v5_record(10, 1)}));
        return c.exporters.memory();
    }();
    for (std::uint16_t session = 1024; session < 3024; ++session) {
        const std::string message =
            ipfix_message(1, {templates({{256, plain}}), data(256, record(10)), data(300, "xxxx")});
        EXPECT_EQ(c.exporters.decode_message({as_octets(message), router, c.now, session}, c.sink),
                  Outcome::ok);
        c.exporters.end_transport_session(router, session, c.sink);
    }
    EXPECT_EQ(c.exporters.memory(), before);
    EXPECT_EQ(c.counters().over_limit, 0U);
    EXPECT_EQ(c.counters().dropped, 2000U);
}

TEST(Exporters, SflowIsKnownByItsAgent) {
    Collector c;
    const std::string datagram =
        values().u32(5).u32(1).u32(0x0a000001).u32(7).u32(41).u32(1000).u32(0);
    const std::string later =
        values().u32(5).u32(1).u32(0x0a000001).u32(7).u32(44).u32(2000).u32(0);
    c.take(datagram);
    c.take(datagram);
    EXPECT_EQ(c.counters().duplicates, 1U);
    c.take(later);
    c.exporters.flush(c.sink);
    ASSERT_EQ(c.sink.gaps.size(), 1U);
    EXPECT_EQ(c.sink.gaps[0].lost, 2U);
    EXPECT_EQ(c.sink.gap_contexts[0].exporter, Address::v4(0x0a000001));
    EXPECT_EQ(c.sink.gap_contexts[0].observation_domain, 7U);
}

// Nothing is said twice over TCP: who has many sessions keeps the templates of all, and of sessions
// that died unheard those that were silent longest go first.
TEST(Exporters, ManySessionsWithManyDomainsKeepTheirTemplates) {
    Collector c;
    const auto take = [&](std::uint16_t session, const std::string& octets) {
        c.now = c.now + Duration::milliseconds(1);
        return c.exporters.decode_message({as_octets(octets), router, c.now, session}, c.sink);
    };
    for (std::uint16_t session = 1024; session < 1054; ++session)
        for (std::uint32_t domain = 0; domain < 10; ++domain)
            EXPECT_EQ(take(session, ipfix_message(domain, {templates({{256, plain}})})),
                      Outcome::ok);
    for (std::uint16_t session = 1024; session < 1054; ++session)
        for (std::uint32_t domain = 0; domain < 10; ++domain)
            take(session, ipfix_message(domain, {data(256, record(1000))}));
    EXPECT_EQ(c.sink.bytes(), 300'000U);
    for (std::uint16_t session = 2000; session < 2040; ++session)
        for (std::uint32_t domain = 0; domain < 256; ++domain)
            take(session, ipfix_message(domain, {templates({{256, plain}}), data(256, record(1))}));
    EXPECT_EQ(c.sink.bytes(), 300'000U + 40 * 256);
    EXPECT_EQ(c.counters().dropped, 0U);
    EXPECT_LE(c.exporters.memory(), c.exporters.memory_limit());
    // One session with more domains than anybody has: what is left out is counted as lost.
    for (std::uint32_t domain = 0; domain < 300; ++domain)
        take(3000, ipfix_message(domain, {templates({{256, plain}}), data(256, record(1))}));
    EXPECT_EQ(c.counters().dropped, 44U);
}

TEST(Exporters, RatesOfATcpSessionAreItsOwn) {
    Collector c;
    const auto take = [&](std::uint16_t session, const std::string& octets) {
        return c.exporters.decode_message({as_octets(octets), router, c.now, session}, c.sink);
    };
    const std::string rate =
        options_template({300, {{149, 4}}, {{34, 4}}}) + data(300, values().u32(1).u32(1000));
    take(5000, ipfix_message(1, {templates({{256, plain}}), rate}));
    take(6000, ipfix_message(1, {templates({{256, plain}})}));
    take(5000, ipfix_message(1, {data(256, record(10))}, 1));
    take(6000, ipfix_message(1, {data(256, record(20))}));
    ASSERT_EQ(c.sink.all.size(), 2U);
    EXPECT_EQ(c.sink.all[0].record.sampling, 1000U);
    EXPECT_EQ(c.sink.all[1].record.sampling, 0U);
    c.exporters.end_transport_session(router, 5000, c.sink);
    take(5000, ipfix_message(1, {templates({{256, plain}}), data(256, record(30))}));
    EXPECT_EQ(c.sink.all.back().record.sampling, 0U);
}

// Their sockets died with the process before.
TEST(Exporters, AllSessionsEndWithAGapOfUnknownSize) {
    Collector c;
    const auto take = [&](std::uint16_t session, const std::string& octets) {
        return c.exporters.decode_message({as_octets(octets), router, c.now, session}, c.sink);
    };
    take(5000, ipfix_message(1, {templates({{256, plain}}), data(256, record(10))}));
    take(6000, ipfix_message(1, {templates({{256, plain}})}));
    c.take(ipfix_message(1, {templates({{256, plain}})}));
    const std::size_t templates_of_all = c.exporters.status()[0].templates;
    c.exporters.end_all_transport_sessions(c.now + Duration::seconds(5), c.sink);
    EXPECT_EQ(templates_of_all, 3U);
    EXPECT_EQ(c.exporters.status()[0].templates, 1U);
    ASSERT_EQ(c.sink.gaps.size(), 2U);
    EXPECT_EQ(c.sink.gaps[0].lost, 0U);
    EXPECT_EQ(c.sink.gaps[0].interval.end, c.now + Duration::seconds(5));
    c.exporters.end_all_transport_sessions(c.now, c.sink);
    EXPECT_EQ(c.sink.gaps.size(), 2U);
}

// A flow sample of interface 3 with the first 4 octets of a frame.
std::string sflow_sample(std::uint32_t agent, std::uint32_t sequence, std::uint32_t drops) {
    Values v = values().u32(5).u32(1).u32(agent).u32(0).u32(sequence).u32(1000 * sequence).u32(1);
    v.u32(1).u32(32 + 8 + 16 + 4);
    v.u32(sequence).u32(3).u32(100).u32(0).u32(drops).u32(3).u32(4).u32(1);
    return v.u32(1).u32(20).u32(1).u32(64).u32(0).u32(4).u32(0);
}

TEST(Exporters, SamplesThatAnAgentCouldNotSendAreLost) {
    Collector c;
    c.take(sflow_sample(0x0a000001, 1, 40));
    c.take(sflow_sample(0x0a000001, 2, 40));
    EXPECT_EQ(c.sink.lost(), 0U);
    c.take(sflow_sample(0x0a000001, 4, 47));
    c.take(sflow_sample(0x0a000001, 3, 45));  // late
    EXPECT_EQ(c.sink.lost(), 7U);
    ASSERT_EQ(c.sink.gaps.size(), 1U);
    EXPECT_EQ(c.sink.gaps[0].unit, flow::SequenceGap::Unit::samples);
    // Begun anew without a word: no loss, and what follows is one.
    c.take(sflow_sample(0x0a000001, 5, 0));
    c.take(sflow_sample(0x0a000001, 6, 0));
    EXPECT_EQ(c.sink.lost(), 7U);
    // The counter of 32 bits comes round.
    c.take(sflow_sample(0x0a000002, 1, 0xfffffffe));
    auto restored = Exporters::restore(c.exporters.save());
    ASSERT_TRUE(restored.has_value());
    c.exporters = std::move(*restored);
    c.take(sflow_sample(0x0a000002, 2, 1));
    EXPECT_EQ(c.sink.lost(), 10U);
}

TEST(Exporters, SflowAgentsThatAreNotAllowedAreRefused) {
    Collector c({.agents = {*parse_prefix("10.0.0.0/30")}});
    c.take(sflow_sample(0x0a000001, 1, 0));
    c.take(sflow_sample(0x0a000009, 1, 0));
    EXPECT_EQ(c.counters().refused_agents, 1U);
    EXPECT_EQ(c.exporters.status()[0].observation_domains.size(), 1U);
}

TEST(Exporters, ManyRecordsComeInOneCall) {
    Collector c;
    std::string many;
    for (std::uint32_t i = 1; i <= 150; ++i) many += record(i);
    c.take(ipfix_message(1, {templates({{256, plain}}), data(256, many)}));
    EXPECT_EQ(c.sink.all.size(), 150U);
    EXPECT_EQ(c.sink.bytes(), 150U * 151 / 2);
    EXPECT_EQ(c.sink.all[149].record.bytes, 150U);
}

}  // namespace
}  // namespace octroi::exporter
