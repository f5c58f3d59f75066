// SPDX-License-Identifier: GPL-3.0-or-later
// Hostile exporters: what they send is bounded, and other exporters lose nothing.

#include <gtest/gtest.h>

#include <string>

#include "wire/exporter/exporters.hpp"
#include "wire/exporter/testing/collected.hpp"
#include "wire/ipfix/template.hpp"
#include "wire/ipfix/testing/messages.hpp"

namespace octroi::exporter {
namespace {

using namespace ipfix::testing;
using exporter::testing::Collected;
using flow::Outcome;

const Address good = Address::v4(0xcb007101);
const Address bad = Address::v4(0xc0000266);
const Fields plain{{8, 4}, {12, 4}, {1, 4}};
const std::string one_record = values().u32(1).u32(2).u32(100);

Settings small() {
    Settings s;
    s.limits.exporters = 64;
    s.limits.observation_domains = 16;
    s.limits.templates = 128;
    s.limits.template_octets = std::size_t{256} << 10U;
    s.limits.pending_octets = std::size_t{64} << 10U;
    s.limits.pending_octets_total = std::size_t{1} << 20U;
    s.limits.samplers = 32;
    s.limits.interfaces = 32;
    s.limits.streams = 32;
    s.limits.memory_octets = std::size_t{4} << 20U;
    return s;
}

// A good exporter with a template and a sampler beside a bad one.
struct Site {
    explicit Site(const Settings& settings = small()) : exporters(settings) {
        const OptionsSpec wide{300, {{149, 4}}, {{34, 4}}};
        decode(good, ipfix_message(1, {templates({{256, plain}}), options_template(wide),
                                       data(300, values().u32(1).u32(50)), data(256, one_record)}));
        next = 2;
    }
    Outcome decode(const Address& from, const std::string& octets) {
        now = now + Duration::milliseconds(10);
        const Outcome outcome = exporters.decode({as_octets(octets), from, now}, sink);
        EXPECT_LE(exporters.memory(), exporters.memory_limit());
        sink.all.clear();
        return outcome;
    }
    // Messages of the good exporter are decoded, with their rate and without losses.
    void expect_undisturbed() {
        const std::string message = ipfix_message(1, {data(256, one_record)}, next++);
        Collected got;
        exporters.decode({as_octets(message), good, now}, got);
        ASSERT_EQ(got.all.size(), 1U);
        EXPECT_EQ(got.all[0].record.bytes, 100U);
        EXPECT_EQ(got.all[0].record.sampling, 50U);
        EXPECT_TRUE(got.gaps.empty());
    }

