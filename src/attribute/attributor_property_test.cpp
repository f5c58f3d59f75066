// SPDX-License-Identifier: GPL-3.0-or-later
// Random readings, directories, class tables and services against an auditor that knows nothing of
// tries, timelines, tables or slots: it walks lists. Every row must agree, and so every sum.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>
#include <set>
#include <tuple>

#include "attribute/attributor.hpp"
#include "attribute/builtin_classes.hpp"
#include "record/identity.hpp"

namespace octroi {
namespace {

using Random = std::mt19937_64;
// bucket, from, to, service
using Row = std::tuple<std::int64_t, Party, Party, std::string>;
using Sums = std::map<Row, std::array<std::uint64_t, 3>>;

constexpr std::int64_t epoch = 1'700'000'000'000'000'000;
constexpr std::int64_t second = 1'000'000'000;

std::uint64_t below(Random& random, std::uint64_t limit) { return random() % limit; }

struct World {
    Directory directory;
    ClassTable classes;
    std::vector<ServiceRule> rules;
    // The meter's names; a run may give the attributor fewer of them.
    std::vector<Name> names = {{NameKind::interface, "eth0"},
                               {NameKind::next_hop, "192.0.2.1"},
                               {NameKind::interface, "eth1"},
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
                               {NameKind::next_hop, "192.0.2.3"}};
    // `as` rules: first number, last number, class; the first that fits decides.
    std::vector<std::array<std::uint16_t, 3>> as_rules;
};

// Few distinct addresses, near each other, with the special ones among them.
Address some_address(Random& random) {
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

Prefix some_prefix(Random& random) {
    Address address = some_address(random);
    while (address.empty()) address = some_address(random);
    const int bits = address.bits();
    const int length = below(random, 3) == 0
                           ? bits
                           : static_cast<int>(below(random, static_cast<std::uint64_t>(bits) + 1));
    return Prefix::of(address, length);
}

Mac some_mac(Random& random) {
    Mac mac;
    mac.octets = {2, 0, 0, 0, 0, static_cast<std::uint8_t>(below(random, 5))};
    return below(random, 3) == 0 ? Mac{} : mac;
}

UtcTime some_time(Random& random) {
    const std::int64_t step = below(random, 3) == 0 ? 300 * second : 1;
    return {(epoch + static_cast<std::int64_t>(below(random, 3600)) * second) / step * step};
}

Binding some_binding(Random& random, std::uint64_t id) {
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

World some_world(Random& random) {
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

Reading some_reading(Random& random) {
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
    static const std::array<NameRef, 6> near_names = {no_name, 4, 6, 8, 9, 10};
    reading.interface = interfaces[below(random, 5)];
    if (below(random, 3) == 0) reading.near_name = near_names[below(random, 6)];
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

CountedVolume some_volume(Random& random) {
    CountedVolume volume;
    const auto name = [&] { return static_cast<NameRef>(below(random, 24)); };
    const std::uint64_t kind = below(random, 20);
    volume.kind = kind < 4 ? static_cast<ReadingKind>(kind + 1) : ReadingKind::ip;
    volume.local = name();
    volume.far = name();
    volume.service = below(random, 2) == 0 ? static_cast<NameRef>(20 + below(random, 2)) : name();
    volume.direction = below(random, 2) == 0 ? Direction::in : Direction::out;
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

// ---- the auditor
// -----------------------------------------------------------------------------------

__extension__ using Wide = unsigned __int128;

struct Auditor {
    const World& world;
    Sums sums;

    static int specificity(const Binding& binding) {
        switch (binding.identity.kind) {
            case IdentityKind::prefix: {
                const Prefix prefix = *parse_prefix(binding.identity.value);
                return prefix.length == prefix.address.bits() ? 1000 : 300 + prefix.length;
            }
            case IdentityKind::mac:
                return 900;
            case IdentityKind::user:
                return 2000;
            case IdentityKind::uid:
                return 1900;
            case IdentityKind::cgroup:
                return 1800;
            case IdentityKind::domain:
                return 1700;
            case IdentityKind::next_hop:
                return 250;
            case IdentityKind::vlan:
                return 200;
            case IdentityKind::interface:
                return 100;
            case IdentityKind::as:
                return 50;
        }
        return 0;
    }

    bool local(const Address& address) const {
        return std::ranges::any_of(world.directory.networks, [&](const LocalNetwork& network) {
            return parse_prefix(network.prefix)->contains(address);
        });
    }

    bool is_near(const Reading& r, bool source) const {
        if (r.direction != Direction::unknown) return source == (r.direction == Direction::in);
        return local(source ? r.src : r.dst) && !local(source ? r.dst : r.src);
    }

    const Name* name(NameRef ref) const {
        return ref > 0 && ref <= world.names.size() ? &world.names[ref - 1] : nullptr;
    }
    std::string text_of(NameRef ref) const {
        const Name* known = name(ref);
        return known == nullptr ? "" : known->text;
    }
    // The name, or one that it lies within, is that identity.
    bool is_named(NameRef ref, const Identity& identity) const {
        for (const Name* n = name(ref); n != nullptr; n = name(n->within))
            if (identity_kind(n->kind) == identity.kind && n->text == identity.value) return true;
        return false;
    }

    bool fits(const Binding& binding, const Reading& r, bool source) const {
        const std::string& value = binding.identity.value;
        switch (binding.identity.kind) {
            case IdentityKind::prefix:
                return parse_prefix(value)->contains(source ? r.src : r.dst);
            case IdentityKind::mac:
                return to_string(source ? r.src_mac : r.dst_mac) == value;
            case IdentityKind::vlan:
                return is_near(r, source) && fmt::to_string(r.vlan) == value;
            case IdentityKind::interface:
                return (is_near(r, source) && text_of(r.interface) == value) ||
                       (!source && text_of(r.out_interface) == value);
            case IdentityKind::user:
            case IdentityKind::uid:
            case IdentityKind::cgroup:
            case IdentityKind::domain:
                return is_near(r, source) && is_named(r.near_name, binding.identity);
            case IdentityKind::as:
                return fmt::to_string(source ? r.src_as : r.dst_as) == value;
            case IdentityKind::next_hop:
                return !source && text_of(r.next_hop) == value;
        }
        return false;
    }

    Party party(const Reading& r, bool source, UtcTime time) const {
        const Address& address = source ? r.src : r.dst;
        const Binding* best = nullptr;
        for (const Binding& b : world.directory.bindings) {
            if (!b.valid.contains(time) || !fits(b, r, source)) continue;
            if (best == nullptr ||
                std::pair(specificity(b), b.id) > std::pair(specificity(*best), best->id))
                best = &b;
        }
        if (best != nullptr) {
            return {PartyKind::account, best->account,
                    best->per_address ? to_string(address) : identity_text(best->identity)};
        }
        if (name(r.near_name) != nullptr && is_near(r, source) && !local(address))
            return {PartyKind::unattributed, {}, identity_of(r.near_name)};
        return unbound(address, class_of(r, source));
    }

    std::string identity_of(NameRef ref) const {
        return identity_text({*identity_kind(name(ref)->kind), name(ref)->text});
    }

    // An address that is bound to nobody; far_class: if it is far.
    Party unbound(const Address& address, const std::string& far_class) const {
        if (address.empty()) return {PartyKind::outside, "unknown", {}};
        static const std::array<std::pair<const char*, const char*>, 5> fixed = {
            {{"224.0.0.0/4", "multicast"},
             {"ff00::/8", "multicast"},
             {"255.255.255.255", "broadcast"},
             {"0.0.0.0", "unspecified"},
             {"::", "unspecified"}}};
        for (const auto& [prefix, name] : fixed) {
            if (parse_prefix(prefix)->contains(address)) return {PartyKind::outside, name, {}};
        }
        const LocalNetwork* network = nullptr;
        for (const LocalNetwork& n : world.directory.networks) {
            const auto length = [](const LocalNetwork& x) {
                return parse_prefix(x.prefix)->length;
            };
            if (parse_prefix(n.prefix)->contains(address) &&
                (network == nullptr || length(n) > length(*network)))
                network = &n;
        }
        if (network != nullptr) {
            const Identity identity{IdentityKind::prefix, network->prefix};
            return {PartyKind::unattributed,
                    {},
                    network->per_address ? to_string(address) : identity_text(identity)};
        }
        return {PartyKind::outside, far_class, {}};
    }

    // What is bound to the name or to one that it lies within, the narrower one first.
    const Binding* bound(NameRef ref, UtcTime time) const {
        for (const Name* n = name(ref); n != nullptr; n = name(n->within)) {
            const Binding* best = nullptr;
            for (const Binding& b : world.directory.bindings) {
                if (!b.valid.contains(time) || identity_kind(n->kind) != b.identity.kind) continue;
                bool fit = n->text == b.identity.value;
                if (n->kind == NameKind::prefix) {
                    const Prefix wanted = *parse_prefix(n->text);
                    const Prefix held = *parse_prefix(b.identity.value);
                    fit = held.contains(wanted.address) && held.length <= wanted.length;
                }
                if (fit && (best == nullptr || std::pair(specificity(b), b.id) >
                                                   std::pair(specificity(*best), best->id)))
                    best = &b;
            }
            if (best != nullptr) return best;
        }
        return nullptr;
    }

    Party named_party(NameRef ref, UtcTime time) const {
        const Name* n = name(ref);
        if (n == nullptr || n->kind == NameKind::service)
            return {PartyKind::outside, "unknown", {}};
        if (n->kind == NameKind::far_class) return {PartyKind::outside, n->text, {}};
        if (const Binding* best = bound(ref, time))
            return {PartyKind::account, best->account,
                    best->per_address ? identity_of(ref) : identity_text(best->identity)};
        if (n->kind != NameKind::prefix) return {PartyKind::unattributed, {}, identity_of(ref)};
        const Prefix prefix = *parse_prefix(n->text);
        Reading r;
        r.src = prefix.address;
        Party party = unbound(prefix.address, class_of(r, true));
        if (party.identity == to_string(prefix.address)) party.identity = identity_of(ref);
        return party;
    }

    std::pair<Party, Party> parties(const CountedVolume& v, UtcTime time) const {
        static const std::array<const char*, 5> reasons = {"", "non-ip", "malformed", "duplicate",
                                                           "dropped"};
        if (v.kind != ReadingKind::ip) {
            const Party excluded{
                PartyKind::excluded, reasons[static_cast<std::size_t>(v.kind)], {}};
            return {excluded, excluded};
        }
        const Party local = named_party(v.local, time);
        const Party far = named_party(v.far, time);
        return v.direction == Direction::out ? std::pair(local, far) : std::pair(far, local);
    }

    std::string service(const CountedVolume& v) const {
        const Name* n = name(v.service);
        return n == nullptr || n->kind != NameKind::service ? "unknown" : n->text;
    }

    std::string class_of(const Reading& r, bool source) const {
        const Address& address = source ? r.src : r.dst;
        for (const ClassNextHop& entry : world.classes.next_hops) {
            if (!source && text_of(r.next_hop) == to_string(entry.next_hop))
                return world.classes.classes[entry.class_index];
        }
        int longest = -1;
        std::string name = by_as(source ? r.src_as : r.dst_as);
        for (const ClassRoute& route : world.classes.routes) {
            if (route.prefix.length > longest && route.prefix.contains(address)) {
                longest = route.prefix.length;
                name = world.classes.classes[route.class_index];
            }
        }
        return name;
    }

    std::string by_as(std::uint32_t as) const {
        for (const auto& [first, last, class_index] : world.as_rules)
            if (as >= first && as <= last) return world.classes.classes[class_index];
        return world.classes.default_class;
    }

    std::string service(const Reading& r) const {
        if (r.kind == ReadingKind::malformed) return "malformed";
        if (r.kind == ReadingKind::non_ip) {
            if (r.ethertype() < 0x600) return "ethertype/llc";
            if (r.ethertype() == 0x806) return "ethertype/arp";
            return r.ethertype() == 0x8035 ? "ethertype/rarp"
                                           : fmt::format("ethertype/0x{:04x}", r.ethertype());
        }
        if (r.fragment == FragmentState::orphan) return "fragment";
        const std::string proto = r.proto == 6 ? "tcp" : r.proto == 17 ? "udp" : "";
        if (proto.empty()) return portless_service(r);
        for (const ServiceRule& rule : world.rules) {
            unsigned first = 0;
            unsigned last = 0;
            const bool same = rule.matches[0].starts_with(proto);
            if (std::sscanf(rule.matches[0].c_str() + 4, "%u-%u", &first, &last) == 2 && same &&
                ((r.sport >= first && r.sport <= last) || (r.dport >= first && r.dport <= last))) {
                return rule.name;
            }
        }
        std::string name = proto;
        std::uint32_t lowest = 65'536;
        for (const PortName& known : port_names()) {
            const bool holds = (known.protocols & (r.proto == 6 ? on_tcp : 2)) != 0;
            if (holds && (known.port == r.sport || known.port == r.dport) && known.port < lowest) {
                lowest = known.port;
                name = known.name;
            }
        }
        return name;
    }

    static std::string portless_service(const Reading& r) {
        if (r.proto == 47) return "gre";
        if (r.proto == 253) return "proto/253";
        const auto names = r.proto == 1 ? icmp_type_names() : icmpv6_type_names();
        const std::string head = r.proto == 1 ? "icmp/" : "icmpv6/";
        for (const NumberName& known : names) {
            if (known.number == r.icmp_type) return head + std::string(known.name);
        }
        return head + fmt::to_string(r.icmp_type);
    }

    std::pair<Party, Party> parties(const Reading& r, UtcTime time) const {
        const auto excluded = [](const char* reason) {
            return std::pair(Party{PartyKind::excluded, reason, {}},
                             Party{PartyKind::excluded, reason, {}});
        };
        if (r.kind == ReadingKind::non_ip) return excluded("non-ip");
        if (r.kind == ReadingKind::malformed) return excluded("malformed");
        if (r.kind == ReadingKind::duplicate) return excluded("duplicate");
        for (const Address& a : {r.src, r.dst}) {
            if (parse_prefix("127.0.0.0/8")->contains(a) || to_string(a) == "::1")
                return excluded("loopback");
        }
        return {party(r, true, time), party(r, false, time)};
    }

    // Cut at every bucket and at every time that any binding begins or ends.
    template <typename Record>
    void add(const Record& r) {
        std::set<std::int64_t> cuts = {r.first.ns};
        for (std::int64_t b = bucket_start(r.first).ns; b <= r.last.ns; b += bucket_length.ns)
            cuts.insert(b);
        for (const Binding& b : world.directory.bindings)
            cuts.insert({b.valid.begin.ns, b.valid.end.ns});
        std::array<std::uint64_t, 3> given = {0, 0, 0};
        const auto length = static_cast<Wide>(r.last.ns - r.first.ns + 1);
        for (auto it = cuts.find(r.first.ns); it != cuts.end() && *it <= r.last.ns; ++it) {
            const auto next = std::next(it);
            const bool rest = next == cuts.end() || *next > r.last.ns;
            const auto share = [&](std::uint64_t total) {
                if (rest) return total;
                return static_cast<std::uint64_t>(Wide{total} *
                                                  static_cast<Wide>(*next - r.first.ns) / length);
            };
            const std::array<std::uint64_t, 3> until = {share(r.bytes), share(r.packets), r.flows};
            const UtcTime time{*it};
            const auto [from, to] = parties(r, time);
            auto& sum = sums[{bucket_start(time).ns, from, to, service(r)}];
            for (std::size_t i = 0; i < 3; ++i) sum[i] += until[i] - given[i];
            given = until;
        }
    }
};

Sums rows_of(const Attributed& made) {
    Sums sums;
    EXPECT_TRUE(std::ranges::is_sorted(made.transfers));
    EXPECT_EQ(std::set<Party>(made.parties.begin(), made.parties.end()).size(),
              made.parties.size());
    EXPECT_EQ(std::set<std::string>(made.services.begin(), made.services.end()).size(),
              made.services.size());
    Volume total;
    for (const Transfer& t : made.transfers) {
        const auto [it, is_new] =
            sums.try_emplace({t.bucket.ns, made.parties.at(t.from), made.parties.at(t.to),
                              made.services.at(t.service)});
        EXPECT_TRUE(is_new) << "two rows of one key";
        it->second = {t.volume.bytes.value(), t.volume.packets.value(), t.volume.flows.value()};
        total += t.volume;
    }
    EXPECT_EQ(total, made.volume);
    return sums;
}

void compare(const Sums& made, const Sums& expected, std::uint64_t seed) {
    const auto show = [](const Sums& sums) {
        std::string text;
        for (const auto& [row, sum] : sums) {
            if (sum == std::array<std::uint64_t, 3>{}) continue;
            const auto& [bucket, from, to, service] = row;
            text += fmt::format("{} {}({}) > {}({}) {}: {} {} {}\n", bucket / second,
                                to_string(from), from.identity, to_string(to), to.identity, service,
                                sum[0], sum[1], sum[2]);
        }
        return text;
    };
    ASSERT_EQ(show(made), show(expected)) << "seed " << seed;
}

std::shared_ptr<const CompiledServices> compiled(const std::vector<ServiceRule>& rules) {
    return std::make_shared<const CompiledServices>(*CompiledServices::compile(rules));
}

// A meter's flow table in small: flows with a flow_slot each, now and then replaced by other flows.
// Or the readings of a collector, which knows no flows: without slots.
struct Flows {
    Random& random;
    bool slots = true;
    std::vector<Reading> flows = std::vector<Reading>(12);
    std::vector<bool> started = std::vector<bool>(12, false);

    Reading next() {
        const std::size_t at = below(random, flows.size());
        if (!started[at] || below(random, 6) == 0) {
            flows[at] = some_reading(random);
            flows[at].flow_slot = static_cast<std::uint32_t>(at);
            flows[at].fresh = true;
            flows[at].flows = 1;
        } else {
            flows[at].fresh = false;
            flows[at].flows = 0;
        }
        started[at] = true;
        fill(random, flows[at]);
        if (!slots) {
            flows[at].flow_slot = 0;
            flows[at].fresh = true;
        }
        return flows[at];
    }
};

void run(std::uint64_t seed) {
    Random random(seed);
    World world = some_world(random);
    if (seed % 3 == 0) world.names.resize(6 + seed % 16);
    const std::vector<Name> names = world.names;
    Attributor attributor(std::make_shared<const CompiledDirectory>(world.directory),
                          std::make_shared<const CompiledClasses>(world.classes),
                          compiled(world.rules), seed);
    // Rows are added while the meter reads.
    attributor.set_names(std::span(names).first(names.size() / 2));
    attributor.set_names(names);
    Flows flows{.random = random, .slots = seed % 3 != 0};
    for (int batch = 0; batch < 4; ++batch) {
        Auditor auditor{world, {}};
        std::vector<Reading> readings;
        std::array<std::uint64_t, 3> observed = {0, 0, 0};
        for (std::uint64_t i = below(random, 120); i > 0; --i) readings.push_back(flows.next());
        for (const Reading& r : readings) {
            auditor.add(r);
            observed[0] += r.bytes;
            observed[1] += r.packets;
            observed[2] += r.flows;
        }
        std::vector<CountedVolume> volumes;
        for (std::uint64_t i = below(random, 40); i > 0; --i) {
            CountedVolume& v = volumes.emplace_back(some_volume(random));
            fill(random, v);
            auditor.add(v);
            observed[0] += v.bytes;
            observed[1] += v.packets;
        }
        attributor.accept(readings);
        attributor.accept_counted(volumes);
        const Attributed made = attributor.make_attributed();
        compare(rows_of(made), auditor.sums, seed);
        EXPECT_EQ(made.volume,
                  (Volume{Bytes(observed[0]), Packets(observed[1]), octroi::Flows(observed[2])}));
        EXPECT_EQ(made.class_version, world.classes.version);
        EXPECT_EQ(made.directory_version, world.directory.version);
        if (testing::Test::HasFailure()) return;
        if (batch == 1) {
            world = some_world(random);
            world.names = names;
            attributor.replace(std::make_shared<const CompiledDirectory>(world.directory),
                               std::make_shared<const CompiledClasses>(world.classes),
                               compiled(world.rules));
        }
    }
}

TEST(AttributorProperty, AgreesWithTheAuditorRowByRow) {
    for (std::uint64_t seed = 1; seed <= 600 && !HasFailure(); ++seed) run(seed);
}

// What readers sum over: buckets, account trees, classes and services all add up to what was
// observed.
TEST(AttributorProperty, EveryLevelSumsToTheWhole) {
    Random random(77);
    const World world = some_world(random);
    Attributor attributor(std::make_shared<const CompiledDirectory>(world.directory),
                          std::make_shared<const CompiledClasses>(world.classes),
                          compiled(world.rules), 1);
    Flows flows{random};
    Volume observed;
    for (int i = 0; i < 20'000; ++i) {
        const Reading r = flows.next();
        observed += {Bytes(r.bytes), Packets(r.packets), octroi::Flows(r.flows)};
        attributor.accept({&r, 1});
    }
    const Attributed made = attributor.make_attributed();
    // A tree of two levels: accounts 0-2 below "reseller", 3-5 below "provider".
    const auto root = [](const Party& party) {
        if (party.kind != PartyKind::account) return to_string(party);
        return std::string(party.name.back() < '3' ? "reseller" : "provider");
    };
    std::array<std::map<std::string, Volume>, 6> levels;
    for (const Transfer& t : made.transfers) {
        levels[0][fmt::to_string(t.bucket.ns)] += t.volume;
        levels[1][root(made.parties[t.from])] += t.volume;
        levels[2][root(made.parties[t.to])] += t.volume;
        levels[3][to_string(made.parties[t.from])] += t.volume;
        levels[4][to_string(made.parties[t.to])] += t.volume;
        levels[5][made.services[t.service]] += t.volume;
    }
    for (const auto& level : levels) {
        EXPECT_GT(level.size(), 1U);
        Volume sum;
        for (const auto& [name, volume] : level) sum += volume;
        EXPECT_EQ(sum, observed);
    }
}

}  // namespace
}  // namespace octroi
