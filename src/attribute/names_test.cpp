// SPDX-License-Identifier: GPL-3.0-or-later
// Attribution by names of the meter: each row of the table of identity kinds, counted volumes, and
// names that cannot be used.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include "attribute/attributor.hpp"
#include "record/identity.hpp"
#include "record/identity_kinds.hpp"

namespace octroi {
namespace {

constexpr UtcTime start{1'700'000'100'000'000'000};  // the start of a bucket

// "from > to service bytes" for each transfer.
std::string rows_of(Attributor& attributor) {
    const Attributed made = attributor.make_attributed();
    const auto show = [](const Party& p) {
        return p.identity.empty() ? to_string(p) : to_string(p) + "(" + p.identity + ")";
    };
    std::string text;
    for (const Transfer& t : made.transfers)
        text += fmt::format("{} > {} {} {}\n", show(made.parties[t.from]), show(made.parties[t.to]),
                            made.services[t.service], t.volume.bytes.value());
    return text;
}

Directory directory_of(std::vector<Binding> bindings) {
    Directory directory;
    directory.bindings = std::move(bindings);
    return directory;
}

Attributor attributor_for(const Directory& directory) {
    return Attributor(std::make_shared<const CompiledDirectory>(directory),
                      std::make_shared<const CompiledClasses>(),
                      std::make_shared<const CompiledServices>(), 1);
}

std::uint64_t count(const Attributor& attributor, std::string_view name) {
    for (const CounterValue& value : attributor.counters())
        if (value.name == name) return value.value;
    ADD_FAILURE() << name;
    return 0;
}

Reading some_reading(Direction direction) {
    Reading reading;
    reading.first = reading.last = start;
    reading.bytes = 10;
    reading.packets = 1;
    reading.src = *parse_address("198.51.100.1");
    reading.dst = *parse_address("203.0.113.1");
    reading.proto = 6;
    reading.dport = 80;
    reading.direction = direction;
    return reading;
}

CountedVolume some_volume(NameRef local, CountedDirection direction = CountedDirection::out) {
    return {.first = start,
            .last = start,
            .bytes = 10,
            .packets = 1,
            .local = local,
            .direction = direction};
}

// Writes the identity into the field of the reading that a meter uses for its kind.
void state(Reading& reading, const Identity& identity, NameRef ref, bool is_source) {
    const IdentityKindInfo& info = *find_identity_kind(identity.kind);
    switch (info.lookup) {
        case IdentityLookup::by_prefix:
            (is_source ? reading.src : reading.dst) = parse_prefix(identity.value)->address;
            return;
        case IdentityLookup::by_mac:
            (is_source ? reading.src_mac : reading.dst_mac) = *parse_mac(identity.value);
            return;
        case IdentityLookup::by_as:
            (is_source ? reading.src_as : reading.dst_as) =
                static_cast<std::uint32_t>(std::stoul(identity.value));
            return;
        case IdentityLookup::by_vlan:
            reading.vlan = static_cast<std::uint16_t>(std::stoul(identity.value));
            return;
        case IdentityLookup::by_name:
            break;
    }
    if (info.end == IdentityEnd::destination)
        reading.next_hop = ref;
    else if (identity.kind == IdentityKind::interface)
        reading.interface = ref;
    else
        reading.near_name = ref;
}

struct Row {
    const IdentityKindInfo* info;
    Identity identity;
    Name name;
};

// One for each kind, in the order of their ranks.
std::vector<Row> table_rows() {
    std::vector<Row> rows;
    for (const IdentityKindInfo& info : identity_kinds()) {
        const Identity identity = *parse_identity(info.example);
        const Name name{static_cast<NameKind>(info.kind), identity.value};
        EXPECT_EQ(identity_kind(name.kind), info.kind)
            << "NameKind has the numbers of IdentityKind";
        rows.push_back({&info, identity, name});
    }
    return rows;
}

TEST(IdentityKinds, EachIsFoundAtItsEndsOfAReading) {
    for (const Row& row : table_rows()) {
        Attributor attributor =
            attributor_for(directory_of({{1, row.identity, "alice", {}, false}}));
        attributor.set_names({&row.name, 1});
        const std::string party = "alice(" + identity_text(row.identity) + ")";
        for (const Direction direction : {Direction::in, Direction::out}) {
            for (const bool is_source : {true, false}) {
                Reading reading = some_reading(direction);
                state(reading, row.identity, 1, is_source);
                attributor.accept({&reading, 1});
                const bool near_is_source = direction == Direction::in;
                const bool source_found =
                    row.info->end == IdentityEnd::either
                        ? is_source
                        : row.info->end == IdentityEnd::near && near_is_source;
                EXPECT_EQ(rows_of(attributor), source_found ? party + " > world http 10\n"
                                                            : "world > " + party + " http 10\n")
                    << row.info->keyword;
            }
        }
    }
}

// Both identities are stated of the destination, the near end.
TEST(IdentityKinds, TheSmallerRankDecides) {
    const std::vector<Row> rows = table_rows();
    for (std::size_t i = 0; i < rows.size(); ++i) {
        for (std::size_t j = i + 1; j < rows.size(); ++j) {
            Attributor attributor =
                attributor_for(directory_of({{1, rows[i].identity, "first", {}, false},
                                             {2, rows[j].identity, "second", {}, false}}));
            const std::array<Name, 2> names = {rows[i].name, rows[j].name};
            attributor.set_names(names);
            Reading reading = some_reading(Direction::out);
            state(reading, rows[j].identity, 2, false);
            // Of user, uid, cgroup, domain, peer and rule a reading states one.
            const bool is_taken = reading.near_name != no_name;
            state(reading, rows[i].identity, 1, false);
            if (is_taken && reading.near_name == 1) continue;
            attributor.accept({&reading, 1});
            // The example of a prefix is no single address: those rank before a MAC.
            EXPECT_EQ(rows_of(attributor), "world > " +
                                               (rows[i].info->kind == IdentityKind::prefix &&
                                                        rows[j].info->kind == IdentityKind::mac
                                                    ? "second(" + identity_text(rows[j].identity)
                                                    : "first(" + identity_text(rows[i].identity)) +
                                               ") http 10\n")
                << rows[i].info->keyword << " " << rows[j].info->keyword;
        }
    }
}

TEST(IdentityKinds, EachIsFoundAsTheLocalOrFarEndOfACountedVolume) {
    for (const Row& row : table_rows()) {
        Attributor attributor =
            attributor_for(directory_of({{1, row.identity, "alice", {}, false}}));
        attributor.set_names({&row.name, 1});
        const std::string party = "alice(" + identity_text(row.identity) + ")";
        CountedVolume volume = some_volume(1);
        attributor.accept_counted({&volume, 1});
        EXPECT_EQ(rows_of(attributor), party + " > unknown unknown 10\n");
        volume = some_volume(no_name);
        volume.far = 1;
        attributor.accept_counted({&volume, 1});
        EXPECT_EQ(rows_of(attributor), "@unattributed > " + party + " unknown 10\n");
    }
}

// Without a binding a name is listed under its own text, so that it can be bound later.
TEST(IdentityKinds, AnUnboundNameOfACountedVolumeIsUnattributed) {
    for (const Row& row : table_rows()) {
        Attributor attributor = attributor_for({});
        attributor.set_names({&row.name, 1});
        const CountedVolume volume = some_volume(1, CountedDirection::in);
        attributor.accept_counted({&volume, 1});
        EXPECT_EQ(rows_of(attributor), row.info->lookup == IdentityLookup::by_prefix
                                           ? "unknown > world unknown 10\n"
                                           : "unknown > @unattributed(" +
                                                 identity_text(row.identity) + ") unknown 10\n");
    }
}

// `within` holds for each name that a reading refers to, whatever its kind.
TEST(Names, OfLinksLieWithinBroaderNames) {
    Attributor attributor =
        attributor_for(directory_of({{1, *parse_identity("interface bond0"), "pool", {}, false},
                                     {2, *parse_identity("interface eth1"), "one", {}, false}}));
    const std::array<Name, 4> names = {{{NameKind::interface, "bond0"},
                                        {NameKind::interface, "eth0", 1},
                                        {NameKind::interface, "eth1", 1},
                                        {NameKind::next_hop, "192.0.2.9", 1}}};
    attributor.set_names(names);
    const auto row = [&](auto set) {
        Reading reading = some_reading(Direction::in);
        set(reading);
        attributor.accept({&reading, 1});
        return rows_of(attributor);
    };
    const std::string pool = "pool(interface bond0)";
    EXPECT_EQ(row([](Reading& r) { r.interface = 2; }), pool + " > world http 10\n");
    EXPECT_EQ(row([](Reading& r) { r.interface = 3; }), "one(interface eth1) > world http 10\n");
    EXPECT_EQ(row([](Reading& r) { r.out_interface = 2; }), "world > " + pool + " http 10\n");
    EXPECT_EQ(row([](Reading& r) { r.next_hop = 4; }), "world > " + pool + " http 10\n");
}

// Linux permits any octets but '/' and spaces in the name of an interface. One that is not UTF-8 is
// a name that no ledger stores: its traffic is attributed as without an interface.
TEST(Names, AnInterfaceThatIsNotUtf8HasNoName) {
    const std::string text = "\xff\xfe";
    Attributor attributor =
        attributor_for(directory_of({{1, {IdentityKind::interface, text}, "shop", {}, false}}));
    const std::array<Name, 1> names = {{{NameKind::interface, text}}};
    attributor.set_names(names);
    Reading reading = some_reading(Direction::in);
    reading.interface = 1;
    attributor.accept({&reading, 1});
    EXPECT_EQ(rows_of(attributor), "world > world http 10\n");
    const CountedVolume volume = some_volume(1);
    attributor.accept_counted({&volume, 1});
    EXPECT_EQ(rows_of(attributor), "@unattributed > unknown unknown 10\n");
}

TEST(Names, ThatALedgerCannotStoreAreIgnored) {
    Attributor attributor =
        attributor_for(directory_of({{1, *parse_identity("domain a.org"), "shop", {}, false}}));
    const std::array<Name, 7> names = {{{NameKind::domain, "a.org"},
                                        {NameKind::user, "two words"},
                                        {NameKind::user, "\xC3\x28@a.org", 1},
                                        {NameKind::service, "a\nb"},
                                        {NameKind::far_class, "@excluded/free"},
                                        {NameKind::uid, "007"},
                                        {NameKind::domain, "A.org"}}};
    attributor.set_names(names);
    EXPECT_EQ(count(attributor, "attribute_unusable_names_total"), 6U);
    for (const NameRef ref : {2U, 3U, 6U, 7U}) {
        Reading reading = some_reading(Direction::in);
        reading.near_name = ref;
        attributor.accept({&reading, 1});
        EXPECT_EQ(rows_of(attributor),
                  ref == 3 ? "shop(domain a.org) > world http 10\n" : "world > world http 10\n");
    }
    CountedVolume volume = some_volume(2);
    volume.service = 4;
    volume.far = 5;
    attributor.accept_counted({&volume, 1});
    EXPECT_EQ(rows_of(attributor), "@unattributed > unknown unknown 10\n");
    // The same with other tables.
    attributor.replace(
        std::make_shared<const CompiledDirectory>(
            directory_of({{1, *parse_identity("domain a.org"), "other", {}, false}})),
        std::make_shared<const CompiledClasses>(), std::make_shared<const CompiledServices>());
    volume.local = 3;
    attributor.accept_counted({&volume, 1});
    EXPECT_EQ(rows_of(attributor), "other(domain a.org) > unknown unknown 10\n");
}

// The narrowest binding decides, at each time.
TEST(Names, AWildcardCoversTheDomainsBelowIt) {
    const UtcTime later = start + bucket_length;
    Attributor attributor = attributor_for(
        directory_of({{1, *parse_identity("domain *.example.org"), "shop", {}, false},
                      {2, *parse_identity("domain *.b.example.org"), "branch", {}, false},
                      {3, *parse_identity("domain www.example.org"), "site", {start, later}, false},
                      {4, *parse_identity("domain *.org"), "rest", {}, false}}));
    const std::array<Name, 6> names = {{{NameKind::domain, "www.example.org"},
                                        {NameKind::domain, "a.example.org"},
                                        {NameKind::domain, "x.y.b.example.org"},
                                        {NameKind::domain, "example.org"},
                                        {NameKind::domain, "example.net"},
                                        {NameKind::user, "a.example.org"}}};
    attributor.set_names(names);
    const auto account_at = [&](NameRef ref, UtcTime time) {
        Reading reading = some_reading(Direction::in);
        reading.first = reading.last = time;
        reading.near_name = ref;
        attributor.accept({&reading, 1});
        const std::string row = rows_of(attributor);
        return row.substr(0, row.find(" >"));
    };
    EXPECT_EQ(account_at(1, start), "site(domain www.example.org)");
    EXPECT_EQ(account_at(1, later), "shop(domain *.example.org)");
    EXPECT_EQ(account_at(2, start), "shop(domain *.example.org)");
    EXPECT_EQ(account_at(3, start), "branch(domain *.b.example.org)");
    EXPECT_EQ(account_at(4, start), "rest(domain *.org)");
    EXPECT_EQ(account_at(5, start), "@unattributed(domain example.net)");
    EXPECT_EQ(account_at(6, start), "@unattributed(user a.example.org)");
}

// The local end is near: without a usable name it is not outside, but of no account.
TEST(CountedVolumes, ALocalEndWithoutANameIsUnattributed) {
    Attributor attributor = attributor_for({});
    const std::array<Name, 3> names = {
        {{NameKind::user, "two words"}, {NameKind::service, "http"}, {NameKind::far_class, "far"}}};
    attributor.set_names(names);
    for (const NameRef ref : {no_name, 1U, 2U, 3U, 4U}) {
        for (const auto direction : {CountedDirection::in, CountedDirection::out}) {
            CountedVolume volume = some_volume(ref, direction);
            volume.far = ref;
            attributor.accept_counted({&volume, 1});
            const std::string far = ref == 3 ? "far" : "unknown";
            EXPECT_EQ(rows_of(attributor), direction == CountedDirection::in
                                               ? far + " > @unattributed unknown 10\n"
                                               : "@unattributed > " + far + " unknown 10\n");
        }
    }
}

// A far AS or next hop has the class that a reading has which states it.
TEST(CountedVolumes, HaveTheClassesOfReadings) {
    ClassTable table;
    table.default_class = "rest";
    table.classes = {"peer", "transit"};
    table.ases = {{64500, 64500, 1}};
    table.next_hops = {{*parse_address("192.0.2.9"), 0}};
    table.version = class_table_version(table);
    const Directory directory =
        directory_of({{1, *parse_identity("as 64502"), "customer", {}, false}});
    Attributor attributor(std::make_shared<const CompiledDirectory>(directory),
                          std::make_shared<const CompiledClasses>(table),
                          std::make_shared<const CompiledServices>(), 1);
    const std::array<Name, 5> names = {{{NameKind::as, "64500"},
                                        {NameKind::next_hop, "192.0.2.9"},
                                        {NameKind::as, "64501"},
                                        {NameKind::next_hop, "192.0.2.8"},
                                        {NameKind::as, "64502"}}};
    attributor.set_names(names);
    const std::array<const char*, 5> classes = {"transit", "peer", "rest", "rest",
                                                "customer(as 64502)"};
    for (NameRef far = 1; far <= names.size(); ++far) {
        CountedVolume volume = some_volume(no_name);
        volume.far = far;
        attributor.accept_counted({&volume, 1});
        EXPECT_EQ(rows_of(attributor),
                  fmt::format("@unattributed > {} unknown 10\n", classes[far - 1]));
        Reading reading = some_reading(Direction::out);
        const Name& name = names[far - 1];
        if (name.kind == NameKind::as)
            reading.dst_as = static_cast<std::uint32_t>(std::stoul(name.text));
        else
            reading.next_hop = far;
        attributor.accept({&reading, 1});
        EXPECT_EQ(rows_of(attributor), fmt::format("rest > {} http 10\n", classes[far - 1]));
    }
}

TEST(CountedVolumes, HaveTheServicesOfReadings) {
    Attributor attributor = attributor_for({});
    const std::array<Name, 6> names = {{{NameKind::service, "ethertype/arp"},
                                        {NameKind::service, "ethertype/llc"},
                                        {NameKind::service, "ethertype/0x88cc"},
                                        {NameKind::service, "http"},
                                        {NameKind::service, "streaming"},
                                        {NameKind::service, "streaming", 4}}};
    attributor.set_names(names);
    Reading reading = some_reading(Direction::in);
    attributor.accept({&reading, 1});
    reading.kind = ReadingKind::non_ip;
    for (const std::uint16_t type : std::array<std::uint16_t, 3>{0x0806, 0x0026, 0x88CC}) {
        reading.set_ethertype(type);
        attributor.accept({&reading, 1});
    }
    for (NameRef service = 1; service <= names.size(); ++service) {
        CountedVolume volume = some_volume(no_name);
        volume.service = service;
        attributor.accept_counted({&volume, 1});
    }
    EXPECT_EQ(attributor.make_attributed().services,
              (std::vector<std::string>{"ethertype/0x88cc", "ethertype/arp", "ethertype/llc",
                                        "http", "streaming"}));
}

TEST(CountedVolumes, AreExcludedAsReadingsAre) {
    Attributor attributor = attributor_for({});
    const std::array<Name, 2> names = {
        {{NameKind::prefix, "127.0.0.0/8"}, {NameKind::user, "alice"}}};
    attributor.set_names(names);
    CountedVolume volume = some_volume(2);
    volume.far = 1;
    attributor.accept_counted({&volume, 1});
    EXPECT_EQ(rows_of(attributor), "@excluded/loopback > @excluded/loopback unknown 10\n");
    volume.kind = ReadingKind::dropped;
    attributor.accept_counted({&volume, 1});
    EXPECT_EQ(rows_of(attributor), "@excluded/dropped > @excluded/dropped unknown 10\n");
}

// A prefix is one party, whether it is bound itself or lies in a binding or network that is kept
// per address.
TEST(CountedVolumes, APrefixIsOneParty) {
    Directory directory =
        directory_of({{1, *parse_identity("10.0.0.0/8"), "college", {}, true},
                      {2, *parse_identity("10.1.0.0/24"), "college", {UtcTime{0}, start}, false}});
    directory.networks = {{"192.168.0.0/16", true}, {"192.168.0.0/24", false}};
    Attributor attributor = attributor_for(directory);
    const std::array<Name, 4> names = {{{NameKind::prefix, "10.1.0.0/24"},
                                        {NameKind::prefix, "192.168.0.0/20"},
                                        {NameKind::prefix, "192.168.0.0/25"},
                                        {NameKind::prefix, "192.0.0.0/8"}}};
    attributor.set_names(names);
    CountedVolume volume = some_volume(1);
    volume.first.ns -= 10;  // half of the interval is before `start`
    volume.last.ns += 9;
    attributor.accept_counted({&volume, 1});
    const Attributed made = attributor.make_attributed();
    EXPECT_EQ(made.parties.size(), 2U) << "college(10.1.0.0/24) and unknown";
    EXPECT_EQ(made.transfers.size(), 2U) << "two buckets";
    for (const NameRef ref : {2U, 3U, 4U}) {
        volume = some_volume(ref);
        attributor.accept_counted({&volume, 1});
    }
    EXPECT_EQ(rows_of(attributor),
              "@unattributed(192.168.0.0/20) > unknown unknown 10\n"
              "@unattributed(192.168.0.0/24) > unknown unknown 10\n"
              "world > unknown unknown 10\n");
}

}  // namespace
}  // namespace octroi
