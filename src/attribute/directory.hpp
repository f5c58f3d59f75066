// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// The compiled directory: which account or local network an end belongs to at a time.
//
// Each identity has a timeline: disjoint segments, in each of which the newest valid binding holds.
// Each prefix refers to the next shorter prefix that contains it. A look-up goes from the most
// specific identity to the least specific one and returns the first that is bound at that time. The
// answer states the interval in which it holds, so that callers can cache it.

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <boost/unordered/unordered_flat_map.hpp>

#include "attribute/lpm.hpp"
#include "attribute/session_table.hpp"
#include "record/directory.hpp"
#include "record/transfer.hpp"

namespace octroi {

// Immutable; any thread may call it. Memory: about 200 octets for each binding.
class CompiledDirectory {
public:
    // The party of a binding or network: an index into parties(). per_address: each address is a
    // party of its own; an index into owners(), which give its kind and name.
    struct Target {
        std::uint32_t index = 0;
        bool per_address = false;

        bool operator==(const Target&) const = default;
    };
    struct Answer {
        bool bound = false;
        Target target;
        Interval valid;  // in which the answer holds; contains the time of the look-up
        // A session of a prefix or MAC address decided: the party is the account of
        // owners()[target.index] with the held identity. Belongs to the table of sessions.
        const HeldSessions* held = nullptr;
    };
    struct Owner {
        PartyKind kind = PartyKind::account;
        std::string name;

        auto operator<=>(const Owner&) const = default;
    };

    // Without bindings and networks: every address is outside.
    CompiledDirectory();
    // Bindings and networks with an invalid identity are left out and listed in problems().
    explicit CompiledDirectory(const Directory& directory);

    // By single address, MAC, longest prefix, in this order; of each first the binding, then the
    // sessions (null: there are none). Nothing is bound to an empty MAC or address.
    [[nodiscard]] Answer find_address(const Address& address, const Mac& mac, UtcTime time,
                                      const SessionTable* sessions = nullptr) const {
        if (sessions != nullptr && !sessions->empty()) [[unlikely]]
            return look_up(address, mac, time, sessions);
        return prefixes_.empty() && macs_.empty() ? Answer{} : look_up(address, mac, time, nullptr);
    }
    // By the longest prefix that is bound or held and contains all addresses of the given one.
    [[nodiscard]] Answer find_prefix(const Prefix& prefix, UtcTime time,
                                     const SessionTable* sessions = nullptr) const;
    // Whether a binding of this very prefix is valid at the time.
    [[nodiscard]] bool has_binding(const Prefix& prefix, UtcTime time) const;
    // By the sessions of one identity alone, without its bindings.
    [[nodiscard]] Answer find_sessions(const HeldSessions& held, UtcTime time,
                                       const SessionTable& sessions) const {
        Answer answer;
        apply_sessions(held, time, sessions, answer);
        return answer;
    }
    // By the bindings of a holder; of a MAC address then by its sessions.
    [[nodiscard]] Answer find_holder(const HeldSessions::Holder& holder, UtcTime time,
                                     const SessionTable& sessions) const;
    // By a name of the meter: interface, next hop, user… Takes what name_timeline() returns.
    [[nodiscard]] Answer find_name(std::uint32_t name_timeline, UtcTime time) const;
    [[nodiscard]] Answer find_vlan(std::uint16_t vlan, UtcTime time) const;
    // By the AS number of the end. Nothing is bound to 0.
    [[nodiscard]] Answer find_as(std::uint32_t number, UtcTime time) const;
    // The longest local network that contains the address. Networks are valid at all times.
    [[nodiscard]] std::optional<Target> find_network(const Address& address) const {
        const std::uint32_t found = network_lpm_.find(address);
        if (found == Lpm::no_match) return std::nullopt;
        return unpack(found);
    }
    // The longest local network that contains the whole prefix. Walks over all networks.
    [[nodiscard]] std::optional<Target> find_network(const Prefix& prefix) const;

