// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// The directory compiled: who is at this end, at this time.
//
// Time needs no snapshots here. Each identity has a timeline: its bindings laid over one another,
// the newer on top, as disjoint segments. Each prefix knows the next shorter one that holds it. A
// look-up goes from the most specific to the least specific identity and takes the first that is
// bound at the time; the answer says in which interval it holds, so that it can be remembered.
//
// Order of specificity: a single address, MAC, longest prefix, next hop, VLAN, interface, AS; then
// a local network (unattributed), then the outside.

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <boost/unordered/unordered_flat_map.hpp>

#include "attribute/lpm.hpp"
#include "record/directory.hpp"
#include "record/transfer.hpp"

namespace octroi {

// Immutable after construction; looked up from any thread. Memory: about 200 octets a binding.
class CompiledDirectory {
public:
    // Whom a binding or network names. Either one party (`party`), or, where each address is a
    // party of its own, the party's kind and name (`owner`) to which the address is added.
    struct Target {
        std::uint32_t index = 0;
        bool per_address = false;

        bool operator==(const Target&) const = default;
    };
    struct Answer {
        bool bound = false;
        Target target;
        // Holds at the time asked for, and in all of this interval.
        Interval valid;
    };
    struct Owner {
        PartyKind kind = PartyKind::account;
        std::string name;

        auto operator<=>(const Owner&) const = default;
    };

    // An empty directory: everybody is outside.
    CompiledDirectory();
    // Bindings and networks whose identity cannot be read are left out and listed in problems().
    explicit CompiledDirectory(const Directory& directory);

    // By single address, MAC, prefix. An empty MAC or address binds nothing.
    [[nodiscard]] Answer find_address(const Address& address, const Mac& mac, UtcTime time) const {
        return prefixes_.empty() && macs_.empty() ? Answer{} : look_up(address, mac, time);
    }
    // By prefix, where single addresses are not known: what is bound to it or to a prefix around
    // it.
    [[nodiscard]] Answer find_prefix(const Prefix& prefix, UtcTime time) const;
    // By a name of the meter: an interface, a next hop, a user… (its place in name_timeline()).
    [[nodiscard]] Answer find_name(std::uint32_t name_timeline, UtcTime time) const;
    [[nodiscard]] Answer find_vlan(std::uint16_t vlan, UtcTime time) const;
    // By the AS of that end; 0 binds nothing.
    [[nodiscard]] Answer find_as(std::uint32_t number, UtcTime time) const;
    // The declared local network that holds the address, if any; whatever the time.
    [[nodiscard]] std::optional<Target> find_network(const Address& address) const {
        const std::uint32_t found = network_lpm_.find(address);
        if (found == Lpm::no_match) return std::nullopt;
        return unpack(found);
    }

    // Resolved once for each name of a meter. no_timeline: nothing is ever bound to it.
    static constexpr std::uint32_t no_timeline = 0xFFFFFFFFU;
    [[nodiscard]] std::uint32_t name_timeline(const Identity& identity) const;
    // Whether anything is bound by name, VLAN or AS: else nobody need ask for them.
    [[nodiscard]] bool binds_links() const noexcept { return binds_links_; }

    // Targets that are not per address: Target::index into these. Each party once.
    [[nodiscard]] std::span<const Party> parties() const noexcept { return parties_; }
    // Of per-address targets: Target::index into these. Each once.
    [[nodiscard]] std::span<const Owner> owners() const noexcept { return owners_; }

    [[nodiscard]] std::uint64_t version() const noexcept { return version_; }
    [[nodiscard]] const std::vector<std::string>& problems() const noexcept { return problems_; }

private:
    struct Segment {
        std::int64_t from_ns = 0;
        std::uint32_t target = 0;  // packed
    };
    // segments_[begin, end); before the first of them nothing is bound.
    struct Timeline {
        std::uint32_t begin = 0;
        std::uint32_t end = 0;
    };
    struct PrefixEntry {
        std::uint32_t timeline = 0;
        std::uint32_t parent = no_timeline;  // the entry of the next shorter prefix
        bool single = false;
        std::uint8_t length = 0;
    };
    struct Compiler;

    // A target in 32 bits, below Lpm::no_match.
    static constexpr std::uint32_t per_address_mark = 0x40000000U;
    [[nodiscard]] static std::uint32_t pack(const Target& target);
    [[nodiscard]] static Target unpack(std::uint32_t packed) noexcept {
        return {packed & ~per_address_mark, (packed & per_address_mark) != 0};
    }
    [[nodiscard]] Answer look_up(const Address& address, const Mac& mac, UtcTime time) const;
    // Narrows answer.valid by the timeline's segment, and takes its target if there is one.
    bool consult(std::uint32_t timeline, UtcTime time, Answer& answer) const;

    std::vector<Party> parties_;
    std::vector<Owner> owners_;
    std::vector<Segment> segments_;
    std::vector<Timeline> timelines_;
    std::vector<PrefixEntry> prefixes_;
    Lpm prefix_lpm_;   // into prefixes_
    Lpm network_lpm_;  // packed target
    boost::unordered_flat_map<std::uint64_t, std::uint32_t> macs_;
    std::vector<std::uint32_t> vlans_;  // by id, or empty
    boost::unordered_flat_map<std::uint32_t, std::uint32_t> ases_;
    std::map<Identity, std::uint32_t> names_;
    bool binds_links_ = false;
    std::uint64_t version_ = 0;
    std::vector<std::string> problems_;
};

}  // namespace octroi
