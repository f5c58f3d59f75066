// SPDX-License-Identifier: GPL-3.0-or-later
#include "meter/log/entry_readings.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace octroi::logs {
namespace {

using ::testing::IsEmpty;
using ::testing::SizeIs;

struct CollectedReadings : ReadingSink {
    void accept(std::span<const Reading> readings) override {
        all.insert(all.end(), readings.begin(), readings.end());
    }
    void accept_counted(std::span<const CountedVolume> /*volumes*/) override { ADD_FAILURE(); }
    std::vector<Reading> all;
};

const UtcTime noon = parse_rfc3339("2026-11-30 12:00:10").value();

logline::Entry web_entry(std::uint64_t out) {
    logline::Entry entry;
    entry.client = {"198.51.100.7", parse_address("198.51.100.7").value(), 0};
    entry.domain = "www.example.org";
    entry.service = "http";
    entry.out = {out, true};
    return entry;
}

class EntryReadingsTest : public ::testing::Test {
protected:
    void SetUp() override { readings_.set_sink(sink_); }
    void add(const logline::Entry& entry, UtcTime time = noon) { readings_.add(entry, time, log_); }
    const std::vector<Reading>& flushed() {
        readings_.flush();
        return sink_.all;
    }
    // "domain www.example.org", "user alice in domain example.org".
    [[nodiscard]] std::string name_of(const Reading& reading) const {
        std::string text;
        for (NameRef ref = reading.near_name; ref != no_name;) {
            const Name& name = readings_.names().rows()[ref - 1];
            if (!text.empty()) text += " in ";
            text += (name.kind == NameKind::user ? "user " : "domain ") + name.text;
            ref = name.within;
        }
        return text;
    }

