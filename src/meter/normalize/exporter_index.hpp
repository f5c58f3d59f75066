// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// The exporters of a meter, and the names that their records refer to: interfaces, by exporter and
// ifIndex, and next hops, which are the same whichever exporter states them.
//
// Addresses of UDP senders can be forged, so all of this has limits. Exporters beyond the limit
// share one entry; interfaces and next hops beyond theirs have no name.

#include <array>
#include <bit>
#include <boost/unordered/unordered_flat_map.hpp>
#include <cstdint>
#include <memory>
#include <span>

#include "base/address.hpp"
#include "meter/name_table.hpp"
#include "meter/normalize/batch_volume.hpp"
#include "meter/normalize/flow_policy.hpp"

namespace octroi::normalize {

struct ExporterEntry {
    Address exporter;     // empty: the entry that exporters beyond the limit share
    SenderVolume volume;  // of what came from this address
    // The row of the configuration for its observation domain `policy_domain`; null: not looked up.
    const ExporterPolicy* policy = nullptr;
    std::uint32_t policy_domain = 0;
    boost::unordered_flat_map<std::uint32_t, NameRef> interfaces;  // by ifIndex
    std::uint16_t next_hops = 0;  // names that this exporter was the first to use
    // Direct-mapped caches of the names used last: by the low bits of ifIndex, and by some bits of
    // the next hop's address.
    struct CachedInterface {
        std::uint32_t if_index = 0;
        NameRef name = no_name;
    };
    std::array<CachedInterface, 64> cached_interfaces{};
    struct CachedNextHop {
        Address address;
        NameRef name = no_name;
    };
    std::array<CachedNextHop, 64> cached_next_hops{};
};

class ExporterIndex {
public:
    static constexpr std::size_t exporters_max = 4096;
    // All exporters together are bounded by NameTable: interfaces have at most three quarters of
    // its rows, and so have next hops.
    static constexpr std::size_t interfaces_per_exporter_max = 4096;
    static constexpr std::uint16_t next_hops_per_exporter_max = 4096;

    // Valid as long as this object.
    [[nodiscard]] ExporterEntry& of(const Address& exporter);
    // Reading::interface for that ifIndex. no_name: a limit is reached, or ifIndex is 0 (not
    // known).
    [[nodiscard]] NameRef interface(ExporterEntry& entry, std::uint32_t if_index) {
        auto& cached = entry.cached_interfaces[if_index % entry.cached_interfaces.size()];
        if (cached.if_index != if_index) cached = {if_index, look_up(entry, if_index)};
        return cached.name;
    }
    // Reading::next_hop for that address. no_name: a limit is reached.
    [[nodiscard]] NameRef next_hop(ExporterEntry& entry, const Address& address) {
        // The last octet: the fourth of IPv4 (the sixteenth is 0 then), or the sixteenth of IPv6.
        const std::size_t index = address.octets[3] ^ address.octets[15];
        auto& cached = entry.cached_next_hops[index % entry.cached_next_hops.size()];
        if (!same(cached.address, address)) cached = {address, look_up(entry, address)};
        return cached.name;
    }
    // Exporters write 0.0.0.0 or :: where there is no next hop.
    [[nodiscard]] static bool is_zero(const Address& address) noexcept {
        const auto [high, low] = words_of(address);
        return (high | low) == 0;
    }
    // Interfaces ("192.0.2.1#3": interface 3 of that exporter) and next hops ("192.0.2.9").
    [[nodiscard]] const NameTable& names() const noexcept { return names_; }

private:
    [[nodiscard]] NameRef look_up(ExporterEntry& entry, std::uint32_t if_index);
    [[nodiscard]] NameRef look_up(ExporterEntry& entry, const Address& next_hop);
    // Like ==, but without a call of memcmp: this is on the path of every record.
    [[nodiscard]] static bool same(const Address& a, const Address& b) noexcept {
        const auto [a_high, a_low] = words_of(a);
        const auto [b_high, b_low] = words_of(b);
        return a_high == b_high && a_low == b_low && a.family == b.family;
    }
    [[nodiscard]] static std::array<std::uint64_t, 2> words_of(const Address& address) noexcept {
        return std::bit_cast<std::array<std::uint64_t, 2>>(address.octets);
    }
    struct AddressHash {
        [[nodiscard]] std::size_t operator()(const Address& address) const noexcept;
    };
    boost::unordered_flat_map<Address, std::unique_ptr<ExporterEntry>, AddressHash> exporters_;
    ExporterEntry others_;           // of the exporters beyond exporters_max
    ExporterEntry* last_ = nullptr;  // of the exporter that was asked for last
    NameTable names_;
    boost::unordered_flat_map<Address, NameRef, AddressHash> next_hops_;
};

}  // namespace octroi::normalize
