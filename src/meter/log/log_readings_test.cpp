// SPDX-License-Identifier: GPL-3.0-or-later
#include "meter/log/log_readings.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <string>
#include <vector>

namespace octroi::logs {
namespace {

using ::testing::IsEmpty;
using ::testing::SizeIs;

const UtcTime noon = parse_rfc3339("2026-11-30 12:00:10").value();

logline::Entry web_entry(std::uint64_t out) {
    logline::Entry entry;
    entry.client = {"198.51.100.7", parse_address("198.51.100.7").value(), 0};
    entry.domain = "www.example.org";
    entry.service = "http";
    entry.out = {out, true};
    return entry;
}

class LogReadingsTest : public ::testing::Test, public FlowSink {
protected:
    void accept(std::span<const Reading> readings) override {
        all_.insert(all_.end(), readings.begin(), readings.end());
    }
    void add(const logline::Entry& entry, UtcTime time = noon) {
        readings_.add(entry, time, *this, log_);
    }
    const std::vector<Reading>& flushed() {
        readings_.flush(*this);
        return all_;
    }
    // "user alice in domain example.org".
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

    std::vector<Reading> all_;
    LogReadings readings_{{.trusts_client_domains = true,
                           .domain = "host.example.net",
                           .client_domains_max = 2,
                           .recipients_max = 2},
                          1};
    LogNames log_;
};

// Users send mails to any address; those of this server are not limited.
TEST_F(LogReadingsTest, RecipientsAtOtherHostsAreLimited) {
    const std::vector<std::string> addresses{"a@x.example", "b@x.example", "c@y.example"};
    logline::Entry mail;
    mail.service = "smtp";
    mail.out = {10, true};
    for (const std::string& address : addresses) {
        mail.recipient = mail.user = address;
        mail.domain = std::string_view(address).substr(2);
        mail.server = {};
        add(mail);
        mail.server = {"192.0.2.25", parse_address("192.0.2.25").value(), 25};
        add(mail);
    }
    std::map<std::string, std::uint64_t> bytes;
    for (const Reading& reading : flushed()) bytes[name_of(reading)] += reading.bytes;
    EXPECT_EQ(bytes,
              (std::map<std::string, std::uint64_t>{{"user a@x.example in domain x.example", 20},
                                                    {"user b@x.example in domain x.example", 20},
                                                    {"user c@y.example in domain y.example", 10},
                                                    {"domain host.example.net", 10}}));
    EXPECT_EQ(readings_.counts().refused_names, 1U);
}

TEST_F(LogReadingsTest, EachDirectionIsAReading) {
    logline::Entry entry = web_entry(1000);
    entry.in = {300, true};
    entry.requests = 3;
    add(entry);
    ASSERT_THAT(flushed(), SizeIs(2));
    EXPECT_EQ(all_[0].bytes, 300U);
    EXPECT_EQ(all_[0].src, entry.client.address);
    EXPECT_EQ(all_[0].direction, Direction::out);
    EXPECT_EQ(all_[0].flows, 3U);
    EXPECT_EQ(all_[1].bytes, 1000U);
    EXPECT_EQ(all_[1].dst, entry.client.address);
    EXPECT_EQ(all_[1].direction, Direction::in);
    EXPECT_EQ(all_[1].sport, 80);
    EXPECT_EQ(all_[1].flows, 0U);
    const Volume observed = readings_.drain_observed();
    EXPECT_EQ(observed.bytes, Bytes(1300));
    EXPECT_EQ(observed.flows, Flows(3));
}

// Names that are alike in their first, middle and last octets, short and long ones, and more of
// them than are kept in front of the table.
TEST_F(LogReadingsTest, AlikeNamesStayApart) {
    std::map<std::string, std::uint64_t> expected;
    for (int round = 0; round < 2; ++round)
        for (std::uint64_t i = 0; i < 6000; ++i) {
            const std::string number = std::to_string(100'000 + i);
            std::string domain = i % 3 == 0   ? "d" + number
                                 : i % 3 == 1 ? "www.site" + number + "-of-many.example.org"
                                              : number + std::string(50, 'x') + ".example.org";
            logline::Entry entry = web_entry(1 + i);
            entry.domain = domain;
            add(entry);
            expected["domain " + domain] += 1 + i;
        }
    std::map<std::string, std::uint64_t> found;
    for (const Reading& reading : flushed()) found[name_of(reading)] += reading.bytes;
    EXPECT_EQ(found, expected);
}

TEST_F(LogReadingsTest, EqualEndsWithinABucketAreOneReading) {
    for (int i = 0; i < 100; ++i) add(web_entry(10), noon + Duration::seconds(i));
    add(web_entry(10), noon + Duration::minutes(5));
    ASSERT_THAT(flushed(), SizeIs(2));
    EXPECT_EQ(all_[0].bytes, 1000U);
    EXPECT_EQ(all_[0].flows, 100U);
    EXPECT_EQ(all_[0].last, noon + Duration::seconds(99));
    EXPECT_TRUE(all_[0].fresh);
    EXPECT_EQ(all_[1].bytes, 10U);
    EXPECT_FALSE(all_[1].fresh) << "the same ends in the same slot";
    EXPECT_EQ(all_[0].flow_slot, all_[1].flow_slot);
    EXPECT_EQ(readings_.drain_observed().bytes, Bytes(1010));
}

TEST_F(LogReadingsTest, NothingIsLostWhereSlotsAreShared) {
    std::uint64_t sum = 0;
    for (std::uint32_t i = 0; i < 20'000; ++i) {
        logline::Entry entry = web_entry(i);
        entry.client.address = Address::v4(0xC6336400U + i);
        sum += i;
        add(entry);
    }
    std::uint64_t read = 0;
    for (const Reading& reading : flushed()) read += reading.bytes;
    EXPECT_EQ(read, sum);
    EXPECT_EQ(readings_.drain_observed().bytes, Bytes(sum));
}

TEST_F(LogReadingsTest, AnEntryWithoutNamesHasThoseOfTheLog) {
    logline::Entry entry = web_entry(1);
    entry.domain = "";
    add(entry);
    EXPECT_EQ(name_of(flushed().at(0)), "domain host.example.net");
    log_ = readings_.names_of({"shop.example.org", "bob"});
    add(entry);
    EXPECT_EQ(name_of(flushed().at(1)),
              "user bob in domain shop.example.org in domain host.example.net");
    entry.domain = "not a domain";
    add(entry);
    EXPECT_EQ(name_of(flushed().at(2)), name_of(all_[1]));
    EXPECT_EQ(readings_.counts().refused_names, 1U);
}

TEST_F(LogReadingsTest, DomainsThatClientsChooseAreLimited) {
    logline::Entry entry = web_entry(1);
    entry.domain_unverified = true;
    for (const char* domain : {"a.example", "b.example", "c.example", "a.example"}) {
        entry.domain = domain;
        add(entry);
    }
    std::map<std::string, std::uint64_t> bytes;
    for (const Reading& reading : flushed()) bytes[name_of(reading)] += reading.bytes;
    EXPECT_EQ(bytes["domain a.example"], 2U);
    EXPECT_EQ(bytes["domain b.example"], 1U);
    EXPECT_EQ(bytes["domain host.example.net"], 1U);
    EXPECT_EQ(readings_.counts().refused_names, 1U);
}

TEST_F(LogReadingsTest, AVolumeThatNoLinkCarriesIsImplausible) {
    logline::Entry entry = web_entry(std::uint64_t{1} << 41U);
    add(entry);
    entry.out.value = 1'000'000'000'000'000;
    entry.has_duration = true;
    entry.duration_ns = Duration::seconds(1).ns;
    add(entry);
    entry.out.value = 1'000'000;
    add(entry);
    std::uint64_t implausible = 0;
    for (const Reading& reading : flushed())
        if (reading.kind == ReadingKind::implausible) implausible += reading.bytes;
    EXPECT_EQ(implausible, (std::uint64_t{1} << 41U) + 1'000'000'000'000'000);
    EXPECT_EQ(readings_.counts().implausible, 2U);
    EXPECT_EQ(readings_.counts().implausible_bytes, implausible);
    // The ledger has the whole sum.
    EXPECT_EQ(readings_.drain_observed().bytes, Bytes(implausible + 1'000'000));
}

TEST_F(LogReadingsTest, EntriesOfTheOtherLayerAreLeftOut) {
    logline::Entry entry = web_entry(1);
    entry.layer = logline::LineLayer::ip;
    add(entry);
    EXPECT_THAT(flushed(), IsEmpty());
    EXPECT_EQ(readings_.counts().other_layer, 1U);
    LogReadings packets({.layer = logline::LineLayer::ip}, 1);
    packets.add(entry, noon, *this);
    packets.add(web_entry(1), noon, *this);
    entry.layer = logline::LineLayer::unknown;
    packets.add(entry, noon, *this);
    EXPECT_EQ(packets.counts().entries, 2U);
    EXPECT_EQ(packets.counts().other_layer, 1U);
}

TEST_F(LogReadingsTest, AnEntryWithoutOctetsIsARequest) {
    add(web_entry(0));
    ASSERT_THAT(flushed(), SizeIs(1));
    EXPECT_EQ(all_[0].bytes, 0U);
    EXPECT_EQ(all_[0].flows, 1U);
}

logline::Entry proxy_entry(const char* client, std::string_view user) {
    logline::Entry entry;
    entry.client = {client, parse_address(client).value(), 0};
    entry.user = user;
    entry.service = "proxy";
    entry.out = {100, true};
    return entry;
}

TEST_F(LogReadingsTest, ClientsThatNeedNoUserAreMarked) {
    readings_ = LogReadings(
        {.no_user_needed = {*parse_prefix("10.20.0.0/16"), *parse_prefix("2001:db8:20::/48")}}, 1);
    add(proxy_entry("10.20.1.1", ""));
    add(proxy_entry("2001:db8:20::1", ""));
    add(proxy_entry("10.20.1.1", "alice"));
    add(proxy_entry("10.30.1.1", ""));
    std::map<std::string, std::vector<ReadingKind>> kinds;
    for (const Reading& reading : flushed())
        kinds[to_string(reading.dst) + name_of(reading)].push_back(reading.kind);
    using Kinds = std::vector<ReadingKind>;
    EXPECT_EQ(kinds["10.20.1.1"], Kinds{ReadingKind::no_user_needed});
    EXPECT_EQ(kinds["2001:db8:20::1"], Kinds{ReadingKind::no_user_needed});
    EXPECT_EQ(kinds["10.20.1.1user alice"], Kinds{ReadingKind::ip}) << "a user is charged";
    EXPECT_EQ(kinds["10.30.1.1"], Kinds{ReadingKind::ip}) << "a user is missing";
    EXPECT_EQ(readings_.counts().no_user_needed, 2U);
}

TEST_F(LogReadingsTest, OfAServerTheClientIsNobodyWhoNeedsAUser) {
    readings_ = LogReadings({.no_user_needed = {*parse_prefix("198.51.100.0/24")}}, 1);
    add(web_entry(100));
    ASSERT_THAT(flushed(), SizeIs(1));
    EXPECT_EQ(all_.front().kind, ReadingKind::ip);
}

}  // namespace
}  // namespace octroi::logs
