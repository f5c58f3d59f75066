// SPDX-License-Identifier: GPL-3.0-or-later
#include <gtest/gtest.h>

#include "wire/counters/listed_counter.hpp"
#include "wire/counters/net_dev.hpp"

namespace octroi::counters {
namespace {

struct Sum {
    std::uint64_t packets = 0;
    std::uint64_t bytes = 0;
    bool operator==(const Sum&) const = default;
};

Sum sum_of(const CounterListing& listing, CounterForm form) {
    Sum sum;
    for (const ListedCounter& counter : listing.counters) {
        if (counter.form != form) continue;
        sum.packets += counter.packets.value_or(0);
        sum.bytes += counter.bytes.value_or(0);
    }
    return sum;
}

TEST(NetDev, ReadsTheFirstTwoNumbersOfBothHalves) {
    const auto rows = parse_net_dev(
        "Inter-|   Receive                                                |  Transmit\n"
        " face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs\n"
        "    lo: 18446744073709551615 2    0    0    0     0          0         0 10 20 0 0 0 0 0 "
        "0\n"
        "eth0:1:5 6 0 0 0 0 0 0 7 8 0 0 0 0 0 0\n"
        "bad: 1 2 3\n");
    ASSERT_EQ(rows.size(), 2U);
    EXPECT_EQ(rows[0], (NetDevRow{"lo", UINT64_MAX, 2, 10, 20}));
    EXPECT_EQ(rows[1], (NetDevRow{"eth0:1", 5, 6, 7, 8}));
}

// FEATURES P1, P3, P4.
TEST(IptablesList, UsersAndThePolicyOfAChain) {
    const auto listing = parse_iptables_list(
        "Chain OUTPUT (policy ACCEPT 2856 packets, 5357236 bytes)\n"
        "pkts bytes target prot opt in out source destination\n"
        "4743 11286991 ACCEPT all -- * * 0.0.0.0/0 0.0.0.0/0 owner UID match 1001\n"
        "255570 568550930 ACCEPT all -- * * 0.0.0.0/0 0.0.0.0/0 owner UID match 1005\n"
        "109538 287862296 ACCEPT all -- * * 0.0.0.0/0 0.0.0.0/0 owner UID match 1004\n");
    ASSERT_EQ(listing.counters.size(), 4U);
    EXPECT_EQ(listing.unread, 0U);
    EXPECT_EQ(sum_of(listing, CounterForm::rule), (Sum{369851, 867700217}));
    EXPECT_EQ(sum_of(listing, CounterForm::policy), (Sum{2856, 5357236}));
    EXPECT_EQ(listing.counters[1].uid, 1001U);
    EXPECT_EQ(listing.counters[1].target, "ACCEPT");
    EXPECT_EQ(listing.counters[1].chain, "OUTPUT");
}

TEST(IptablesList, RoundedFiguresSaySo) {
    const auto listing = parse_iptables_list(
        "Chain INPUT (policy DROP 120K packets, 33M bytes)\n"
        "num   pkts bytes target     prot opt in     out     source               destination\n"
        "1    99999 2345K            all  --  eth0   *       0.0.0.0/0            0.0.0.0/0\n"
        "2       12   900 web        6    --  *      !lo     10.0.0.0/8           0.0.0.0/0    "
        "        tcp dpt:80 /* web in */ ! owner UID match 7\n"
        "\nChain web (2 references)\n"
        "    pkts      bytes target     prot opt in     out     source               destination\n"
        "       1       1T RETURN     tcp      *      *       ::/0                 "
        "2001:db8::/32\n");
    ASSERT_EQ(listing.counters.size(), 4U);
    const auto& c = listing.counters;
    EXPECT_TRUE(c[0].rounded);
    EXPECT_EQ(c[0].bytes, 33'000'000U);
    EXPECT_TRUE(c[1].rounded);
    EXPECT_EQ(c[1].packets, 99999U);
    EXPECT_EQ(c[1].target, "") << "a rule without a target";
    EXPECT_EQ(c[1].in, "eth0");
    EXPECT_FALSE(c[2].rounded);
    EXPECT_EQ(c[2].target, "web");
    EXPECT_EQ(c[2].comment, "web in");
    EXPECT_EQ(c[2].out, "!lo");
    EXPECT_FALSE(c[2].uid.has_value()) << "all users but this one";
    EXPECT_EQ(c[3].bytes, 1'000'000'000'000U);
    EXPECT_EQ(c[3].dst, "2001:db8::/32") << "ip6tables leaves the column of options empty";
}

TEST(IptablesList, ACommentIsNoMatch) {
    const auto listing = parse_iptables_list(
        "Chain OUTPUT (policy ACCEPT 1 packets, 1 bytes)\n"
        " pkts bytes target prot opt in out source destination\n"
        " 3 300 ACCEPT all -- * * 0.0.0.0/0 0.0.0.0/0 /* owner UID match 5 */ owner UID match 7\n"
        " 4 400 ACCEPT all -- * * 0.0.0.0/0 0.0.0.0/0 /* owner UID match 5 */\n");
    ASSERT_EQ(listing.counters.size(), 3U);
    EXPECT_EQ(listing.counters[1].uid, 7U);
    EXPECT_EQ(listing.counters[1].comment, "owner UID match 5");
    EXPECT_FALSE(listing.counters[2].uid.has_value());
}

TEST(IptablesList, ListingsWithoutCountersHaveNone) {
    const auto listing = parse_iptables_list(
        "Chain INPUT (policy ACCEPT)\n"
        "target     prot opt source               destination\n"
        "ACCEPT     all  --  0.0.0.0/0            0.0.0.0/0\n");
    EXPECT_TRUE(listing.counters.empty());
    EXPECT_EQ(listing.unread, 0U);
}

// FEATURES N15.
TEST(IptablesList, IpfwadmAndIpchains) {
    const auto old = parse_iptables_list(
        "IP accounting rules\n"
        " pkts bytes dir prot source               destination          ports\n"
        " 9833 2345K i/o all  172.16.3.0/24        anywhere             n/a\n"
        "56527   33M i/o all  172.16.4.0/24        anywhere             n/a\n");
    ASSERT_EQ(old.counters.size(), 2U);
    EXPECT_EQ(sum_of(old, CounterForm::rule), (Sum{66360, 35'345'000}));
    const auto chains = parse_iptables_list(
        "Chain input (policy ACCEPT: 37 packets, 4444 bytes):\n"
        " pkts bytes target     prot opt    tosa tosx  ifname     mark       outsize  source\n"
        "   12  1000 -          icmp ------ 0xFF 0x00  eth0                           anywhere\n");
    EXPECT_EQ(sum_of(chains, CounterForm::policy), (Sum{37, 4444}));
    EXPECT_EQ(sum_of(chains, CounterForm::rule), (Sum{12, 1000}));
}

TEST(IptablesSave, RulesPoliciesAndTables) {
    const auto listing = parse_iptables_save(
        "# Generated by iptables-save v1.8.9 (nf_tables)\n"
        "*mangle\n:PREROUTING ACCEPT [7:8]\n:mine - [0:0]\n"
        "[5:600] -A mine -m comment --comment \"a \\\"b\\\" c\" -j RETURN\nCOMMIT\n"
        "*filter\n:OUTPUT ACCEPT [2856:5357236]\n"
        "[18446744073709551615:1] -A OUTPUT -m owner --uid-owner 1001 -j ACCEPT\n"
        "[1:1] -A OUTPUT -m owner ! --uid-owner 1002 -j ACCEPT\n"
        "[1:1] -A OUTPUT -m owner --uid-owner 1000-1999 -j ACCEPT\n"
        "-A OUTPUT -j LOG\n"
        "[18446744073709551616:1] -A OUTPUT -j ACCEPT\nCOMMIT\n");
    ASSERT_EQ(listing.counters.size(), 6U);
    const auto& c = listing.counters;
    EXPECT_EQ(c[1].table, "mangle");
    EXPECT_EQ(c[1].comment, "a \"b\" c");
    EXPECT_EQ(c[1].target, "RETURN");
    EXPECT_EQ(c[3].uid, 1001U);
    EXPECT_EQ(c[3].packets, UINT64_MAX);
    EXPECT_EQ(c[3].rule, "-m owner --uid-owner 1001 -j ACCEPT");
    EXPECT_FALSE(c[4].uid.has_value());
    EXPECT_FALSE(c[5].uid.has_value());
    EXPECT_EQ(listing.unread, 1U) << "a number that does not fit";
}

TEST(IptablesSave, RulesInTheFormOfListRules) {
    const auto listing = parse_iptables_save(
        "-P INPUT ACCEPT -c 3 400\n-N mine\n-A INPUT -s 10.0.0.0/8 -c 12 345 -j mine\n"
        "-A INPUT -c 12\n");
    ASSERT_EQ(listing.counters.size(), 2U);
    EXPECT_EQ(sum_of(listing, CounterForm::policy), (Sum{3, 400}));
    EXPECT_EQ(sum_of(listing, CounterForm::rule), (Sum{12, 345}));
    EXPECT_EQ(listing.unread, 1U);
}

TEST(NftJson, EachCounterOnce) {
    const auto listing = parse_nft_json(R"({"nftables": [
{"metainfo": {"version": "1.0.6"}},
{"table": {"family": "inet", "name": "t", "handle": 9}},
{"counter": {"family": "inet", "name": "web", "table": "t", "handle": 3,
 "packets": 2, "bytes": 20}},
{"quota": {"family": "inet", "name": "q", "table": "t", "handle": 4, "bytes": 1000, "used": 55}},
{"set": {"family": "inet", "name": "users", "table": "t", "type": "ipv4_addr", "handle": 5, "elem":
 [{"elem": {"val": "10.0.0.1", "counter": {"packets": 4, "bytes": 40}}},
  {"elem": {"val": {"prefix": {"addr": "10.1.0.0", "len": 16}},
   "counter": {"packets": 8, "bytes": 80}}},
  "10.9.9.9"]}},
{"map": {"family": "inet", "name": "m", "table": "t", "type": ["ipv4_addr", "inet_service"], "elem":
 [[{"elem": {"val": {"concat": ["10.0.0.1", 80]},
   "counter": {"packets": 16, "bytes": 160}}}, "x"]]}},
{"rule": {"family": "inet", "table": "t", "chain": "c", "handle": 7, "comment": "alice", "expr":
 [{"counter": "web"}, {"counter": {"packets": 1, "bytes": 10}}, {"counter": null},
  {"quota": {"val": 1, "val_unit": "mbytes", "used": 2, "used_unit": "kbytes"}}, {"accept": null}]}}
]})");
    ASSERT_TRUE(listing.has_value());
    EXPECT_EQ(sum_of(*listing, CounterForm::named), (Sum{2, 20}));
    EXPECT_EQ(sum_of(*listing, CounterForm::element), (Sum{28, 280}));
    EXPECT_EQ(sum_of(*listing, CounterForm::rule), (Sum{1, 10}));
    EXPECT_EQ(sum_of(*listing, CounterForm::quota), (Sum{0, 0})) << "it has no packets";
    ASSERT_EQ(listing->counters.size(), 7U);
    const auto& c = listing->counters;
    EXPECT_EQ(c[0].handle, 3U);
    EXPECT_EQ(c[0].table_handle, 9U);
    EXPECT_EQ(c[1].used, 55U);
    EXPECT_EQ(c[2].element, "10.0.0.1");
    EXPECT_EQ(c[3].element, "10.1.0.0/16");
    EXPECT_EQ(c[4].element, "10.0.0.1 . 80");
    EXPECT_EQ(c[4].element_type, "ipv4_addr . inet_service");
    EXPECT_EQ(c[5].comment, "alice");
    EXPECT_FALSE(c[5].rule.contains("\"packets\"")) << "the text stays the same while it counts";
    EXPECT_EQ(c[6].used, 2048U);
}

