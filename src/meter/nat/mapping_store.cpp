// SPDX-License-Identifier: GPL-3.0-or-later
#include "meter/nat/mapping_store.hpp"

#include <algorithm>
#include <cstring>

#include "base/hash.hpp"

namespace octroi::nat {

std::size_t MappingStore::AddressHash::operator()(const Address& address) const noexcept {
    std::uint64_t low = 0;
    std::uint64_t high = 0;
    std::memcpy(&low, address.octets.data(), sizeof low);
    std::memcpy(&high, address.octets.data() + sizeof low, sizeof high);
    const std::uint64_t first =
        mix(low ^ seed ^ mix_a, mix_b + static_cast<std::uint64_t>(address.bits()));
    return mix(first ^ high, mix_c ^ seed);
}

History* MappingStore::find(const Translation& mapping) {
    for (const auto& history : find_all(mapping.outside))
        if (history->device == mapping.device) return history.get();
    return nullptr;
}

std::span<const std::unique_ptr<History>> MappingStore::find_all(const Address& outside) const {
    const auto found = histories_.find(outside);
    if (found == histories_.end()) return {};
    return found->second;
}

// ---- Limits and eviction

// A device that reports an address that has enough devices already must not evict a mapping of its
// own for nothing, so this is asked first.
bool MappingStore::may_add_history(const Translation& mapping) {
    return find_all(mapping.outside).size() < limits_.devices_of_address ||
           find(mapping) != nullptr;
}

EvictionEntry* MappingStore::next_to_evict(const Address& device) {
    const auto found = devices_.find(device);
    if (found == devices_.end()) return nullptr;
    auto& [closed, open] = found->second;
    return !closed.empty() ? &closed.front() : &open.front();
}

// Makes sure that the device may add a mapping. False: the table is full, with others' mappings.
bool MappingStore::evict_for(const Address& device, UtcTime now) {
    const auto is_kept = [&](const EvictionEntry& entry) {
        const MappingState& state = entry.mapping->second;
        return state.is_open() || state.end >= now - kept_after_end;
    };
    EvictionEntry* next = next_to_evict(device);
    for (; next != nullptr && !is_kept(*next); next = next_to_evict(device))
        remove(*next->history, next->mapping);
    const std::size_t own = next == nullptr ? 0 : devices_.find(device)->second.size();
    if (size_ < limits_.mappings && own < limits_.mappings / 2) return true;
    if (next == nullptr) return false;
    remove(*next->history, next->mapping);
    ++evicted_;
    return true;
}

void MappingStore::add(const Translation& mapping, bool start_is_known, UtcTime now) {
    if (!may_add_history(mapping) || !evict_for(mapping.device, now) ||
        !add_restored(mapping, start_is_known))
        ++evicted_;
}

// ---- Changes of the stored mappings

bool MappingStore::add_restored(const Translation& mapping, bool start_is_known) {
    History* history = find(mapping);
    if (history == nullptr) {
        Histories& of_address = histories_[mapping.outside];
        if (of_address.size() >= limits_.devices_of_address) return false;
        history = of_address
                      .emplace_back(
                          std::make_unique<History>(History{mapping.outside, mapping.device, {}}))
                      .get();
    }
    const auto [added, is_new] = history->mappings.try_emplace(key_of(mapping));
    if (!is_new) return false;
    MappingState& state = added->second;
    state.end = mapping.valid.end;
    state.start_is_known = start_is_known;
    Device& device = devices_[mapping.device];
    EvictionList& list = state.is_open() ? device.open : device.closed;
    state.eviction = list.insert(list.end(), {history, added});
    ++size_;
    note_change(*history, added);
    return true;
}

void MappingStore::close(const History& history, Mappings::iterator mapping, UtcTime end) {
    MappingState& state = mapping->second;
    Device& device = devices_.find(history.device)->second;
    device.closed.splice(device.closed.end(), device.open, state.eviction);
    state.end = std::max(end, mapping->first.begin);
    note_change(history, mapping);
}

void MappingStore::remove(History& history, Mappings::iterator mapping) {
    // `history` may be deleted below, so its members are used before.
    const auto of_device = devices_.find(history.device);
    Device& device = of_device->second;
    (mapping->second.is_open() ? device.open : device.closed).erase(mapping->second.eviction);
    history.mappings.erase(mapping);
    --size_;
    if (device.size() == 0) devices_.erase(of_device);
    if (!history.mappings.empty()) return;
    const auto of_address = histories_.find(history.outside);
    std::erase_if(of_address->second, [&](const auto& one) { return one.get() == &history; });
    if (of_address->second.empty()) histories_.erase(of_address);
}

void MappingStore::clear() {
    histories_.clear();
    devices_.clear();
    changes_.clear();
    size_ = 0;
}

void MappingStore::note_change(const History& history, Mappings::iterator mapping) {
    if (!changes_.set(history, mapping)) ++evicted_;
}

}  // namespace octroi::nat
