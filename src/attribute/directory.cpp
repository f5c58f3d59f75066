// SPDX-License-Identifier: GPL-3.0-or-later
#include "attribute/directory.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <map>
#include <set>

#include "base/check.hpp"
#include "base/narrow.hpp"
#include "record/domain_wildcard.hpp"
#include "record/identity.hpp"
#include "record/identity_kinds.hpp"

namespace octroi {
namespace {

constexpr std::uint32_t unbound = 0xFFFFFFFFU;

std::uint64_t mac_key(const Mac& mac) {
    std::uint64_t key = 0;
    for (const std::uint8_t octet : mac.octets) key = key << 8U | octet;
    return key;
}

}  // namespace

// What construction needs and the finished directory does not.
struct CompiledDirectory::Compiler {
    // One binding of an identity.
    struct Layer {
        Interval valid;
        std::uint64_t id = 0;
        std::uint32_t target = 0;
    };

    explicit Compiler(CompiledDirectory& made) : out(made) {}

    CompiledDirectory& out;
    // By family, address, length: a prefix comes right before all prefixes that it contains.
    struct PrefixOrder {
        bool operator()(const Prefix& a, const Prefix& b) const noexcept {
            if (a.address.family != b.address.family) return a.address.family < b.address.family;
            return a < b;
        }
    };
    std::map<Prefix, std::vector<Layer>, PrefixOrder> prefixes;
    std::map<Identity, std::vector<Layer>> links;  // all but prefixes
    boost::unordered_flat_map<std::string, std::uint32_t> owner_index;
    boost::unordered_flat_map<std::string, std::uint32_t> party_index;

    static std::string key(const Owner& owner) {
        return std::string(1, static_cast<char>(owner.kind)) + owner.name;
    }

    std::uint32_t owner_number(const Owner& owner) {
        const auto [it, is_new] =
            owner_index.try_emplace(key(owner), narrow<std::uint32_t>(out.owners_.size()));
        if (is_new) {
            out.owners_.push_back(owner);
            out.per_address_owners_.push_back(false);
        }
        return it->second;
    }

    // Single addresses are always per address, so that an address is the same party whether it was
    // bound itself or found in a per-address prefix.
    Target target(const Owner& owner, const Identity& identity, bool per_address) {
        const std::uint32_t number = owner_number(owner);
        if (per_address) {
            out.per_address_owners_[number] = true;
            return {number, true};
        }
        Party party{owner.kind, owner.name, identity_text(identity)};
        const auto [it, is_new] = party_index.try_emplace(
            key(owner) + '\n' + party.identity, narrow<std::uint32_t>(out.parties_.size()));
        if (is_new) {
            out.parties_.push_back(std::move(party));
            out.owner_of_party_.push_back(number);
        }
        return {it->second, false};
    }

    void problem(std::string text) { out.problems_.push_back(std::move(text)); }

    void add(const Binding& binding) {
        if (binding.valid.end <= binding.valid.begin) return;  // never valid
        if (!is_canonical(binding.identity)) {
            problem(fmt::format("binding {}: '{}' cannot be read; it binds nothing", binding.id,
                                binding.identity.value));
            return;
        }
        const Owner owner{PartyKind::account, binding.account};
        if (find_identity_kind(binding.identity.kind)->lookup != IdentityLookup::by_prefix) {
            const Target t = target(owner, binding.identity, false);
            links[binding.identity].push_back({binding.valid, binding.id, pack(t)});
            return;
        }
        const Prefix prefix = *parse_prefix(binding.identity.value);
        const bool single = prefix.length == prefix.address.bits();
        const Target t = target(owner, binding.identity, binding.per_address || single);
        prefixes[prefix].push_back({binding.valid, binding.id, pack(t)});
    }

    void add_networks(const std::vector<LocalNetwork>& networks) {
        std::vector<LpmEntry> entries;
        for (const LocalNetwork& network : networks) {
            const auto prefix = parse_prefix(network.prefix);
            if (!prefix) {
                problem(fmt::format("local network: {}; it is left out", prefix.error().text));
                continue;
            }
            const bool single = prefix->length == prefix->address.bits();
            const Target t =
                target({PartyKind::unattributed, {}}, {IdentityKind::prefix, to_string(*prefix)},
                       network.per_address || single);
            entries.push_back({*prefix, pack(t)});
        }
        add_network_index(entries);
        out.network_lpm_ = Lpm(std::move(entries));
    }