TEST(NftJson, OtherTextsAreRefused) {
    for (const char* text : {"", "{", "[]", "{\"nftables\": {}}", "table ip filter {"})
        EXPECT_FALSE(parse_nft_json(text).has_value()) << text;
    const std::string deep =
        "{\"nftables\": [{\"rule\": {\"expr\": [{\"counter\": " + std::string(100'000, '[') +
        std::string(100'000, ']') + "}]}}]}";
    const auto listing = parse_nft_json(deep);
    ASSERT_TRUE(listing.has_value());
    EXPECT_TRUE(listing->counters.empty());
    const auto negative = parse_nft_json(
        R"({"nftables": [{"counter": {"name": "x", "packets": -1, "bytes": 1.5}}]})");
    EXPECT_EQ(negative->unread, 1U);
}

// The text of a rule names its counter in state files.
TEST(NftJson, TheTextOfARuleStaysTheSameWhileItCounts) {
    const auto rule = [](int used) {
        return parse_nft_json(
            R"({"nftables": [{"rule": {"family": "inet", "table": "t", "chain": "c", "handle": 4,
            "expr": [{"match": {"op": "==", "left": {"meta": {"key": "skuid"}}, "right": 1000}},
            {"quota": {"val": 9, "val_unit": "mbytes", "used": )" +
            std::to_string(used) + R"(, "used_unit": "bytes"}}, {"last": {"used": )" +
            std::to_string(used) + R"(}}, {"counter": {"packets": 1, "bytes": )" +
            std::to_string(used) + "}}]}}]}");
    };
    const auto before = rule(5);
    const auto after = rule(7);
    ASSERT_TRUE(before && after);
    ASSERT_EQ(before->counters.size(), 2U);
    EXPECT_EQ(before->counters[0].rule, after->counters[0].rule);
    EXPECT_EQ(before->counters[1].uid, 1000U);
    EXPECT_EQ(before->counters[0].used, 5U);
}

}  // namespace
}  // namespace octroi::counters
