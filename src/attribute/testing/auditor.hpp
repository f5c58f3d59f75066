// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Attribution without tries, timelines, tables or slots: it walks lists. The property test compares
// it with the Attributor.

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <utility>

#include "attribute/service_names.hpp"
#include "attribute/testing/world.hpp"
#include "record/identity.hpp"
#include "record/transfer.hpp"

namespace octroi::testing {

// bucket, from, to, service
using Row = std::tuple<std::int64_t, Party, Party, std::string>;
using Sums = std::map<Row, std::array<std::uint64_t, 3>>;

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
            case IdentityKind::rule:
                return 2100;
            case IdentityKind::user:
                return 2000;
            case IdentityKind::uid:
                return 1900;
            case IdentityKind::cgroup:
                return 1800;
            case IdentityKind::peer:
                return 1750;
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

    // A user with a space in its name is none; the domain that it lies within is meant.
    const Name* name(NameRef ref) const {
        if (ref == 0 || ref > world.names.size()) return nullptr;
        const Name& known = world.names[ref - 1];
        return known.text.find(' ') == std::string::npos ? &known : name(known.within);
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

    // How many steps it takes from the name to the broader name that is the identity.
    int steps_to(NameRef ref, const Identity& identity) const {
        int steps = 0;
        for (const Name* n = name(ref); n != nullptr; n = name(n->within), ++steps)
            if (identity_kind(n->kind) == identity.kind && n->text == identity.value) break;
        return steps;
    }

    // Of two bound interfaces that an end lies within, the narrower one decides.
    int narrowness(const Binding& binding, const Reading& r, bool source) const {
        if (binding.identity.kind != IdentityKind::interface) return 0;
        const bool is_near_interface =
            is_near(r, source) && is_named(r.interface, binding.identity);
        return -steps_to(is_near_interface ? r.interface : r.out_interface, binding.identity);
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
                return (is_near(r, source) && is_named(r.interface, binding.identity)) ||
                       (!source && is_named(r.out_interface, binding.identity));
            case IdentityKind::user:
            case IdentityKind::uid:
            case IdentityKind::cgroup:
            case IdentityKind::peer:
            case IdentityKind::rule:
            case IdentityKind::domain:
                return is_near(r, source) && is_named(r.near_name, binding.identity);
            case IdentityKind::as:
                return fmt::to_string(source ? r.src_as : r.dst_as) == value;
            case IdentityKind::next_hop:
                return !source && is_named(r.next_hop, binding.identity);
        }
        return false;
    }

    Party party(const Reading& r, bool source, UtcTime time) const {
        const Address& address = source ? r.src : r.dst;
        const Binding* best = nullptr;
        for (const Binding& b : world.directory.bindings) {
            if (!b.valid.contains(time) || !fits(b, r, source)) continue;
            const auto order = [&](const Binding& x) {
                return std::tuple(specificity(x), narrowness(x, r, source), x.id);
            };
            if (best == nullptr || order(b) > order(*best)) best = &b;
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

    // The binding of the name or of a broader name around it, the narrower one first.
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

    Party local_party(NameRef ref, UtcTime time) const {
        const Name* n = name(ref);
        if (n == nullptr || n->kind == NameKind::service || n->kind == NameKind::far_class)
            return {PartyKind::unattributed, {}, {}};
        return named_party(ref, time);
    }

    // A far AS or next hop is that of a reading which states it for its destination.
    Party far_party(NameRef ref, UtcTime time) const {
        const Name* n = name(ref);
        if (n == nullptr || n->kind == NameKind::service)
            return {PartyKind::outside, "unknown", {}};
        if (n->kind == NameKind::far_class) return {PartyKind::outside, n->text, {}};
        if (bound(ref, time) == nullptr) {
            Reading r;
            if (n->kind == NameKind::as) r.dst_as = static_cast<std::uint32_t>(std::stoul(n->text));
            if (n->kind == NameKind::next_hop) r.next_hop = ref;
            if (n->kind == NameKind::as || n->kind == NameKind::next_hop)
                return {PartyKind::outside, class_of(r, false), {}};
        }
        return named_party(ref, time);
    }

    // Of a name of an identity kind.
    Party named_party(NameRef ref, UtcTime time) const {
        const Name* n = name(ref);
        if (const Binding* best = bound(ref, time))
            return {PartyKind::account, best->account,
                    best->per_address ? identity_of(ref) : identity_text(best->identity)};
        if (n->kind != NameKind::prefix) return {PartyKind::unattributed, {}, identity_of(ref)};
        const Prefix prefix = *parse_prefix(n->text);
        Reading r;
        r.src = prefix.address;
        if (prefix.length == prefix.address.bits()) return unbound(r.src, class_of(r, true));
        const LocalNetwork* network = nullptr;
        int longest = -1;
        for (const LocalNetwork& candidate : world.directory.networks) {
            const Prefix held = *parse_prefix(candidate.prefix);
            if (held.length > prefix.length || held.length <= longest) continue;
            if (!held.contains(prefix.address)) continue;
            network = &candidate;
            longest = held.length;
        }
        if (network != nullptr)
            return {PartyKind::unattributed,
                    {},
                    network->per_address ? n->text
                                         : identity_text({IdentityKind::prefix, network->prefix})};
        const bool multicast = parse_prefix("224.0.0.0/4")->contains(prefix.address);
        return {PartyKind::outside, multicast ? "multicast" : class_of(r, true), {}};
    }

    std::pair<Party, Party> parties(const CountedVolume& v, UtcTime time) const {
        static const std::array<const char*, 6> reasons = {"",          "non-ip",  "malformed",
                                                           "duplicate", "dropped", "implausible"};
        if (v.kind != ReadingKind::ip) {
            const Party excluded{
                PartyKind::excluded, reasons[static_cast<std::size_t>(v.kind)], {}};
            return {excluded, excluded};
        }
        for (const NameRef end : {v.local, v.far}) {
            if (text_of(end) == "127.0.0.1/32") {
                const Party excluded{PartyKind::excluded, "loopback", {}};
                return {excluded, excluded};
            }
        }
        const Party local = local_party(v.local, time);
        const Party far = far_party(v.far, time);
        return v.direction == CountedDirection::out ? std::pair(local, far) : std::pair(far, local);
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

}  // namespace octroi::testing
