// SPDX-License-Identifier: GPL-3.0-or-later
#include "wire/exporter/transport_sessions.hpp"

#include <gtest/gtest.h>

#include <string>

#include "wire/exporter/testing/receiver.hpp"
#include "wire/ipfix/testing/messages.hpp"

namespace octroi::exporter {
namespace {

using namespace ipfix::testing;
using namespace exporter::testing;
using flow::Outcome;

TEST(TransportSessions, DecodesExactlyOneIpfixMessage) {
    Receiver r;
    const std::string message =
        ipfix_message(1, {templates({{256, plain}}), data(256, record(10))});
    EXPECT_EQ(r.decode_message(5000, message), Outcome::ok);
    EXPECT_EQ(r.decode_message(5000, message + "x"), Outcome::unsupported);
    EXPECT_EQ(r.decode_message(5000, v5_message({}, {v5_record(10, 1)})), Outcome::unsupported);
    EXPECT_EQ(r.decode_message(5000, "ab"), Outcome::unsupported);
    EXPECT_EQ(r.sink.bytes(), 10U);
}

// Two processes on one machine, each over TCP, with the same observation domain.
TEST(TransportSessions, EachHasTemplatesAndNumbersOfItsOwn) {
    Receiver r;
    const Fields turned{{1, 4}, {8, 4}, {12, 4}};
    r.decode_message(5000, ipfix_message(1, {templates({{256, plain}}), data(256, record(10))}, 0));
    r.decode_message(
        6000,
        ipfix_message(1, {templates({{256, turned}}), data(256, values().u32(20).u32(1).u32(2))},
                      1000));
    r.decode_message(5000, ipfix_message(1, {data(256, record(30))}, 1));
    r.decode_message(6000, ipfix_message(1, {data(256, values().u32(40).u32(1).u32(2))}, 1001));
    EXPECT_EQ(r.sink.bytes(), 100U);
    // UDP has templates of its own.
    r.decode(ipfix_message(1, {data(256, record(5))}, 2));
    EXPECT_EQ(r.counters().pending, 1U);
    // A restart of the collector changes nothing.
    auto restored = Exporters::restore(r.exporters.save());
    ASSERT_TRUE(restored.has_value());
    r.exporters = std::move(*restored);
    r.decode_message(6000, ipfix_message(1, {data(256, values().u32(50).u32(1).u32(2))}, 1002));
    EXPECT_EQ(r.sink.bytes(), 150U);
    // The next session from the same port has to send its templates.
    r.exporters.end_transport_session(router, 6000, r.sink);
    r.decode_message(6000, ipfix_message(1, {data(256, record(5))}, 7));
    EXPECT_EQ(r.counters().pending, 2U);
    r.decode_message(6000, ipfix_message(1, {templates({{256, plain}})}, 8));
    EXPECT_EQ(r.sink.bytes(), 155U);
    r.decode_message(5000, ipfix_message(1, {data(256, record(45))}, 2));
    EXPECT_EQ(r.sink.bytes(), 200U);
    r.exporters.flush(r.sink);
    EXPECT_EQ(r.sink.lost(), 0U);
    EXPECT_EQ(r.exporters.memory(), Exporters::restore(r.exporters.save())->memory());
}

TEST(TransportSessions, AnEndedSessionReleasesItsMemory) {
    Receiver r;
    const std::size_t before = [&] {
        r.decode(v5_message({}, {v5_record(10, 1)}));
        return r.exporters.memory();
    }();
    for (std::uint16_t session = 1024; session < 3024; ++session) {
        const std::string message =
            ipfix_message(1, {templates({{256, plain}}), data(256, record(10)), data(300, "xxxx")});
        EXPECT_EQ(r.decode_message(session, message), Outcome::ok);
        r.exporters.end_transport_session(router, session, r.sink);
    }
    EXPECT_EQ(r.exporters.memory(), before);
    EXPECT_EQ(r.counters().over_limit, 0U);
    EXPECT_EQ(r.counters().dropped, 2000U);
}

// Over TCP templates are not repeated: an exporter with many sessions keeps those of all. Of
// sessions that ended without notice the longest silent ones are dropped first.
TEST(TransportSessions, ManySessionsKeepTheirTemplates) {
    Receiver r;
    const auto send = [&](std::uint16_t session, const std::string& octets) {
        r.now = r.now + Duration::milliseconds(1);
        return r.decode_message(session, octets);
    };
    for (std::uint16_t session = 1024; session < 1054; ++session)
        for (std::uint32_t domain = 0; domain < 10; ++domain)
            EXPECT_EQ(send(session, ipfix_message(domain, {templates({{256, plain}})})),
                      Outcome::ok);
    for (std::uint16_t session = 1024; session < 1054; ++session)
        for (std::uint32_t domain = 0; domain < 10; ++domain)
            send(session, ipfix_message(domain, {data(256, record(1000))}));
    EXPECT_EQ(r.sink.bytes(), 300'000U);
    for (std::uint16_t session = 2000; session < 2040; ++session)
        for (std::uint32_t domain = 0; domain < 256; ++domain)
            send(session, ipfix_message(domain, {templates({{256, plain}}), data(256, record(1))}));
    EXPECT_EQ(r.sink.bytes(), 300'000U + 40 * 256);
    EXPECT_EQ(r.counters().dropped, 0U);
    EXPECT_LE(r.exporters.memory(), r.exporters.memory_limit());
    // One session with more domains than the limit: its data sets are counted as dropped.
    for (std::uint32_t domain = 0; domain < 300; ++domain)
        send(3000, ipfix_message(domain, {templates({{256, plain}}), data(256, record(1))}));
    EXPECT_EQ(r.counters().dropped, 44U);
}

TEST(TransportSessions, EachHasRatesOfItsOwn) {
    Receiver r;
    const std::string rate =
        options_template({300, {{149, 4}}, {{34, 4}}}) + data(300, values().u32(1).u32(1000));
    r.decode_message(5000, ipfix_message(1, {templates({{256, plain}}), rate}));
    r.decode_message(6000, ipfix_message(1, {templates({{256, plain}})}));
    r.decode_message(5000, ipfix_message(1, {data(256, record(10))}, 1));
    r.decode_message(6000, ipfix_message(1, {data(256, record(20))}));
    ASSERT_EQ(r.sink.all.size(), 2U);
    EXPECT_EQ(r.sink.all[0].record.sampling, 1000U);
    EXPECT_EQ(r.sink.all[1].record.sampling, 0U);
    r.exporters.end_transport_session(router, 5000, r.sink);
    r.decode_message(5000, ipfix_message(1, {templates({{256, plain}}), data(256, record(30))}));
    EXPECT_EQ(r.sink.all.back().record.sampling, 0U);
}

// The collector was killed, and its sockets with it.
TEST(TransportSessions, AllEndWithAGapOfUnknownSize) {
    Receiver r;
    r.decode_message(5000, ipfix_message(1, {templates({{256, plain}}), data(256, record(10))}));
    r.decode_message(6000, ipfix_message(1, {templates({{256, plain}})}));
    r.decode(ipfix_message(1, {templates({{256, plain}})}));
    const std::size_t templates_of_all = r.exporters.status()[0].templates;
    r.exporters.end_all_transport_sessions(r.now + Duration::seconds(5), r.sink);
    EXPECT_EQ(templates_of_all, 3U);
    EXPECT_EQ(r.exporters.status()[0].templates, 1U);
    ASSERT_EQ(r.sink.gaps.size(), 2U);
    EXPECT_EQ(r.sink.gaps[0].lost, 0U);
    EXPECT_EQ(r.sink.gaps[0].interval.end, r.now + Duration::seconds(5));
    r.exporters.end_all_transport_sessions(r.now, r.sink);
    EXPECT_EQ(r.sink.gaps.size(), 2U);
}

}  // namespace
}  // namespace octroi::exporter