    void add_network_index(const std::vector<LpmEntry>& entries) {
        std::map<Prefix, std::uint32_t, PrefixOrder> targets;
        for (const LpmEntry& entry : entries) targets[entry.prefix] = entry.value;
        std::vector<LpmEntry> indices;
        std::vector<std::pair<Prefix, std::uint32_t>> open;  // those that contain the current one
        for (const auto& [prefix, target_of] : targets) {
            while (!open.empty() && !open.back().first.contains(prefix.address)) open.pop_back();
            const auto index = narrow<std::uint32_t>(out.networks_.size());
            out.networks_.push_back(
                {target_of, open.empty() ? no_timeline : open.back().second, prefix.length});
            indices.push_back({prefix, index});
            open.emplace_back(prefix, index);
        }
        out.network_index_lpm_ = Lpm(std::move(indices));
    }

    // Makes disjoint segments of the layers of one identity: in each the valid layer with the
    // greatest id holds.
    std::uint32_t flatten(const std::vector<Layer>& layers) {
        struct Edge {
            std::int64_t at;
            bool begins;
            std::size_t layer;
        };
        std::vector<Edge> edges;
        edges.reserve(layers.size() * 2);
        for (std::size_t i = 0; i < layers.size(); ++i) {
            edges.push_back({layers[i].valid.begin.ns, true, i});
            if (layers[i].valid.end != UtcTime::max())
                edges.push_back({layers[i].valid.end.ns, false, i});
        }
        std::sort(edges.begin(), edges.end(),
                  [](const Edge& a, const Edge& b) { return a.at < b.at; });
        std::set<std::pair<std::uint64_t, std::size_t>>
            valid;  // by id, then by place, in case two bindings have the same id
        const auto begin = narrow<std::uint32_t>(out.segments_.size());
        std::uint32_t current = unbound;
        for (std::size_t i = 0; i < edges.size();) {
            const std::int64_t at = edges[i].at;
            for (; i < edges.size() && edges[i].at == at; ++i) {
                const std::pair key{layers[edges[i].layer].id, edges[i].layer};
                if (edges[i].begins) {
                    valid.insert(key);
                } else {
                    valid.erase(key);
                }
            }
            const std::uint32_t top =
                valid.empty() ? unbound : layers[valid.rbegin()->second].target;
            if (top != current) out.segments_.push_back({at, top});
            current = top;
        }
        out.timelines_.push_back({begin, narrow<std::uint32_t>(out.segments_.size())});
        return narrow<std::uint32_t>(out.timelines_.size() - 1);
    }

    void finish_prefixes() {
        std::vector<LpmEntry> entries;
        std::vector<std::pair<Prefix, std::uint32_t>> open;  // those that contain the current one
        for (const auto& [prefix, layers] : prefixes) {
            while (!open.empty() && !open.back().first.contains(prefix.address)) open.pop_back();
            const auto index = narrow<std::uint32_t>(out.prefixes_.size());
            out.prefixes_.push_back({flatten(layers),
                                     open.empty() ? no_timeline : open.back().second,
                                     prefix.length == prefix.address.bits(), prefix.length});
            entries.push_back({prefix, index});
            open.emplace_back(prefix, index);
        }
        out.prefix_lpm_ = Lpm(std::move(entries));
    }

    void finish_links() {
        for (const auto& [identity, layers] : links) add_link(identity, flatten(layers));
        for (const auto& [identity, entry] : out.names_)
            out.name_entries_[entry].broader = out.wildcard_entry(identity);
    }

    // Adds the timeline to the structure that the table of kinds states for the identity.
    void add_link(const Identity& identity, std::uint32_t timeline) {
        const IdentityLookup lookup = find_identity_kind(identity.kind)->lookup;
        out.binds_links_ = out.binds_links_ || lookup != IdentityLookup::by_mac;
        switch (lookup) {
            case IdentityLookup::by_prefix:
                CHECK(false);  // prefixes are not among the links
                break;
            case IdentityLookup::by_mac:
                out.macs_.emplace(mac_key(*parse_mac(identity.value)), timeline);
                break;
            case IdentityLookup::by_vlan:
                out.vlans_.resize(vlan_last + 1, no_timeline);
                out.vlans_.at(number(identity.value)) = timeline;
                break;
            case IdentityLookup::by_as:
                out.ases_.emplace(number(identity.value), timeline);
                break;
            case IdentityLookup::by_name:
                out.names_.emplace(identity, narrow<std::uint32_t>(out.name_entries_.size()));
                out.name_entries_.push_back({timeline, no_timeline});
                break;
        }
    }