    // To be called once for each name of a meter. no_timeline: nothing is ever bound to it. A
    // domain has the bindings of its own, and at times without one those of the narrowest bound
    // wildcard that covers it (record/domain_wildcard.hpp).
    static constexpr std::uint32_t no_timeline = 0xFFFFFFFFU;
    [[nodiscard]] std::uint32_t name_timeline(const Identity& identity) const;
    // Whether anything is bound by name, VLAN or AS. If not, callers need not look these up.
    [[nodiscard]] bool binds_links() const noexcept { return binds_links_; }

    // Whether a binding or network counts each address as a party of this owner.
    [[nodiscard]] bool is_per_address_owner(std::uint32_t owner) const {
        return per_address_owners_[owner];
    }
    // The owner of a target.
    [[nodiscard]] const Owner& owner_of(const Target& target) const {
        return owners_[target.per_address ? target.index : owner_of_party_[target.index]];
    }
    // Each party once. Target::index refers to these unless it is per_address.
    [[nodiscard]] std::span<const Party> parties() const noexcept { return parties_; }
    // Each owner of a party once. Target::index refers to these if it is per_address.
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
    // Bindings of a name.
    struct NameEntry {
        std::uint32_t timeline = 0;
        std::uint32_t broader = no_timeline;  // the entry of the next broader wildcard
    };
    struct Network {
        std::uint32_t target = 0;            // packed
        std::uint32_t parent = no_timeline;  // the network with the next shorter prefix
        std::uint8_t length = 0;
    };
    struct Compiler;

    // A target packed into 32 bits is below Lpm::no_match.
    static constexpr std::uint32_t per_address_mark = 0x40000000U;
    [[nodiscard]] static std::uint32_t pack(const Target& target);
    [[nodiscard]] static Target unpack(std::uint32_t packed) noexcept {
        return {packed & ~per_address_mark, (packed & per_address_mark) != 0};
    }
    // The entry of the narrowest wildcard that covers the domain and is bound; no_timeline: none.
    [[nodiscard]] std::uint32_t wildcard_entry(const Identity& identity) const;
    struct HeldPrefixes;
    [[nodiscard]] Answer look_up(const Address& address, const Mac& mac, UtcTime time,
                                 const SessionTable* sessions) const;
    [[nodiscard]] bool apply_mac(const Mac& mac, UtcTime time, const SessionTable* sessions,
                                 Answer& answer) const;
    [[nodiscard]] Answer find_bound(const HeldSessions::Holder& holder, UtcTime time) const;
    // As apply(), for the sessions of one identity.
    bool apply_sessions(const HeldSessions& held, UtcTime time, const SessionTable& sessions,
                        Answer& answer) const;
    // Narrows answer.valid to the segment at `time`; if something is bound in it, sets the target
    // and returns true.
    bool apply(std::uint32_t timeline, UtcTime time, Answer& answer) const;

    std::vector<Party> parties_;
    std::vector<Owner> owners_;
    std::vector<bool> per_address_owners_;       // by owner
    std::vector<std::uint32_t> owner_of_party_;  // by party
    std::vector<Segment> segments_;
    std::vector<Timeline> timelines_;
    std::vector<PrefixEntry> prefixes_;
    Lpm prefix_lpm_;   // into prefixes_
    Lpm network_lpm_;  // packed target
    // For prefixes, which need the shorter networks too. Addresses need one load less.
    Lpm network_index_lpm_;  // into networks_
    std::vector<Network> networks_;
    boost::unordered_flat_map<std::uint64_t, std::uint32_t> macs_;
    std::vector<std::uint32_t> vlans_;  // by id, or empty
    boost::unordered_flat_map<std::uint32_t, std::uint32_t> ases_;
    std::map<Identity, std::uint32_t> names_;  // into name_entries_
    std::vector<NameEntry> name_entries_;
    bool binds_links_ = false;
    std::uint64_t version_ = 0;
    std::vector<std::string> problems_;
};

}  // namespace octroi