    Exporters exporters;
    Collected sink;
    UtcTime now = UtcTime::from_seconds(export_seconds);
    std::uint32_t next = 0;
};

TEST(Hostile, EndlessTemplatesAreBounded) {
    Site site;
    for (std::uint32_t i = 0; i < 3000; ++i) {
        const auto id = static_cast<std::uint16_t>(256 + i);
        site.decode(bad, ipfix_message(i % 5, {templates({{id, plain}})}));
    }
    EXPECT_GT(site.exporters.counters().over_limit, 1000U);
    Fields wide;
    for (std::size_t i = 0; i < ipfix::max_fields; ++i) wide.push_back({371, 65535});
    for (std::uint16_t i = 0; i < 300; ++i)
        site.decode(bad,
                    ipfix_message(9, {templates({{static_cast<std::uint16_t>(256 + i), wide}})}));
    site.expect_undisturbed();
    for (const ExporterStatus& status : site.exporters.status())
        EXPECT_LE(status.templates, small().limits.templates);
}

TEST(Hostile, TemplatesThatAreNotRepeatedGiveWayToNewOnes) {
    Site site;
    for (std::uint32_t i = 0; i < small().limits.templates; ++i)
        site.decode(bad,
                    ipfix_message(1, {templates({{static_cast<std::uint16_t>(256 + i), plain}})}));
    EXPECT_EQ(site.exporters.counters().over_limit, 0U);
    site.now = site.now + Duration::hours(1);
    EXPECT_EQ(site.decode(bad, ipfix_message(1, {templates({{9999, plain}})})), Outcome::ok);
}

TEST(Hostile, SpoofedDomainsAreBounded) {
    Site site;
    for (std::uint32_t i = 0; i < 5000; ++i)
        site.decode(bad,
                    ipfix_message(i * 7919, {templates({{256, plain}}), data(256, one_record)}, i));
    for (std::uint32_t i = 0; i < 5000; ++i)
        site.decode(bad, v5_message({.sequence = i, .engine = static_cast<std::uint16_t>(i)},
                                    {v5_record(1, 1)}));
    // Also with the address of the good exporter: its own domain stays.
    for (std::uint32_t i = 0; i < 5000; ++i)
        site.decode(good, ipfix_message(i * 7919 + 2, {templates({{256, plain}})}));
    site.expect_undisturbed();
}

TEST(Hostile, SpoofedExportersEvictOneAnother) {
    Site site;
    for (std::uint32_t i = 0; i < 5000; ++i)
        site.decode(Address::v4(0x0a000000 + i), ipfix_message(1, {templates({{256, plain}})}));
    EXPECT_GT(site.exporters.counters().evicted, 4000U);
    site.expect_undisturbed();
    // If all of them send records, known exporters stay and new ones are refused.
    for (std::uint32_t i = 0; i < 5000; ++i)
        site.decode(Address::v4(0x0b000000 + i), v5_message({}, {v5_record(1, 1)}));
    EXPECT_GT(site.exporters.counters().refused, 4000U);
    site.expect_undisturbed();
}

TEST(Hostile, PendingSetsAreBounded) {
    Site site;
    const std::string large(1200, 'x');
    for (std::uint32_t i = 0; i < 2000; ++i)
        site.decode(bad, ipfix_message(i % 8,
                                       {data(static_cast<std::uint16_t>(1000 + i % 100), large),
                                        data(400, ""), data(401, "")},
                                       i));
    EXPECT_GT(site.exporters.counters().dropped, 1000U);
    // Sets that are removed from the middle leave no memory that is not charged.
    for (std::uint32_t i = 0; i < 3000; ++i)
        site.decode(bad,
                    ipfix_message(
                        3, {data(500, "abcd"), templates({{500, {{1, 4}}}}), withdrawal(500)}, i));
    for (std::uint32_t i = 0; i < 200; ++i)
        site.decode(Address::v4(0x0a000000 + i % 60),
                    ipfix_message(i, {data(300, large), data(301, large)}, i));
    site.expect_undisturbed();
}

TEST(Hostile, SamplersAndNamesAreBounded) {
    Site site;
    const OptionsSpec samplers{300, {{302, 8}}, {{34, 4}, {10, 4}, {82, 65535}}};
    site.decode(bad, ipfix_message(1, {options_template(samplers)}));
    for (std::uint32_t i = 0; i < 1000; ++i)
        site.decode(
            bad,
            ipfix_message(
                1, {data(300, values().u64(i).u32(5).u32(i).variable(std::string(1000, 'n')))}, i));
    EXPECT_GT(site.exporters.counters().over_limit, 1800U);
    EXPECT_LE(site.exporters.interface_name(bad, 1).size(), small().limits.name_octets);
    site.expect_undisturbed();
}

TEST(Hostile, ImpossibleLengthsEndTheMessageOnly) {
    Site site;
    const std::string nested = values().u8(255).u16(65535).raw("abc");
    const Fields lists{{291, 65535}, {292, 65535}, {1, 4}};
    site.decode(bad, ipfix_message(1, {templates({{256, lists}, {257, {{1, 0}, {2, 0}}}})}));
    EXPECT_EQ(site.decode(bad, ipfix_message(1, {data(256, nested)})), Outcome::malformed);
    EXPECT_EQ(site.decode(bad, ipfix_message(1, {data(257, std::string(1000, 'x'))})),
              Outcome::malformed);
    std::string cut = ipfix_message(1, {data(256, nested)});
    for (std::size_t size = 0; size < cut.size(); ++size) site.decode(bad, cut.substr(0, size));
    // Lists in lists, as deep as a message allows: skipped, not entered.
    std::string deep = "x";
    while (deep.size() < 30'000) deep = values().u8(255).u16(291).u16(65535).variable(deep, true);
    const std::string record = values().variable(deep, true).variable(deep, true).u32(7);
    EXPECT_EQ(site.decode(bad, ipfix_message(1, {data(256, record)})), Outcome::ok);
    site.expect_undisturbed();
}

TEST(Hostile, AFullMemoryEvictsExportersWithoutRecordsOnly) {
    Settings settings = small();
    settings.limits.exporters = 4096;
    settings.limits.memory_octets = std::size_t{1} << 20U;
    Site site(settings);
    Fields wide;
    for (std::uint16_t i = 0; i < 500; ++i) wide.push_back({1, 4});
    for (std::uint32_t i = 0; i < 2000; ++i)
        site.decode(Address::v4(0x0a000000 + i),
                    ipfix_message(1, {templates({{256, wide}, {257, wide}, {258, wide}})}));
    EXPECT_GT(site.exporters.counters().evicted, 100U);
    site.expect_undisturbed();
}

TEST(Hostile, AFewRecordsProtectForAMinute) {
    Site site;
    for (std::uint32_t i = 0; i < 150; ++i)
        site.decode(good, ipfix_message(1, {data(256, one_record)}, site.next++));
    const auto send_one = [&](std::uint32_t i) {
        return site.decode(Address::v4(0x0b000000 + i), v5_message({}, {v5_record(1, 1)}));
    };
    for (std::uint32_t i = 0; i < 63; ++i) EXPECT_EQ(send_one(i), Outcome::ok);
    EXPECT_EQ(send_one(100), Outcome::over_limit);
    EXPECT_EQ(site.exporters.counters().refused, 1U);
    site.now = site.now + Duration::seconds(60);
    for (std::uint32_t i = 100; i < 163; ++i) EXPECT_EQ(send_one(i), Outcome::ok);
    EXPECT_EQ(site.exporters.counters().evicted, 63U);
    // The exporter with many records stays.
    EXPECT_EQ(send_one(200), Outcome::over_limit);
    site.expect_undisturbed();
}

TEST(Hostile, AClockThatIsSetBackProtectsNoExporterForEver) {
    Settings settings = small();
    settings.limits.few_records = 1;
    settings.limits.observation_domains = 2;
    settings.limits.streams = 2;
    Site site(settings);
    const auto new_exporter = [&](std::uint32_t i) {
        return site.decode(Address::v4(0x0b000000 + i), v5_message({}, {v5_record(1, 1)}));
    };
    const auto domain = [&](std::uint32_t i) {
        return site.decode(good,
                           ipfix_message(i, {templates({{256, plain}}), data(256, one_record)}));
    };
    for (std::uint32_t i = 0; i < 63; ++i) EXPECT_EQ(new_exporter(i), Outcome::ok);
    EXPECT_EQ(domain(2), Outcome::ok);
    site.now = site.now - Duration::hours(1000);
    EXPECT_EQ(new_exporter(100), Outcome::over_limit);
    EXPECT_EQ(domain(3), Outcome::over_limit);
    site.now = site.now + Duration::minutes(61);
    EXPECT_EQ(domain(3), Outcome::ok);
    for (std::uint32_t i = 100; i < 163; ++i) EXPECT_EQ(new_exporter(i), Outcome::ok);
    EXPECT_EQ(new_exporter(200), Outcome::over_limit);
}

// Each in one counter, and once.
TEST(Hostile, WhatIsLeftOutIsCountedByKind) {
    Settings settings = small();
    settings.limits.observation_domains = settings.limits.templates = 2;
    Site site(settings);
    const Counters& counters = site.exporters.counters();
    for (const std::uint32_t domain : {1U, 2U})
        site.decode(bad, ipfix_message(domain, {templates({{256, plain}}), data(256, one_record)}));
    EXPECT_EQ(site.decode(bad, ipfix_message(3, {data(256, one_record)})), Outcome::over_limit);
    EXPECT_EQ(counters.over_limit, 1U);
    EXPECT_EQ(counters.malformed, 0U);
    // Both in one message.
    const std::string broken("\x01\x00\x00\x02", 4);
    EXPECT_EQ(site.decode(bad, ipfix_message(1, {templates({{257, plain}}), broken}, 1)),
              Outcome::over_limit);
    EXPECT_EQ(counters.over_limit, 2U);
    EXPECT_EQ(counters.malformed, 1U);
    // An sFlow sample that is shorter than its header, and an unknown one behind it.
    const std::string sflow = values().u32(5).u32(1).u32(0x0a000001).u32(0).u32(1).u32(1000).u32(2);
    site.decode(bad, sflow + std::string(values().u32(1).u32(4).u32(7).u32(99).u32(0)));
    EXPECT_EQ(counters.malformed, 2U);
    site.decode(bad, "hello");
    EXPECT_EQ(counters.unknown, 1U);
    EXPECT_EQ(counters.dropped, 1U);  // the set of the third domain
    EXPECT_EQ(counters.refused, 0U);
}

TEST(Hostile, SetsBeyondTheLimitAreDroppedOnce) {
    Settings settings = small();
    settings.limits.pending_octets = 100;
    Site site(settings);
    const std::string message = ipfix_message(1, {data(999, std::string(200, 'x'))});
    EXPECT_EQ(site.decode(bad, message), Outcome::over_limit);
    EXPECT_EQ(site.exporters.counters().dropped, 1U);
    EXPECT_EQ(site.exporters.counters().over_limit, 0U);
}

TEST(Hostile, RefusedExportersAreCountedByDatagram) {
    Settings settings = small();
    settings.limits.exporters = 1;
    Site site(settings);
    const std::string message = v5_message({}, {v5_record(1, 1)});
    EXPECT_EQ(site.decode(bad, message + message), Outcome::over_limit);
    const std::string ipfix = ipfix_message(1, {templates({{256, plain}})});
    EXPECT_EQ(site.exporters.decode_message({as_octets(ipfix), bad, site.now}, site.sink),
              Outcome::over_limit);
    EXPECT_EQ(site.exporters.counters().refused, 2U);
    EXPECT_EQ(site.exporters.counters().over_limit, 0U);
}

}  // namespace
}  // namespace octroi::exporter