    // Of a canonical identity.
    static std::uint32_t number(const std::string& digits) {
        std::uint32_t value = 0;
        std::from_chars(digits.data(), digits.data() + digits.size(), value);
        return value;
    }
};

CompiledDirectory::CompiledDirectory() = default;

std::uint32_t CompiledDirectory::pack(const Target& target) {
    CHECK(target.index < per_address_mark);
    return target.index | (target.per_address ? per_address_mark : 0U);
}

CompiledDirectory::CompiledDirectory(const Directory& directory) : version_(directory.version) {
    Compiler compiler(*this);
    for (const Binding& binding : directory.bindings) compiler.add(binding);
    compiler.add_networks(directory.networks);
    compiler.finish_prefixes();
    compiler.finish_links();
}

bool CompiledDirectory::apply(std::uint32_t timeline, UtcTime time, Answer& answer) const {
    const Timeline& line = timelines_[timeline];
    const auto begin = segments_.begin() + line.begin;
    const auto end = segments_.begin() + line.end;
    const auto next = std::upper_bound(
        begin, end, time.ns,
        [](std::int64_t t, const Segment& segment) { return t < segment.from_ns; });
    if (next != end) answer.valid.end = std::min(answer.valid.end, UtcTime{next->from_ns});
    if (next == begin) return false;
    const Segment& segment = *(next - 1);
    answer.valid.begin = std::max(answer.valid.begin, UtcTime{segment.from_ns});
    if (segment.target == unbound) return false;
    answer.bound = true;
    answer.target = unpack(segment.target);
    return true;
}

bool CompiledDirectory::has_binding(const Prefix& prefix, UtcTime time) const {
    std::uint32_t at = prefix_lpm_.find(prefix.address);
    if (at == Lpm::no_match) at = no_timeline;
    while (at != no_timeline && prefixes_[at].length > prefix.length) at = prefixes_[at].parent;
    Answer ignored;
    return at != no_timeline && prefixes_[at].length == prefix.length &&
           apply(prefixes_[at].timeline, time, ignored);
}

std::optional<CompiledDirectory::Target> CompiledDirectory::find_network(
    const Prefix& prefix) const {
    for (std::uint32_t at = network_index_lpm_.find(prefix.address);
         at != Lpm::no_match && at != no_timeline; at = networks_[at].parent)
        if (networks_[at].length <= prefix.length) return unpack(networks_[at].target);
    return std::nullopt;
}

CompiledDirectory::Answer CompiledDirectory::find_vlan(std::uint16_t vlan, UtcTime time) const {
    Answer answer;
    if (vlan < vlans_.size() && vlans_[vlan] != no_timeline) apply(vlans_[vlan], time, answer);
    return answer;
}

CompiledDirectory::Answer CompiledDirectory::find_name(std::uint32_t name_timeline,
                                                       UtcTime time) const {
    Answer answer;
    for (std::uint32_t at = name_timeline; at != no_timeline; at = name_entries_[at].broader)
        if (apply(name_entries_[at].timeline, time, answer)) break;
    return answer;
}

CompiledDirectory::Answer CompiledDirectory::find_as(std::uint32_t number, UtcTime time) const {
    Answer answer;
    if (number == 0 || ases_.empty()) return answer;
    const auto known = ases_.find(number);
    if (known != ases_.end()) apply(known->second, time, answer);
    return answer;
}

std::uint32_t CompiledDirectory::name_timeline(const Identity& identity) const {
    const auto known = names_.find(identity);
    return known == names_.end() ? wildcard_entry(identity) : known->second;
}

std::uint32_t CompiledDirectory::wildcard_entry(const Identity& identity) const {
    if (identity.kind != IdentityKind::domain || names_.empty()) return no_timeline;
    for (std::string wildcard = broader_wildcard(identity.value); !wildcard.empty();
         wildcard = broader_wildcard(wildcard)) {
        const auto known = names_.find({IdentityKind::domain, wildcard});
        if (known != names_.end()) return known->second;
    }
    return no_timeline;
}

}  // namespace octroi
