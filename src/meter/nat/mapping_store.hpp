// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// The mappings of all devices, by outside address and device, within limits.
//
// Eviction: a device has at most half of all entries. When it has as many, or the table is full,
// one of its own mappings is evicted: the one that ended first, else the one that was created
// first. A device never evicts a mapping of another one.

#include <boost/unordered/unordered_flat_map.hpp>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <vector>

#include "base/address.hpp"
#include "meter/nat/mapping_changes.hpp"
#include "meter/nat/mapping_history.hpp"

namespace octroi::nat {

// Production defaults; tests pass smaller limits. Memory: at most 200 MiB for the mappings (100
// where many have the same outside address) and 100 MiB for the changes.
struct NatLimits {
    std::size_t mappings = std::size_t{1} << 19U;
    // Devices with mappings for one outside address: the first ones that report it.
    std::size_t devices_of_address = 16;
    std::size_t changes = std::size_t{1} << 20U;  // since the last MappingChanges::drain()
};

class MappingStore {
public:
    // How long an ended mapping is kept: flows are reported after they are over.
    static constexpr Duration kept_after_end = Duration::hours(1);

    // seed: secret, for the hash table; has no influence on results.
    MappingStore(std::uint64_t seed, const NatLimits& limits)
        : limits_(limits), histories_(0, AddressHash{seed}), changes_(limits.changes) {}

    [[nodiscard]] const NatLimits& limits() const noexcept { return limits_; }
    [[nodiscard]] std::size_t size() const noexcept { return size_; }
    [[nodiscard]] bool contains(const Address& outside) const noexcept {
        return histories_.contains(outside);
    }

    // The history of the mapping's device and outside address; null: there is none. Valid until one
    // of its mappings is removed.
    [[nodiscard]] History* find(const Translation& mapping);
    // Of all devices with mappings for the address, the first one to report it first.
    [[nodiscard]] std::span<const std::unique_ptr<History>> find_all(const Address& outside) const;

    // Adds a mapping, and evicts another one of its device where that is necessary. now: by our
    // clock, to find mappings that are kept no longer.
    void add(const Translation& mapping, bool start_is_known, UtcTime now);
    // Ends an open mapping, not before its beginning.
    void close(const History& history, Mappings::iterator mapping, UtcTime end);
    // Removes a mapping. If it was the last one of the history, that is removed too.
    void remove(History& history, Mappings::iterator mapping);
    void clear();

    [[nodiscard]] MappingChanges& changes() noexcept { return changes_; }
    [[nodiscard]] const MappingChanges& changes() const noexcept { return changes_; }
    // Mappings that were evicted before their time, or not stored because of a limit.
    [[nodiscard]] std::uint64_t evicted() const noexcept { return evicted_; }

    // For restore(): adds without eviction. False: the mapping is there already, or a limit is
    // reached.
    [[nodiscard]] bool add_restored(const Translation& mapping, bool start_is_known);
    // Calls visit(history, key, state) for each mapping. The order restores the order of eviction.
    template <typename Visit>
    void visit_all(Visit&& visit) const {
        for (const auto& [address, device] : devices_)
            for (const EvictionList* list : {&device.closed, &device.open})
                for (const EvictionEntry& entry : *list)
                    visit(*entry.history, entry.mapping->first, entry.mapping->second);
    }

private:
    // The order of eviction: closed mappings first, each list from its front.
    struct Device {
        EvictionList closed;
        EvictionList open;
        [[nodiscard]] std::size_t size() const noexcept { return closed.size() + open.size(); }
    };
    struct AddressHash {
        std::uint64_t seed = 0;
        [[nodiscard]] std::size_t operator()(const Address& address) const noexcept;
    };
    using Histories = std::vector<std::unique_ptr<History>>;

    [[nodiscard]] bool may_add_history(const Translation& mapping);
    [[nodiscard]] EvictionEntry* next_to_evict(const Address& device);
    [[nodiscard]] bool evict_for(const Address& device, UtcTime now);
    void note_change(const History& history, Mappings::iterator mapping);

    NatLimits limits_;
    boost::unordered_flat_map<Address, Histories, AddressHash> histories_;
    std::map<Address, Device> devices_;
    MappingChanges changes_;
    std::size_t size_ = 0;
    std::uint64_t evicted_ = 0;
};

}  // namespace octroi::nat
