// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// The exporters of a meter, and the names that their records refer to: interfaces, by exporter and
// ifIndex, and next hops, by exporter and address.
//
// Addresses of UDP senders and what they state can be forged, so all of this has limits. At a limit
// the name that was not used for the longest time gives its row to the new one: of the same
// exporter, or, if that one has few, of the exporter with the most. The exporter that was not used
// for the longest time gives up its place and its rows. So no sender can keep the interfaces of
// another one, or later ones of its own, without a name.

#include <algorithm>
#include <boost/unordered/unordered_flat_map.hpp>
#include <cstdint>
#include <functional>
#include <list>
#include <string>
#include <vector>

#include "base/address.hpp"
#include "base/check.hpp"
#include "meter/name_table.hpp"
#include "meter/normalize/address_hash.hpp"
#include "meter/normalize/flow_policy.hpp"
#include "meter/normalize/name_pool.hpp"

namespace octroi::normalize {

struct InterfaceKeys {
    using Key = std::uint32_t;  // ifIndex
    using Hash = boost::hash<std::uint32_t>;
    [[nodiscard]] static std::size_t place(Key key) noexcept { return key; }
};

struct NextHopKeys {
    using Key = Address;
    using Hash = AddressHash;
    // The last octet: the fourth of IPv4 (the sixteenth is 0 then), or the sixteenth of IPv6.
    [[nodiscard]] static std::size_t place(const Key& key) noexcept {
        return key.octets[3] ^ key.octets[15];
    }
};

struct ExporterEntry {
    Address exporter;  // empty: not known (a file of messages)
    // The row of the configuration for its observation domain `policy_domain`; null: not looked up.
    const ExporterPolicy* policy = nullptr;
    std::uint32_t policy_domain = 0;
    NamePool<InterfaceKeys> interfaces;
    NamePool<NextHopKeys> next_hops;
};

class ExporterIndex {
public:
    struct Limits {
        std::size_t exporters = 4096;
        // Interfaces, and as many next hops.
        std::size_t names_per_exporter = 4096;
        std::size_t names = NameTable::rows_max / 2;
    };
    // on_rename is called before a row gets another name: the caller hands over all readings that
    // are complete. The names of the reading that is being made are kept; for this the limits must
    // let each exporter have more names than the cache of its pool.
    ExporterIndex(std::function<void()> on_rename, const Limits& limits)
        : on_rename_(std::move(on_rename)), limits_(limits) {
        CHECK(std::min(limits.names_per_exporter, part()) >
              std::max(NamePool<InterfaceKeys>::cached_max, NamePool<NextHopKeys>::cached_max));
    }
    explicit ExporterIndex(std::function<void()> on_rename)
        : ExporterIndex(std::move(on_rename), Limits()) {}

    // An exporter beyond the limit replaces the one that was not used for the longest time. Valid
    // until another exporter was asked for.
    [[nodiscard]] ExporterEntry& of(const Address& exporter) {
        // A message holds many records of one exporter: mostly the last one is asked for again.
        if (!entries_.empty() && entries_.front().exporter == exporter) return entries_.front();
        return look_up(exporter);
    }
    // Reading::interface for that ifIndex. no_name: the exporter or the ifIndex (0) is not
    // known.
    [[nodiscard]] NameRef interface(ExporterEntry& entry, std::uint32_t if_index) {
        const auto& cached = entry.interfaces.cached(if_index);
        return cached.key == if_index ? cached.name : look_up(entry, if_index);
    }
    // Reading::next_hop for that address.
    [[nodiscard]] NameRef next_hop(ExporterEntry& entry, const Address& address) {
        const auto& cached = entry.next_hops.cached(address);
        return cached.key == address ? cached.name : look_up(entry, address);
    }
    // Exporters write 0.0.0.0 or :: where there is no next hop.
    [[nodiscard]] static bool is_zero(const Address& address) noexcept {
        const auto [high, low] = address.words();
        return (high | low) == 0;
    }
    // Interfaces ("192.0.2.1#3": interface 3 of that exporter) and next hops ("192.0.2.9").
    [[nodiscard]] const NameTable& names() const noexcept { return names_; }

private:
    // The rows of one kind of name.
    struct Rows {
        std::size_t count = 0;           // in the table
        std::vector<NameRef> free;       // of exporters that were evicted
        ExporterEntry* donor = nullptr;  // had the most names when it was last looked for
    };

    [[nodiscard]] ExporterEntry& look_up(const Address& exporter);
    [[nodiscard]] NameRef look_up(ExporterEntry& entry, std::uint32_t if_index);
    [[nodiscard]] NameRef look_up(ExporterEntry& entry, const Address& next_hop);
    // The share of one exporter in all rows of a kind.
    [[nodiscard]] std::size_t part() const noexcept { return limits_.names / limits_.exporters; }
    void evict_exporter();
    // pool: the member of ExporterEntry.
    template <auto pool>
    [[nodiscard]] NameRef row_for(ExporterEntry& entry, NameKind kind, Rows& rows,
                                  std::string text);
    template <auto pool>
    [[nodiscard]] auto& donor(ExporterEntry& entry, Rows& rows);

    std::function<void()> on_rename_;
    Limits limits_;
    std::list<ExporterEntry> entries_;  // the one used last is the first
    boost::unordered_flat_map<Address, std::list<ExporterEntry>::iterator, AddressHash> places_;
    NameTable names_;
    Rows interfaces_;
    Rows next_hops_;
};

}  // namespace octroi::normalize
