// SPDX-License-Identifier: GPL-3.0-or-later
#include "attribute/attributor.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "record/identity.hpp"

namespace octroi {
namespace {

constexpr std::int64_t start = 1'700'000'100'000'000'000;  // the start of a bucket
static_assert(start % bucket_length.ns == 0);

Directory college() {
    Directory directory;
    directory.version = 5;
    directory.networks = {{"10.0.0.0/8", false}, {"192.168.0.0/16", true}};
    directory.bindings = {
        {1, *parse_identity("10.1.0.0/16"), "physics", {}, false},
        {2, *parse_identity("10.2.0.0/16"), "students", {}, true},
        {3, *parse_identity("vlan 12"), "lab", {}, false},
        {4, *parse_identity("mac 2:0:0:0:0:7"), "printer", {}, false},
        {5, *parse_identity("10.1.2.3"), "alice", {{start + 100}, {start + 200}}, false},
    };
    return directory;
}

struct Fixture {
    Attributor attributor{std::make_shared<const CompiledDirectory>(college()),
                          std::make_shared<const CompiledClasses>(),
                          std::make_shared<const CompiledServices>(), 1};

    static Reading reading(const char* src, const char* dst) {
        Reading r;
        r.first = r.last = {start};
        r.bytes = 100;
        r.packets = 2;
        r.flows = 1;
        r.proto = 6;
        r.sport = 50'000;
        r.dport = 80;
        if (*src != '\0') r.src = *parse_address(src);
        if (*dst != '\0') r.dst = *parse_address(dst);
        return r;
    }
    void accept(const Reading& r) { attributor.accept({&r, 1}); }
    // "bucket from(identity) > to(identity) service bytes/packets/flows"
    std::string take() {
        const Attributed made = attributor.make_attributed();
        const auto show = [](const Party& p) {
            return p.identity.empty() ? to_string(p) : to_string(p) + "(" + p.identity + ")";
        };
        std::string text;
        for (const Transfer& t : made.transfers) {
            text += fmt::format(
                "{} {} > {} {} {}/{}/{}\n", (t.bucket.ns - start) / bucket_length.ns,
                show(made.parties[t.from]), show(made.parties[t.to]), made.services[t.service],
                t.volume.bytes.value(), t.volume.packets.value(), t.volume.flows.value());
        }
        return text;
    }
    std::uint64_t count(std::string_view name) const {
        for (const CounterValue& value : attributor.counters()) {
            if (value.name == name) return value.value;
        }
        ADD_FAILURE() << name;
        return 0;
    }
};

TEST(Attributor, PartiesOfEveryKind) {
    Fixture f;
    f.accept(Fixture::reading("10.1.9.9", "8.8.8.8"));
    EXPECT_EQ(f.take(), "0 physics(10.1.0.0/16) > world http 100/2/1\n");
    f.accept(Fixture::reading("10.2.0.5", "10.3.0.1"));
    EXPECT_EQ(f.take(), "0 students(10.2.0.5) > @unattributed(10.0.0.0/8) http 100/2/1\n");
    f.accept(Fixture::reading("192.168.1.1", "224.0.0.251"));
    EXPECT_EQ(f.take(), "0 @unattributed(192.168.1.1) > multicast http 100/2/1\n");
    f.accept(Fixture::reading("0.0.0.0", "255.255.255.255"));
    EXPECT_EQ(f.take(), "0 unspecified > broadcast http 100/2/1\n");
    f.accept(Fixture::reading("", "ff02::1"));
    EXPECT_EQ(f.take(), "0 unknown > multicast http 100/2/1\n");
    f.accept(Fixture::reading("127.0.0.1", "10.1.0.1"));
    EXPECT_EQ(f.take(), "0 @excluded/loopback > @excluded/loopback http 100/2/1\n");
    f.accept(Fixture::reading("10.1.0.1", "::1"));
    EXPECT_EQ(f.take(), "0 @excluded/loopback > @excluded/loopback http 100/2/1\n");
}

TEST(Attributor, ExcludedKinds) {
    Fixture f;
    Reading r = Fixture::reading("10.1.9.9", "8.8.8.8");
    r.kind = ReadingKind::duplicate;
    f.accept(r);
    r.kind = ReadingKind::malformed;
    f.accept(r);
    r.kind = ReadingKind::non_ip;
    r.set_ethertype(0x0806);
    f.accept(r);
    EXPECT_EQ(f.take(),
              "0 @excluded/duplicate > @excluded/duplicate http 100/2/1\n"
              "0 @excluded/malformed > @excluded/malformed malformed 100/2/1\n"
              "0 @excluded/non-ip > @excluded/non-ip ethertype/arp 100/2/1\n");
}

// A proxy's log: the near end is the client, and has no user.
TEST(Attributor, AnEndThatNeedsNoUserCountsForItsAccountOrForNobody) {
    Fixture f;
    Reading r = Fixture::reading("10.1.9.9", "8.8.8.8");
    r.kind = ReadingKind::no_user_needed;
    r.direction = Direction::in;
    f.accept(r);
    EXPECT_EQ(f.take(), "0 physics(10.1.0.0/16) > world http 100/2/1\n");
    r.src = *parse_address("10.3.0.1");
    f.accept(r);
    EXPECT_EQ(f.take(), "0 @excluded/no-user-needed > @excluded/no-user-needed http 100/2/1\n")
        << "a local network without an account would be listed as unknown";
    r.direction = Direction::out;
    std::swap(r.src, r.dst);
    f.accept(r);
    EXPECT_EQ(f.take(), "0 @excluded/no-user-needed > @excluded/no-user-needed http 100/2/1\n");
}

TEST(Attributor, MacAndLinkIdentifyTheirEnd) {
    Fixture f;
    Reading r = Fixture::reading("9.9.9.9", "8.8.8.8");
    r.src_mac = *parse_mac("2:0:0:0:0:7");
    f.accept(r);
    EXPECT_EQ(f.take(), "0 printer(mac 02:00:00:00:00:07) > world http 100/2/1\n");
    std::swap(r.src_mac, r.dst_mac);
    f.accept(r);
    EXPECT_EQ(f.take(), "0 world > printer(mac 02:00:00:00:00:07) http 100/2/1\n");
    r = Fixture::reading("9.9.9.9", "8.8.8.8");
    r.vlan = 12;
    f.accept(r);
    EXPECT_EQ(f.take(), "0 world > world http 100/2/1\n")
        << "no direction and no local end: the VLAN says nothing";
    r.direction = Direction::in;
    f.accept(r);
    EXPECT_EQ(f.take(), "0 lab(vlan 12) > world http 100/2/1\n");
    r.direction = Direction::out;
    f.accept(r);
    EXPECT_EQ(f.take(), "0 world > lab(vlan 12) http 100/2/1\n");
    r = Fixture::reading("10.3.0.1", "8.8.8.8");
    r.vlan = 12;
    f.accept(r);
    EXPECT_EQ(f.take(), "0 lab(vlan 12) > world http 100/2/1\n") << "the one local end";
    r = Fixture::reading("10.1.0.1", "8.8.8.8");
    r.vlan = 12;
    f.accept(r);
    EXPECT_EQ(f.take(), "0 physics(10.1.0.0/16) > world http 100/2/1\n")
        << "a prefix is more specific";
}

TEST(Attributor, NextHopVlanInterfaceThenAs) {
    Directory directory;
    directory.bindings = {{1, *parse_identity("as 64500"), "customer", {}, false},
                          {2, *parse_identity("interface 192.0.2.1#3"), "port", {}, false},
                          {3, *parse_identity("vlan 12"), "lab", {}, false},
                          {4, *parse_identity("next-hop 192.0.2.9"), "peer", {}, false},
                          {5, *parse_identity("10.0.0.0/8"), "college", {}, false}};
    Fixture f;
    f.attributor.replace(std::make_shared<const CompiledDirectory>(directory),
                         std::make_shared<const CompiledClasses>(),
                         std::make_shared<const CompiledServices>());
    const std::array<Name, 3> names = {{{NameKind::interface, "192.0.2.1#3"},
                                        {NameKind::next_hop, "192.0.2.8"},
                                        {NameKind::next_hop, "192.0.2.9"}}};
    f.attributor.set_names(names);
    Reading r = Fixture::reading("9.9.9.9", "8.8.8.8");
    r.direction = Direction::in;
    r.src_as = 64500;
    r.next_hop = 3;
    f.accept(r);
    EXPECT_EQ(f.take(), "0 customer(as 64500) > peer(next-hop 192.0.2.9) http 100/2/1\n");
    r.interface = 1;
    r.dst_as = 64500;
    f.accept(r);
    EXPECT_EQ(f.take(), "0 port(interface 192.0.2.1#3) > peer(next-hop 192.0.2.9) http 100/2/1\n");
    r.vlan = 12;
    r.next_hop = 2;
    f.accept(r);
    EXPECT_EQ(f.take(), "0 lab(vlan 12) > customer(as 64500) http 100/2/1\n");
    r.out_interface = 1;
    f.accept(r);
    EXPECT_EQ(f.take(), "0 lab(vlan 12) > port(interface 192.0.2.1#3) http 100/2/1\n");
    r.next_hop = 3;
    r.dst = *parse_address("10.1.1.1");
    f.accept(r);
    EXPECT_EQ(f.take(), "0 lab(vlan 12) > college(10.0.0.0/8) http 100/2/1\n");
    r = Fixture::reading("9.9.9.9", "8.8.8.8");
    r.next_hop = 4;
    f.accept(r);
    EXPECT_EQ(f.take(), "0 world > world http 100/2/1\n") << "a row that was not given";
}

// The meter reuses rows; within a batch one row may stand for several interfaces, one after
// another.
TEST(Attributor, ARowThatGotAnotherNameBindsByThat) {
    Directory directory;
    directory.bindings = {{1, *parse_identity("interface 192.0.2.1#3"), "third", {}, false},
                          {2, *parse_identity("interface 192.0.2.1#4"), "fourth", {}, false}};
    Fixture f;
    f.attributor.replace(std::make_shared<const CompiledDirectory>(directory),
                         std::make_shared<const CompiledClasses>(),
                         std::make_shared<const CompiledServices>());
    const Name third{NameKind::interface, "192.0.2.1#3"};
    f.attributor.set_names(std::array{third});
    Reading r = Fixture::reading("9.9.9.9", "8.8.8.8");
    r.direction = Direction::in;
    r.interface = 1;
    f.accept(r);
    f.attributor.rename(1, {NameKind::interface, "192.0.2.1#4"});
    f.accept(r);
    f.attributor.rename(1, {NameKind::interface, "192.0.2.1#5"});
    f.accept(r);
    EXPECT_EQ(f.take(),
              "0 fourth(interface 192.0.2.1#4) > world http 100/2/1\n"
              "0 third(interface 192.0.2.1#3) > world http 100/2/1\n"
              "0 world > world http 100/2/1\n");
    f.attributor.rename(1, third);
    f.attributor.replace(std::make_shared<const CompiledDirectory>(directory),
                         std::make_shared<const CompiledClasses>(),
                         std::make_shared<const CompiledServices>());
    f.accept(r);
    EXPECT_EQ(f.take(), "0 third(interface 192.0.2.1#3) > world http 100/2/1\n");
}

TEST(Attributor, ClassesByNextHopAndAsWithoutRoutes) {
    ClassTable table{.default_class = "world", .classes = {"aarnet", "transit"}};
    table.ases = {{7575, 7575, 0}};
    table.next_hops = {{*parse_address("192.0.2.9"), 1}};
    table.version = class_table_version(table);
    Fixture f;
    const std::array<Name, 1> names = {{{NameKind::next_hop, "192.0.2.9"}}};
    f.attributor.set_names(names);
    // Given before the table came: it counts all the same.
    f.attributor.replace(std::make_shared<const CompiledDirectory>(college()),
                         std::make_shared<const CompiledClasses>(table),
                         std::make_shared<const CompiledServices>());
    Reading r = Fixture::reading("10.1.0.1", "8.8.8.8");
    r.dst_as = 7575;
    f.accept(r);
    EXPECT_EQ(f.take(), "0 physics(10.1.0.0/16) > aarnet http 100/2/1\n");
    r.next_hop = 1;
    f.accept(r);
    EXPECT_EQ(f.take(), "0 physics(10.1.0.0/16) > transit http 100/2/1\n");
    std::swap(r.src, r.dst);
    std::swap(r.src_as, r.dst_as);
    f.accept(r);
    EXPECT_EQ(f.take(), "0 aarnet > physics(10.1.0.0/16) http 100/2/1\n")
        << "a next hop says nothing about the source";
}

TEST(Attributor, UsersAndDomainsDecideBeforeAddresses) {
    Directory directory = college();
    directory.bindings.push_back(
        {6, *parse_identity("user alice@example.org"), "alice", {}, false});
    directory.bindings.push_back({7, *parse_identity("domain Example.org"), "shop", {}, false});
    Fixture f;
    f.attributor.replace(std::make_shared<const CompiledDirectory>(directory),
                         std::make_shared<const CompiledClasses>(),
                         std::make_shared<const CompiledServices>());
    const std::array<Name, 4> names = {{{NameKind::domain, "example.org"},
                                        {NameKind::user, "alice@example.org", 1},
                                        {NameKind::user, "bob@example.org", 1},
                                        {NameKind::domain, "example.net"}}};
    f.attributor.set_names(names);
    Reading r = Fixture::reading("10.1.9.9", "8.8.8.8");
    r.direction = Direction::in;
    r.near_name = 2;
    f.accept(r);
    EXPECT_EQ(f.take(), "0 alice(user alice@example.org) > world http 100/2/1\n");
    r.near_name = 3;
    f.accept(r);
    EXPECT_EQ(f.take(), "0 shop(domain example.org) > world http 100/2/1\n");
    r.near_name = 4;
    f.accept(r);
    EXPECT_EQ(f.take(), "0 physics(10.1.0.0/16) > world http 100/2/1\n") << "the address is bound";
    r.src = {};
    f.accept(r);
    EXPECT_EQ(f.take(), "0 @unattributed(domain example.net) > world http 100/2/1\n");
    r.direction = Direction::out;
    r.dst = {};
    r.src = *parse_address("8.8.8.8");
    f.accept(r);
    EXPECT_EQ(f.take(), "0 world > @unattributed(domain example.net) http 100/2/1\n");
}

TEST(Attributor, CountedVolumesGiveTheRowsOfReadings) {
    const std::array<Name, 5> names = {{{NameKind::prefix, "10.1.2.3/32"},
                                        {NameKind::far_class, "world"},
                                        {NameKind::service, "http"},
                                        {NameKind::prefix, "192.168.1.1/32"},
                                        {NameKind::prefix, "192.168.0.0/24"}}};
    Fixture by_readings;
    Fixture by_volumes;
    by_volumes.attributor.set_names(names);
    Reading r = Fixture::reading("10.1.2.3", "8.8.8.8");
    r.last.ns += 2 * bucket_length.ns;
    r.bytes = 1001;
    by_readings.accept(r);
    CountedVolume v{.first = r.first,
                    .last = r.last,
                    .bytes = r.bytes,
                    .packets = r.packets,
                    .flows = r.flows,
                    .local = 1,
                    .far = 2,
                    .service = 3,
                    .direction = CountedDirection::out};
    by_volumes.attributor.accept_counted({&v, 1});
    std::swap(r.src, r.dst);
    r.dst = *parse_address("192.168.1.1");
    by_readings.accept(r);
    v.local = 4;
    v.direction = CountedDirection::in;
    by_volumes.attributor.accept_counted({&v, 1});
    const std::string rows = by_readings.take();
    EXPECT_EQ(by_volumes.take(), rows);
    EXPECT_NE(rows.find("physics(10.1.0.0/16) > world http 500"), std::string::npos) << rows;
    EXPECT_NE(rows.find("world > @unattributed(192.168.1.1)"), std::string::npos) << rows;
    v.last = v.first;
    v.local = 5;
    by_volumes.attributor.accept_counted({&v, 1});
    EXPECT_EQ(by_volumes.take(), "0 world > @unattributed(192.168.0.0/24) http 1001/2/1\n");
    v.bytes = UINT64_MAX;
    by_volumes.attributor.accept_counted({&v, 1});
    v.bytes = 5;
    v.flows = UINT64_MAX;
    by_volumes.attributor.accept_counted({&v, 1});
    EXPECT_EQ(by_volumes.count("attribute_refused_total"), 2U);
}

TEST(Attributor, SplitsOverBucketsAndBindings) {
    Fixture f;
    Reading r = Fixture::reading("10.1.9.9", "8.8.8.8");
    r.last.ns += 2 * bucket_length.ns - 1;
    r.bytes = 101;
    r.packets = 3;
    f.accept(r);
    EXPECT_EQ(
        f.take(),
        "0 physics(10.1.0.0/16) > world http 50/1/1\n1 physics(10.1.0.0/16) > world http 51/2/0\n");
    r = Fixture::reading("10.1.2.3", "8.8.8.8");
    r.last.ns += 399;
    r.bytes = 1000;
    f.accept(r);
    EXPECT_EQ(
        f.take(),
        "0 alice(10.1.2.3) > world http 250/1/0\n0 physics(10.1.0.0/16) > world http 750/1/1\n");
    EXPECT_EQ(f.count("attribute_split_total"), 2U);
}

TEST(Attributor, OddReadingsAreBookedWholeAndCounted) {
    Fixture f;
    Reading r = Fixture::reading("10.1.9.9", "8.8.8.8");
    r.first.ns = r.last.ns + 5;
    f.accept(r);
    EXPECT_EQ(f.take(), "0 physics(10.1.0.0/16) > world http 100/2/1\n");
    EXPECT_EQ(f.count("attribute_odd_times_total"), 1U);
    r.first = {start - 40 * 24 * 12 * bucket_length.ns};
    f.accept(r);
    EXPECT_EQ(f.take(), "0 physics(10.1.0.0/16) > world http 100/2/1\n");
    EXPECT_EQ(f.count("attribute_overlong_total"), 1U);
    for (const std::int64_t time : {INT64_MIN, INT64_MAX}) {
        r.first = r.last = {time};
        f.accept(r);
        const Attributed made = f.attributor.make_attributed();
        ASSERT_EQ(made.transfers.size(), 1U);
        EXPECT_EQ(made.volume.bytes.value(), 100U);
    }
    EXPECT_EQ(f.count("attribute_odd_times_total"), 3U);
}

TEST(Attributor, KnowsTheLatestTrafficOfABatch) {
    Fixture f;
    EXPECT_FALSE(f.attributor.make_attributed().last_traffic);
    Reading later = Fixture::reading("10.1.9.9", "8.8.8.8");
    later.last = {start + 700'000'000'123};
    f.accept(later);
    f.accept(Fixture::reading("10.1.9.9", "8.8.8.8"));
    EXPECT_EQ(f.attributor.make_attributed().last_traffic, later.last);
    CountedVolume counted;
    counted.first = {start};
    counted.last = {start + 5};
    counted.bytes = 1;
    f.attributor.accept_counted({&counted, 1});
    EXPECT_EQ(f.attributor.make_attributed().last_traffic, counted.last);
    Reading refused = later;
    refused.bytes = UINT64_MAX;
    f.accept(refused);
    EXPECT_FALSE(f.attributor.make_attributed().last_traffic) << "it is in no transfer";
}

TEST(Attributor, RemembersByFlowSlotUntilFresh) {
    Fixture f;
    Reading r = Fixture::reading("10.1.9.9", "8.8.8.8");
    r.flow_slot = 3;
    f.accept(r);
    r.fresh = false;
    f.accept(r);
    EXPECT_EQ(f.take(), "0 physics(10.1.0.0/16) > world http 200/4/2\n");
    f.accept(r);
    r.first.ns += bucket_length.ns;
    r.last = r.first;
    f.accept(r);
    EXPECT_EQ(f.take(),
              "0 physics(10.1.0.0/16) > world http 100/2/1\n1 physics(10.1.0.0/16) > world http "
              "100/2/1\n");
    EXPECT_EQ(f.count("attribute_remembered_total"), 3U);
    Directory other = college();
    other.bindings[0].account = "chemistry";
    f.attributor.replace(std::make_shared<const CompiledDirectory>(other),
                         std::make_shared<const CompiledClasses>(),
                         std::make_shared<const CompiledServices>());
    f.accept(r);
    EXPECT_EQ(f.take(), "1 chemistry(10.1.0.0/16) > world http 100/2/1\n");
    Reading next = Fixture::reading("10.3.0.1", "8.8.8.8");
    next.flow_slot = 3;
    f.accept(next);
    EXPECT_EQ(f.take(), "0 @unattributed(10.0.0.0/8) > world http 100/2/1\n");
}

// More single addresses than are kept from batch to batch: their numbers change, but the results
// must not.
TEST(Attributor, DropsManyAddressesBetweenBatches) {
    Directory directory;
    directory.networks = {{"10.0.0.0/8", true}};
    Attributor attributor(std::make_shared<const CompiledDirectory>(directory),
                          std::make_shared<const CompiledClasses>(),
                          std::make_shared<const CompiledServices>(), 1);
    Reading r = Fixture::reading("10.0.0.0", "8.8.8.8");
    const auto count = static_cast<std::uint32_t>(Attributor::seen_kept + 10);
    for (std::uint32_t i = 0; i < count; ++i) {
        r.src = Address::v4(0x0A000000U + i);
        r.flow_slot = i % 1000 + 1;
        attributor.accept({&r, 1});
    }
    Attributed made = attributor.make_attributed();
    EXPECT_EQ(made.parties.size(), count + 1U);
    EXPECT_EQ(made.transfers.size(), count);
    r.fresh = false;
    attributor.accept({&r, 1});
    made = attributor.make_attributed();
    ASSERT_EQ(made.transfers.size(), 1U);
    EXPECT_EQ(made.parties[made.transfers[0].from].identity, to_string(r.src));
}

// A table that names a class like a built-in one, or twice, must not bring a party twice.
TEST(Attributor, ClassNamesGiveOnePartyEach) {
    ClassTable table;
    table.default_class = "a";
    table.classes = {"a", "multicast", "a"};
    table.routes = {{*parse_prefix("1.0.0.0/8"), 1}, {*parse_prefix("2.0.0.0/8"), 2}};
    Attributor attributor(std::make_shared<const CompiledDirectory>(),
                          std::make_shared<const CompiledClasses>(table),
                          std::make_shared<const CompiledServices>(), 1);
    for (const char* src : {"1.0.0.1", "2.0.0.1", "3.0.0.1", "224.0.0.1"}) {
        const Reading r = Fixture::reading(src, "3.0.0.1");
        attributor.accept({&r, 1});
    }
    const Attributed made = attributor.make_attributed();
    EXPECT_EQ(made.parties.size(), 2U);
    EXPECT_EQ(made.transfers.size(), 2U);
}

}  // namespace
}  // namespace octroi
