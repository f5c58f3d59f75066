// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Random directories, class tables, services, names, readings and counted volumes. Few distinct
// values, so that bindings, routes and readings meet.

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <map>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "attribute/class_table.hpp"
#include "attribute/services.hpp"
#include "base/address.hpp"
#include "record/class_table.hpp"
#include "record/counted_volume.hpp"
#include "record/directory.hpp"
#include "record/name.hpp"
#include "record/reading.hpp"

namespace octroi::testing {

using Random = std::mt19937_64;
constexpr std::int64_t epoch = 1'700'000'000'000'000'000;
constexpr std::int64_t second = 1'000'000'000;

inline std::uint64_t below(Random& random, std::uint64_t limit) { return random() % limit; }

struct World {
    Directory directory;
    ClassTable classes;
    std::vector<ServiceRule> rules;
    // The meter's names; a run may give the attributor fewer of them.
    std::vector<Name> names = {{NameKind::interface, "eth0"},
                               {NameKind::next_hop, "192.0.2.1"},
                               {NameKind::interface, "eth1", 1},
                               {NameKind::domain, "example.org"},
                               {NameKind::next_hop, "2001:db8::9"},
                               {NameKind::user, "alice@example.org", 4},
                               {NameKind::interface, "wan"},
                               {NameKind::user, "bob"},
                               {NameKind::uid, "1000"},
                               {NameKind::cgroup, "/web.service"},
                               {NameKind::prefix, "10.0.0.1/32"},
                               {NameKind::prefix, "10.1.0.0/24"},
                               {NameKind::prefix, "198.51.100.0/30"},
                               {NameKind::mac, "02:00:00:00:00:01"},
                               {NameKind::as, "2"},
                               {NameKind::vlan, "2"},
                               {NameKind::far_class, "paid"},
                               {NameKind::far_class, "unlisted"},
                               {NameKind::far_class, "multicast"},
                               {NameKind::service, "http"},
                               {NameKind::service, "unlisted"},
                               {NameKind::next_hop, "192.0.2.3"},
                               {NameKind::prefix, "10.0.0.0/15"},
                               {NameKind::prefix, "127.0.0.1/32"},
                               {NameKind::prefix, "0.0.0.0/0"},
                               {NameKind::prefix, "224.0.0.0/8"},
                               {NameKind::service, "ethertype/arp"},
                               {NameKind::user, "not usable"},
                               {NameKind::user, "not usable", 4}};
    // `as` rules: first number, last number, class; the first that fits decides.
    std::vector<std::array<std::uint16_t, 3>> as_rules;
};

// Few distinct addresses, near each other, with the special ones among them.
inline Address some_address(Random& random) {
    static const std::array<const char*, 9> special = {
        "224.0.0.251", "255.255.255.255", "0.0.0.0", "127.0.0.1", "::1", "ff02::fb",
        "::",          "8.8.8.8",         "2a00::1"};
    const std::uint64_t kind = below(random, 20);
    if (kind == 0) return *parse_address(special[below(random, special.size())]);
    if (kind == 1) return {};
    if (kind < 12) {
        return Address::v4(0x0A000000U |
                           static_cast<std::uint32_t>(below(random, 3) << 16U | below(random, 4)));
    }
    if (kind < 15) return Address::v4(0xC6336400U | static_cast<std::uint32_t>(below(random, 8)));
    return *parse_address(fmt::format("2001:db8:{}::{}", below(random, 3), below(random, 4)));
}

inline Prefix some_prefix(Random& random) {
    // Those that are names too.
    static const std::array<const char*, 3> named = {"10.1.0.0/24", "10.0.0.0/15",
                                                     "198.51.100.0/30"};
    if (below(random, 8) == 0) return *parse_prefix(named[below(random, named.size())]);
    Address address = some_address(random);
    while (address.empty()) address = some_address(random);
    const int bits = address.bits();
    const int length = below(random, 3) == 0
                           ? bits
                           : static_cast<int>(below(random, static_cast<std::uint64_t>(bits) + 1));
    return Prefix::of(address, length);
}

inline Mac some_mac(Random& random) {
    Mac mac;
    mac.octets = {2, 0, 0, 0, 0, static_cast<std::uint8_t>(below(random, 5))};
    return below(random, 3) == 0 ? Mac{} : mac;
}

inline UtcTime some_time(Random& random) {
    const std::int64_t step = below(random, 3) == 0 ? 300 * second : 1;
    return {(epoch + static_cast<std::int64_t>(below(random, 3600)) * second) / step * step};
}

inline Binding some_binding(Random& random, std::uint64_t id) {
    Binding binding;
    binding.id = id;
    binding.account = fmt::format("account-{}", below(random, 6));
    static const std::array<Identity, 4> named = {{{IdentityKind::user, "alice@example.org"},
                                                   {IdentityKind::domain, "example.org"},
                                                   {IdentityKind::user, "bob"},
                                                   {IdentityKind::uid, "1000"}}};
    switch (below(random, 12)) {
        case 10:
            binding.identity = named[below(random, named.size())];
            break;
        case 8:
            binding.identity = {IdentityKind::as, fmt::to_string(1 + below(random, 4))};
            break;
        case 9:
            binding.identity = {IdentityKind::next_hop,
                                below(random, 2) == 0 ? "192.0.2.1" : "2001:db8::9"};
            break;
        case 0:
            binding.identity = {IdentityKind::vlan, fmt::to_string(1 + below(random, 3))};
            break;
        case 1:
            binding.identity = {IdentityKind::interface, fmt::format("eth{}", below(random, 2))};
            break;
        case 2: {
            Mac mac = some_mac(random);
            if (mac.empty()) mac.octets[0] = 2;
            binding.identity = {IdentityKind::mac, to_string(mac)};
            break;
        }
        default:
            binding.identity = {IdentityKind::prefix, to_string(some_prefix(random))};
            binding.per_address = below(random, 3) == 0;
    }
    if (below(random, 3) != 0) binding.valid.begin = some_time(random);
    if (below(random, 3) != 0) binding.valid.end = some_time(random);
    return binding;
}

inline World some_world(Random& random) {
    World world;
    world.directory.version = random();
    for (std::uint64_t id = 1, count = below(random, 25); id <= count; ++id) {
        world.directory.bindings.push_back(some_binding(random, id));
    }
    std::shuffle(world.directory.bindings.begin(), world.directory.bindings.end(), random);
    std::set<Prefix> networks;
    for (std::uint64_t i = below(random, 4); i > 0; --i) networks.insert(some_prefix(random));
    for (const Prefix& prefix : networks) {
        world.directory.networks.push_back({to_string(prefix), below(random, 2) == 0});
    }
    for (std::uint64_t i = below(random, 2) * below(random, 4); i > 0; --i) {
        const auto first = static_cast<std::uint16_t>(1 + below(random, 6));
        const auto last = static_cast<std::uint16_t>(first + below(random, 3));
        world.as_rules.push_back({first, last, static_cast<std::uint16_t>(below(random, 3))});
    }
    world.classes.default_class = "rest";
    world.classes.classes = {"free", "mirror", "paid"};
    for (std::uint32_t as = 1; as < 10; ++as) {
        const auto rule = std::ranges::find_if(
            world.as_rules, [as](const auto& r) { return as >= r[0] && as <= r[1]; });
        if (rule != world.as_rules.end()) world.classes.ases.push_back({as, as, (*rule)[2]});
    }
    if (below(random, 2) == 0)
        world.classes.next_hops.push_back(
            {*parse_address(below(random, 2) == 0 ? "192.0.2.1" : "2001:db8::9"),
             static_cast<std::uint16_t>(below(random, 3))});
    std::map<Prefix, std::uint16_t> routes;
    for (std::uint64_t i = below(random, 12); i > 0; --i) {
        routes[some_prefix(random)] = static_cast<std::uint16_t>(below(random, 3));
    }
    for (const auto& [prefix, index] : routes) world.classes.routes.push_back({prefix, index});
    world.classes.version = class_table_version(world.classes);
    for (std::uint64_t i = below(random, 4); i > 0; --i) {
        const std::uint64_t port = below(random, 600);
        world.rules.push_back({fmt::format("rule-{}", below(random, 3)),
                               {fmt::format("{}/{}-{}", below(random, 2) == 0 ? "tcp" : "udp", port,
                                            port + below(random, 300))}});
    }
    return world;
}

inline Reading some_reading(Random& random) {
    static const std::array<std::uint8_t, 6> protocols = {6, 17, 1, 58, 47, 253};
    static const std::array<std::uint16_t, 6> ports = {80, 443, 22, 53, 40'000, 65'535};
    const auto port = [&] {
        return below(random, 2) == 0 ? ports[below(random, ports.size())]
                                     : static_cast<std::uint16_t>(below(random, 700));
    };
    Reading reading;
    const std::uint64_t kind = below(random, 20);
    reading.kind = kind < 3 ? static_cast<ReadingKind>(kind + 1) : ReadingKind::ip;
    reading.src = some_address(random);
    reading.dst = some_address(random);
    reading.src_mac = some_mac(random);
    reading.dst_mac = some_mac(random);
    reading.proto = protocols[below(random, protocols.size())];
    reading.sport = port();
    reading.dport = port();
    reading.icmp_type = static_cast<std::uint8_t>(below(random, 256));
    reading.vlan = static_cast<std::uint16_t>(below(random, 4));
    static const std::array<NameRef, 5> interfaces = {no_name, 1, 3, 7, 90};
    static const std::array<NameRef, 5> next_hops = {no_name, 2, 5, 22, 90};
    static const std::array<NameRef, 8> near_names = {no_name, 4, 6, 8, 9, 10, 28, 29};
    reading.interface = interfaces[below(random, 5)];
    if (below(random, 3) == 0) reading.near_name = near_names[below(random, near_names.size())];
    reading.direction = static_cast<Direction>(below(random, 3));
    if (reading.direction == Direction::in)  // as flow records are
        reading.out_interface = interfaces[below(random, 5)];
    reading.src_as = static_cast<std::uint32_t>(below(random, 7));
    reading.dst_as = static_cast<std::uint32_t>(below(random, 7));
    reading.next_hop = next_hops[below(random, 5)];
    reading.fragment = static_cast<FragmentState>(below(random, 8) == 0 ? 2 : below(random, 2));
    if (reading.kind == ReadingKind::non_ip)
        reading.set_ethertype(
            static_cast<std::uint16_t>(below(random, 2) == 0 ? 0x0806 : random()));
    return reading;
}

inline CountedVolume some_volume(Random& random) {
    CountedVolume volume;
    const auto name = [&] { return static_cast<NameRef>(below(random, 31)); };
    const std::uint64_t kind = below(random, 20);
    volume.kind = kind < 4 ? static_cast<ReadingKind>(kind + 1) : ReadingKind::ip;
    volume.local = name();
    volume.far = name();
    static const std::array<NameRef, 3> services = {20, 21, 27};
    volume.service = below(random, 2) == 0 ? services[below(random, services.size())] : name();
    volume.direction = below(random, 2) == 0 ? CountedDirection::in : CountedDirection::out;
    return volume;
}

// Times and counts for another reading of a flow, or another increase of a counter.
template <typename Record>
void fill(Random& random, Record& reading) {
    reading.first = some_time(random);
    const std::uint64_t length = below(random, 4);
    reading.last = reading.first;
    if (length == 1) reading.last.ns += static_cast<std::int64_t>(below(random, 100 * second));
    if (length == 2) reading.last.ns += static_cast<std::int64_t>(below(random, 4000 * second));
    reading.bytes = below(random, 4) == 0 ? below(random, 5) : below(random, 10'000'000'000U);
    reading.packets = 1 + below(random, 1000);
}

}  // namespace octroi::testing