    CollectedReadings sink_;
    EntryReadings readings_{{.unverified_domains_max = 2}};
    LogNames log_ = readings_.names_of({}, "host.example.net");
};

TEST_F(EntryReadingsTest, TheServerIsTheNearEnd) {
    logline::Entry entry = web_entry(1000);
    entry.in = {300, true};
    add(entry);
    ASSERT_THAT(flushed(), SizeIs(2));
    const bool is_sent_first = sink_.all[0].bytes == 1000;
    const Reading& sent = sink_.all[is_sent_first ? 0 : 1];
    const Reading& received = sink_.all[is_sent_first ? 1 : 0];
    EXPECT_EQ(sent.dst, entry.client.address);
    EXPECT_EQ(sent.direction, Direction::in);
    EXPECT_EQ(sent.sport, 80);
    EXPECT_EQ(sent.proto, 6);
    EXPECT_EQ(sent.flows, 1U);
    EXPECT_EQ(received.src, entry.client.address);
    EXPECT_EQ(received.direction, Direction::out);
    EXPECT_EQ(received.bytes, 300U);
    EXPECT_EQ(received.flows, 0U);
    EXPECT_EQ(name_of(sent), "domain www.example.org");
    const Volume observed = readings_.drain_observed();
    EXPECT_EQ(observed.bytes, Bytes(1300));
    EXPECT_EQ(observed.flows, Flows(1));
}

TEST_F(EntryReadingsTest, EqualEndsWithinABucketAreOneReading) {
    for (int i = 0; i < 100; ++i) add(web_entry(10), noon + Duration::seconds(i));
    add(web_entry(10), noon + Duration::minutes(5));
    ASSERT_THAT(flushed(), SizeIs(2));
    EXPECT_EQ(sink_.all[0].bytes, 1000U);
    EXPECT_EQ(sink_.all[0].flows, 100U);
    EXPECT_EQ(sink_.all[0].last, noon + Duration::seconds(99));
    EXPECT_TRUE(sink_.all[0].fresh);
    EXPECT_EQ(sink_.all[1].bytes, 10U);
    EXPECT_FALSE(sink_.all[1].fresh);  // the same ends in the same slot
    EXPECT_EQ(sink_.all[0].flow_slot, sink_.all[1].flow_slot);
    EXPECT_EQ(readings_.drain_observed().bytes, Bytes(1010));
}

TEST_F(EntryReadingsTest, ADurationIsTheTimeOfTheReading) {
    logline::Entry entry = web_entry(1000);
    entry.has_duration = true;
    entry.duration_ns = Duration::minutes(20).ns;
    add(entry);
    entry.time_is_begin = true;
    add(entry);
    ASSERT_THAT(flushed(), SizeIs(2));
    EXPECT_EQ(sink_.all[0].first, noon - Duration::minutes(20));
    EXPECT_EQ(sink_.all[0].last, noon);
    EXPECT_EQ(sink_.all[1].first, noon);
    EXPECT_EQ(sink_.all[1].last, noon + Duration::minutes(20));
}

TEST_F(EntryReadingsTest, AUserOfAWebServerIsNoUserOfTheProvider) {
    logline::Entry entry = web_entry(1);
    entry.user = "alice";
    add(entry);
    entry.service = "ftp";
    entry.domain = "EXAMPLE.org.";
    add(entry);
    entry.user_unverified = true;
    add(entry);
    ASSERT_THAT(flushed(), SizeIs(3));
    std::vector<std::string> names;
    for (const Reading& reading : sink_.all) names.push_back(name_of(reading));
    EXPECT_THAT(names, ::testing::UnorderedElementsAre("domain www.example.org",
                                                       "user alice in domain example.org",
                                                       "domain example.org"));
}

TEST_F(EntryReadingsTest, AnEntryWithoutNamesHasThoseOfTheLog) {
    logline::Entry entry = web_entry(1);
    entry.domain = "";
    add(entry);
    EXPECT_EQ(name_of(flushed().at(0)), "domain host.example.net");
    log_ = readings_.names_of({"shop.example.org", "bob"}, "host.example.net");
    add(entry);
    EXPECT_EQ(name_of(flushed().at(1)), "user bob in domain shop.example.org");
    entry.domain = "not a domain";
    add(entry);
    EXPECT_EQ(name_of(flushed().at(2)), "user bob in domain shop.example.org");
    EXPECT_EQ(readings_.counts().refused_names, 1U);
}

TEST_F(EntryReadingsTest, DomainsThatClientsChooseAreLimited) {
    logline::Entry entry = web_entry(1);
    entry.domain_unverified = true;
    for (const char* domain : {"a.example", "b.example", "c.example", "a.example"}) {
        entry.domain = domain;
        add(entry);
    }
    flushed();
    std::map<std::string, std::uint64_t> bytes;
    for (const Reading& reading : sink_.all) bytes[name_of(reading)] += reading.bytes;
    EXPECT_EQ(bytes["domain a.example"], 2U);
    EXPECT_EQ(bytes["domain b.example"], 1U);
    EXPECT_EQ(bytes["domain host.example.net"], 1U);
    EXPECT_EQ(readings_.counts().refused_names, 1U);
}

TEST_F(EntryReadingsTest, AVolumeThatNoLinkCarriesIsImplausible) {
    logline::Entry entry = web_entry(std::uint64_t{1} << 41U);
    add(entry);
    entry.out.value = 1'000'000'000'000'000;
    entry.has_duration = true;
    entry.duration_ns = Duration::seconds(1).ns;
    add(entry);
    entry.out.value = 1'000'000;
    add(entry);
    flushed();
    std::uint64_t implausible = 0;
    for (const Reading& reading : sink_.all)
        if (reading.kind == ReadingKind::implausible) implausible += reading.bytes;
    EXPECT_EQ(implausible, (std::uint64_t{1} << 41U) + 1'000'000'000'000'000);
    EXPECT_EQ(readings_.counts().implausible, 2U);
    EXPECT_EQ(readings_.counts().implausible_bytes, implausible);
    // The ledger has all of it.
    EXPECT_EQ(readings_.drain_observed().bytes, Bytes(implausible + 1'000'000));
}

TEST_F(EntryReadingsTest, EntriesOfPacketsAreLeftOut) {
    logline::Entry entry = web_entry(1);
    entry.layer = logline::LineLayer::ip;
    add(entry);
    EXPECT_THAT(flushed(), IsEmpty());
    EXPECT_EQ(readings_.counts().other_layer, 1U);
}

TEST_F(EntryReadingsTest, AnEntryWithoutOctetsIsARequest) {
    add(web_entry(0));
    ASSERT_THAT(flushed(), SizeIs(1));
    EXPECT_EQ(sink_.all[0].bytes, 0U);
    EXPECT_EQ(sink_.all[0].flows, 1U);
}

}  // namespace
}  // namespace octroi::logs
