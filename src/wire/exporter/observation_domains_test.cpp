// SPDX-License-Identifier: GPL-3.0-or-later
#include "wire/exporter/observation_domains.hpp"

#include <gtest/gtest.h>

namespace octroi::exporter {
namespace {

using Verdict = ObservationDomains::Admission::Verdict;
constexpr std::uint64_t all_fields = ~std::uint64_t{0};
const UtcTime start = UtcTime::from_seconds(1'790'000'000);

StreamKey udp(std::uint32_t domain) { return stream_key(flow::Protocol::ipfix, domain); }
StreamKey tcp(std::uint16_t session, std::uint32_t domain) {
    return stream_key(flow::Protocol::ipfix, domain, session);
}

struct ObservationDomainsTest : testing::Test {
    ObservationDomainsTest() {
        limits.observation_domains = 3;
        limits.transport_session_domains = 4;
        limits.idle_ns = Duration::minutes(60).ns;
    }
    void add(StreamKey key, UtcTime last_seen, std::uint64_t records) {
        ObservationDomain& domain = domains.add(key);
        domain.last_seen = last_seen;
        domain.records = records;
    }
    void expect(StreamKey key, UtcTime now, Verdict verdict, StreamKey victim = 0) {
        const auto admission = domains.admission(key, now);
        EXPECT_EQ(admission.verdict, verdict);
        EXPECT_EQ(admission.victim, victim);
    }

    Limits limits;
    MemoryBudget budget{1U << 20U};
    MemoryShare memory{budget};
    ObservationDomains domains{1, limits, memory};
};

TEST_F(ObservationDomainsTest, ChargesEachUntilItIsDropped) {
    add(udp(1), start, 0);
    EXPECT_EQ(memory.octets(), ObservationDomain::cost);
    domains.find(udp(1))->templates.add(
        compile_template({.id = 256, .fields = {{0, 1, 4}}}, all_fields, start));
    EXPECT_EQ(domains.template_usage().templates, 1U);
    domains.drop(udp(1));
    EXPECT_EQ(domains.find(udp(1)), nullptr);
    EXPECT_EQ(memory.octets(), 0U);
    EXPECT_EQ(domains.template_usage().templates, 0U);
}

TEST_F(ObservationDomainsTest, OverUdpTheLongestSilentWithoutRecordsGoesFirst) {
    add(udp(1), start, 5);
    add(udp(2), start + Duration::minutes(2), 0);
    expect(udp(9), start + Duration::minutes(3), Verdict::free);
    add(udp(3), start + Duration::minutes(1), 0);
    expect(udp(9), start + Duration::minutes(3), Verdict::drop_domain, udp(3));
}

TEST_F(ObservationDomainsTest, OverUdpADomainThatSentRecordsIsProtectedForAnHour) {
    for (const std::uint32_t domain : {1U, 2U, 3U})
        add(udp(domain), start + Duration::seconds(domain), 1);
    expect(udp(9), start + Duration::minutes(60), Verdict::refused);
    expect(udp(9), start + Duration::minutes(61), Verdict::drop_domain, udp(1));
}

TEST_F(ObservationDomainsTest, AClockThatIsSetBackProtectsNoDomainForEver) {
    for (const std::uint32_t domain : {1U, 2U, 3U})
        add(udp(domain), start + Duration::hours(1000), 1);
    expect(udp(9), start, Verdict::refused);
    EXPECT_EQ(domains.find(udp(2))->last_seen, start);
    expect(udp(9), start + Duration::minutes(60), Verdict::drop_domain, udp(1));
}

TEST_F(ObservationDomainsTest, OverTcpTheLongestSilentSessionGoesAndNeverItsOwn) {
    add(tcp(5000, 1), start, 1);
    add(tcp(6000, 1), start + Duration::minutes(2), 0);
    add(tcp(7000, 1), start + Duration::minutes(1), 9);
    add(udp(1), start - Duration::minutes(9), 0);
    const UtcTime now = start + Duration::minutes(4);
    expect(tcp(5000, 2), now, Verdict::free);
    add(tcp(5000, 2), start + Duration::minutes(3), 1);
    expect(tcp(5000, 3), now, Verdict::drop_session, tcp(7000, 1));
    expect(tcp(8000, 1), now, Verdict::drop_session, tcp(5000, 1));
}

TEST_F(ObservationDomainsTest, OneSessionHasALimitOfItsOwn) {
    for (const std::uint32_t domain : {1U, 2U, 3U}) add(tcp(5000, domain), start, 0);
    expect(tcp(5000, 4), start, Verdict::refused);
    expect(tcp(6000, 4), start, Verdict::free);
}

TEST_F(ObservationDomainsTest, TemplatesOfTcpHoldAsLongAsTheirSession) {
    const UtcTime later = start + Duration::hours(2);
    for (const StreamKey key : {udp(1), tcp(5000, 1)}) {
        add(key, later, 0);
        domains.find(key)->templates.add(
            compile_template({.id = 256, .fields = {{0, 1, 4}}}, all_fields, start));
    }
    domains.expire_templates(later);
    EXPECT_EQ(domains.find(udp(1))->templates.find(256), nullptr);
    EXPECT_NE(domains.find(tcp(5000, 1))->templates.find(256), nullptr);
    EXPECT_EQ(domains.last_expiry(), later);
}

TEST_F(ObservationDomainsTest, SavesAndRestores) {
    add(udp(1), start, 5);
    using Effect = ExporterStart::Effect;
    EXPECT_EQ(domains.find(udp(1))->start.state({.ms = 77, .message = 1}), Effect::added);
    add(tcp(5000, 2), start + Duration::minutes(1), 6);
    ByteWriter saved;
    domains.save(saved);
    ObservationDomains other(2, limits, memory);
    ByteCursor from(as_octets(saved.octets()));
    ASSERT_TRUE(other.restore(from, all_fields));
    EXPECT_EQ(from.left(), 0U);
    ExporterStart& restored = other.find(udp(1))->start;
    EXPECT_EQ(restored.ms(), 77);
    // A start that waits for its confirmation goes on waiting.
    EXPECT_EQ(restored.state({.ms = 99'000, .message = 2}), Effect::unconfirmed);
    ByteWriter unconfirmed;
    other.save(unconfirmed);
    ObservationDomains third(3, limits, memory);
    ByteCursor again(as_octets(unconfirmed.octets()));
    ASSERT_TRUE(third.restore(again, all_fields));
    EXPECT_EQ(third.find(udp(1))->start.ms(), 0);
    EXPECT_EQ(third.find(udp(1))->start.state({.ms = 99'000, .message = 3}), Effect::changed);
    EXPECT_EQ(other.find(tcp(5000, 2))->last_seen, start + Duration::minutes(1));
    EXPECT_EQ(other.find(tcp(5000, 2))->records, 6U);
}

}  // namespace
}  // namespace octroi::exporter
