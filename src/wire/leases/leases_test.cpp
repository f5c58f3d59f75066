// SPDX-License-Identifier: GPL-3.0-or-later
#include <gtest/gtest.h>

#include "wire/leases/open_reader.hpp"

namespace octroi::leases {
namespace {

const Mac client = *parse_mac("00:30:ca:b8:d9:bc");
const UtcTime ten = *parse_rfc3339("2026-11-28T10:00:00Z");
const UtcTime noon = *parse_rfc3339("2026-11-28T12:00:00Z");

struct Decoded {
    std::vector<Lease> leases;
    DecodeCounts counts;
    std::size_t used = 0;
};

// Also in parts of any size: the result must not depend on them.
Decoded decode(LeaseFormat format, const std::string& text) {
    Decoded whole;
    const auto reader = open_reader(format);
    whole.used = reader->decode(text, whole.leases);
    whole.counts = reader->counts();
    for (const std::size_t part : {1U, 7U, 64U}) {
        Decoded parts;
        const auto again = open_reader(format);
        std::string rest;
        for (std::size_t at = 0; at < text.size(); at += part) {
            rest += text.substr(at, part);
            const std::size_t used = again->decode(rest, parts.leases);
            rest.erase(0, used);
            parts.used += used;
        }
        EXPECT_EQ(parts.leases, whole.leases) << part;
        EXPECT_EQ(again->counts().bad, whole.counts.bad) << part;
        EXPECT_EQ(parts.used, whole.used) << part;
    }
    return whole;
}

const std::string dhcpd_head =
    "# The format of this file is documented in the dhcpd.leases(5) manual page.\n"
    "authoring-byte-order little-endian;\n\n";

std::string dhcpd_lease(const std::string& statements) {
    return "lease 10.1.0.17 {\n" + statements + "}\n";
}

TEST(DhcpdLeases, AreActiveFromTheirBeginToTheirEnd) {
    const Decoded decoded =
        decode(LeaseFormat::dhcpd,
               dhcpd_head + dhcpd_lease("  starts 6 2026/11/28 10:00:00;\n"
                                        "  ends 6 2026/11/28 12:00:00;\n"
                                        "  cltt 6 2026/11/28 11:00:00;\n"
                                        "  binding state active;\n  next binding state free;\n"
                                        "  hardware ethernet 00:30:ca:b8:d9:bc;\n"
                                        "  uid \"\\001\\0000\\\"};\";\n"
                                        "  client-hostname \"lease 10.9.9.9 { }\";\n"
                                        "  set vendor = \"a\";\n"
                                        "  on expiry { set x = \"}\"; }\n"));
    const Lease expected{*parse_prefix("10.1.0.17"), client, LeaseState::active, ten, noon};
    EXPECT_EQ(decoded.leases, std::vector{expected});
    EXPECT_EQ(decoded.counts.records, 1U);
    EXPECT_EQ(decoded.counts.bad, 0U);
}

TEST(DhcpdLeases, EndWithTheirState) {
    const std::string times =
        "starts epoch 1795860000; # Sat\nends epoch 1795867200; # Sat\n"
        "hardware ethernet 0:30:ca:b8:d9:bc;\n";
    const Decoded decoded =
        decode(LeaseFormat::dhcpd, dhcpd_lease(times + "binding state free;\n") +
                                       dhcpd_lease("binding state backup;\n") +
                                       dhcpd_lease(times + "abandoned;\n") +
                                       dhcpd_lease("starts epoch 1795860000;\nends never;\n"));
    ASSERT_EQ(decoded.leases.size(), 4U);
    EXPECT_EQ(decoded.leases[0].state, LeaseState::ended);
    EXPECT_EQ(decoded.leases[0].mac, client);
    EXPECT_EQ(decoded.leases[0].begin, UtcTime::from_seconds(1795860000));
    EXPECT_EQ(decoded.leases[0].end, UtcTime::from_seconds(1795867200));
    EXPECT_EQ(decoded.leases[1].state, LeaseState::removed);
    EXPECT_EQ(decoded.leases[2].state, LeaseState::ended);
    EXPECT_TRUE(decoded.leases[2].mac.empty());
    EXPECT_EQ(decoded.leases[3].state, LeaseState::active);
    EXPECT_FALSE(decoded.leases[3].end);
}

TEST(DhcpdLeases, OfIpv6HaveTheMacOfTheirDuid) {
    const std::string text =
        "server-duid \"\\000\\001\\000\\001\";\n"
        "ia-na \"\\001\\000\\000\\000\\000\\001\\000\\001\\036\\362\\001\\002\\0000\\312\\270\\331"
        "\\274\" {\n  cltt 6 2026/11/28 10:00:00;\n"
        "  iaaddr 2001:db8::17 {\n    binding state active;\n    preferred-life 3600;\n"
        "    max-life 7200;\n    ends 6 2026/11/28 12:00:00;\n  }\n}\n"
        "ia-pd \"\\001\\000\\000\\000\\000\\002\\000\\000\" {\n  cltt 6 2026/11/28 10:00:00;\n"
        "  iaprefix 2001:db8:100::/56 {\n    binding state released;\n"
        "    ends 6 2026/11/28 12:00:00;\n  }\n}\n";
    const Decoded decoded = decode(LeaseFormat::dhcpd, text);
    const std::vector<Lease> expected{
        {*parse_prefix("2001:db8::17"), client, LeaseState::active, ten, noon},
        {*parse_prefix("2001:db8:100::/56"), {}, LeaseState::ended, ten, noon}};
    EXPECT_EQ(decoded.leases, expected);
}

// As dhcpd 4.4.3 writes them: a lease, and its release two seconds later.
TEST(DhcpdLeases, OfARealServerEndWithTheirRelease) {
    const std::string begin = "lease 10.78.1.50 {\n  starts 1 2026/11/30 22:03:49;\n";
    const std::string end =
        "  hardware ethernet 02:00:00:00:00:42;\n"
        "  uid \"\\001\\002\\000\\000\\000\\000B\";\n";
    const Decoded decoded = decode(
        LeaseFormat::dhcpd,
        "server-duid \"\\000\\001\\000\\0012\\240\\257\\016jwV<$\\346\";\n\n" + begin +
            "  ends 1 2026/11/30 22:05:49;\n  cltt 1 2026/11/30 22:03:49;\n"
            "  binding state active;\n  next binding state free;\n  rewind binding state free;\n" +
            end + "  set vendor-class-identifier = \"udhcp 1.35.0\";\n}\n" + begin +
            "  ends 1 2026/11/30 22:03:51;\n  tstp 1 2026/11/30 22:03:51;\n"
            "  cltt 1 2026/11/30 22:03:49;\n  binding state free;\n" +
            end + "}\n");
    ASSERT_EQ(decoded.leases.size(), 2U);
    EXPECT_EQ(decoded.counts.bad, 0U);
    EXPECT_EQ(decoded.leases[0].state, LeaseState::active);
    EXPECT_EQ(decoded.leases[1].state, LeaseState::ended);
    EXPECT_EQ(decoded.leases[1].end, *parse_rfc3339("2026-11-30T22:03:51Z"));
}

TEST(DhcpdLeases, BadRecordsChangeNoOther) {
    const std::string good = dhcpd_lease("ends never;\n");
    const Decoded decoded =
        decode(LeaseFormat::dhcpd, good + "lease x.example.org { ends never; }\n" +
                                       dhcpd_lease("ends 6 2026/13/28 12:00:00;\n") + "}\n" +
                                       "lease 10.0.0.1 { a { b { c { d { e { f { g { h { i { } } } "
                                       "} } } } } } }\n" +
                                       good);
    EXPECT_EQ(decoded.leases.size(), 2U);
    EXPECT_EQ(decoded.counts.bad, 4U);
}

TEST(DhcpdLeases, WithoutAnEndAreUsedAtLast) {
    const std::string open = "lease 10.0.0.1 { uid \"" + std::string(record_octets_max, 'x');
    std::vector<Lease> leases;
    const auto reader = open_reader(LeaseFormat::dhcpd);
    EXPECT_EQ(reader->decode(open + "\n}\n" + dhcpd_lease("ends never;\n"), leases),
              open.size() + 3);
    EXPECT_EQ(reader->counts().bad, 1U);
}

TEST(KeaLeases, HaveTheColumnsOfTheirHeader) {
    const Decoded decoded = decode(
        LeaseFormat::kea,
        "address,hwaddr,client_id,valid_lifetime,expire,subnet_id,fqdn_fwd,fqdn_rev,hostname,state,"
        "user_context\n"
        "10.1.0.17,00:30:ca:b8:d9:bc,01:00,7200,1795867200,1,0,0,a&#x2cb,0,\n"
        "10.1.0.17,00:30:ca:b8:d9:bc,01:00,0,1795860000,1,0,0,,0,\n"
        "10.1.0.18,,,7200,1795867200,1,0,0,,1,\n"
        "10.1.0.19,00:30:ca:b8:d9:bc,,7200,1795867200,1,0,0,,2,\n"
        "10.1.0.20,00:30:ca:b8:d9:bc,,4294967295,6090827295,1,0,0,,0,\n"
        "10.1.0.21,00:30:ca:b8:d9:bc,,7200,17958x,1,0,0,,0,\n"
        "10.1.0.22,00:30:ca:b8:d9:bc,,7200\n"
        "10.1.0.23,00:30:ca:b8");
    const UtcTime begin = UtcTime::from_seconds(1795860000);
    const UtcTime end = UtcTime::from_seconds(1795867200);
    const std::vector<Lease> expected{
        {*parse_prefix("10.1.0.17"), client, LeaseState::active, begin, end},
        {*parse_prefix("10.1.0.17"), client, LeaseState::removed, begin, std::nullopt},
        {*parse_prefix("10.1.0.18"), {}, LeaseState::removed, begin, std::nullopt},
        {*parse_prefix("10.1.0.19"), client, LeaseState::ended, begin, end},
        {*parse_prefix("10.1.0.20"), client, LeaseState::active, begin, std::nullopt}};
    EXPECT_EQ(decoded.leases, expected);
    EXPECT_EQ(decoded.counts.bad, 2U);
}

TEST(KeaLeases, OfIpv6HavePrefixes) {
    const Decoded decoded = decode(
        LeaseFormat::kea,
        "address,duid,valid_lifetime,expire,subnet_id,pref_lifetime,lease_type,iaid,prefix_len,"
        "fqdn_fwd,fqdn_rev,hostname,hwaddr,state,user_context,hwtype,hwaddr_source\n"
        "2001:db8::17,00:03:00:01:00:30:ca:b8:d9:bc,7200,1795867200,1,3600,0,7,128,0,0,,,0,,,\n"
        "2001:db8:100::,00:02:00:00:00:09,7200,1795867200,1,3600,2,7,56,0,0,,00:30:ca:b8:d9:bc,0,,"
        "1,2\n"
        "2001:db8:100::,00:02:00:00:00:09,7200,1795867200,1,3600,2,7,156,0,0,,,0,,1,2\n");
    ASSERT_EQ(decoded.leases.size(), 2U);
    EXPECT_EQ(to_string(decoded.leases[0].prefix), "2001:db8::17/128");
    EXPECT_EQ(decoded.leases[0].mac, client);
    EXPECT_EQ(to_string(decoded.leases[1].prefix), "2001:db8:100::/56");
    EXPECT_EQ(decoded.leases[1].mac, client);
    EXPECT_EQ(decoded.counts.bad, 1U);
}

TEST(DnsmasqLeases, HaveBothFamilies) {
    const Decoded decoded =
        decode(LeaseFormat::dnsmasq,
               "1795867200 00:30:ca:b8:d9:bc 10.1.0.17 pc 01:00:30:ca:b8:d9:bc\n"
               "0 00:30:ca:b8:d9:bc 10.1.0.18 * *\n"
               "1795867200 20-00:30:ca:b8:d9:bc 10.1.0.19 * ff:01\n"
               "1795867200 00:30:ca:b8:d9:bc 10.1.0.20\n"
               "duid 00:01:00:01:1e:f2:01:02:00:30:ca:b8:d9:01\n"
               "1795867200 T12345 2001:db8::17 pc 00:01:00:01:1e:f2:01:02:00:30:ca:b8:d9:bc\n");
    const UtcTime end = UtcTime::from_seconds(1795867200);
    const std::vector<Lease> expected{
        {*parse_prefix("10.1.0.17"), client, LeaseState::active, std::nullopt, end},
        {*parse_prefix("10.1.0.18"), client, LeaseState::active, std::nullopt, std::nullopt},
        {*parse_prefix("10.1.0.19"), {}, LeaseState::active, std::nullopt, end},
        {*parse_prefix("2001:db8::17"), client, LeaseState::active, std::nullopt, end}};
    EXPECT_EQ(decoded.leases, expected);
    EXPECT_EQ(decoded.counts.bad, 1U);
}

TEST(LeaseFormats, AreRecognisedByTheirFirstLine) {
    EXPECT_EQ(recognise_format(dhcpd_head), LeaseFormat::dhcpd);
    EXPECT_EQ(recognise_format("\n# x\nlease 10.0.0.1 {"), LeaseFormat::dhcpd);
    EXPECT_EQ(recognise_format("address,hwaddr,"), LeaseFormat::kea);
    EXPECT_EQ(recognise_format("1795867200 00:30:ca:b8:d9:bc 10.1.0.17 * *\n"),
              LeaseFormat::dnsmasq);
    EXPECT_EQ(recognise_format("duid 00:01\n"), LeaseFormat::dnsmasq);
    for (const char* text : {"", "\n\n", "# comment\n", "hello\n", "12345\n"})
        EXPECT_EQ(recognise_format(text), LeaseFormat::unknown) << text;
}

TEST(Duids, OfEthernetContainAMac) {
    EXPECT_EQ(mac_of_duid_text("00:01:00:01:1e:f2:01:02:00:30:ca:b8:d9:bc"), client);
    EXPECT_EQ(mac_of_duid_text("00:03:00:01:00:30:ca:b8:d9:bc"), client);
    for (const char* text :
         {"", "*", "00:03:00:06:00:30:ca:b8:d9:bc", "00:03:00:01:00:30:ca",
          "00:02:00:00:00:09:0c:c0:84:d3:03:00", "00:04:00:01", "00:03:00:01:00:30:ca:b8:d9:bc:00"})
        EXPECT_TRUE(mac_of_duid_text(text).empty()) << text;
}

}  // namespace
}  // namespace octroi::leases
