// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// The rows of a meter's names that one exporter uses for one kind of key (ifIndex, address of a
// next hop), in the order of their last use, behind a small direct-mapped cache. A use that the
// cache answers does not change the order, so the key of a row in the cache counts as used.

#include <array>
#include <boost/unordered/unordered_flat_map.hpp>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include "base/check.hpp"
#include "record/name.hpp"

namespace octroi::normalize {

// Traits: Key, Hash, and `place(key)` (any number, few equal ones).
template <typename Traits>
class NamePool {
public:
    using Key = typename Traits::Key;
    static constexpr std::size_t cached_max = 64;

    struct Cached {
        Key key{};
        NameRef name = no_name;
    };
    // The place of the cache for that key. The caller replaces its entry with set_cached().
    [[nodiscard]] const Cached& cached(const Key& key) const noexcept {
        return cache_[Traits::place(key) % cached_max];
    }
    void set_cached(const Key& key, NameRef name) {
        Cached& place = cache_[Traits::place(key) % cached_max];
        if (place.name != no_name) static_cast<void>(find(place.key));
        place = {key, name};
    }
    // The row of that key, used now; no_name: none.
    [[nodiscard]] NameRef find(const Key& key) {
        const auto known = places_.find(key);
        if (known == places_.end()) return no_name;
        unlink(known->second);
        link(known->second);
        return slots_[known->second].name;
    }
    // Requires that the key has no row.
    void add(const Key& key, NameRef name) {
        std::uint32_t place = free_;
        if (place == none) {
            place = static_cast<std::uint32_t>(slots_.size());
            slots_.emplace_back();
        } else {
            free_ = slots_[place].older;
        }
        slots_[place] = {key, name, none, none};
        places_.emplace(key, place);
        link(place);
    }
    // Removes the key that was not used for the longest time. Requires size() > 0.
    [[nodiscard]] NameRef remove_oldest() {
        CHECK(size() > 0);
        // At most cached_max keys are in the cache.
        for (std::size_t i = 0;
             i < cached_max && cached(slots_[oldest_].key).key == slots_[oldest_].key; ++i)
            static_cast<void>(find(slots_[oldest_].key));
        const std::uint32_t place = oldest_;
        const Slot removed = slots_[place];
        Cached& in_cache = cache_[Traits::place(removed.key) % cached_max];
        if (in_cache.key == removed.key) in_cache = {};
        unlink(place);
        places_.erase(removed.key);
        slots_[place].older = std::exchange(free_, place);
        return removed.name;
    }
    [[nodiscard]] std::size_t size() const noexcept { return places_.size(); }

private:
    static constexpr std::uint32_t none = 0xFFFFFFFFU;
    struct Slot {
        Key key{};
        NameRef name = no_name;
        std::uint32_t newer = none;
        std::uint32_t older = none;  // of a free slot: the next free one
    };

    void unlink(std::uint32_t place) noexcept {
        const Slot& slot = slots_[place];
        (slot.newer == none ? newest_ : slots_[slot.newer].older) = slot.older;
        (slot.older == none ? oldest_ : slots_[slot.older].newer) = slot.newer;
    }
    void link(std::uint32_t place) noexcept {
        slots_[place].newer = none;
        slots_[place].older = newest_;
        (newest_ == none ? oldest_ : slots_[newest_].newer) = place;
        newest_ = place;
    }

    std::array<Cached, cached_max> cache_{};
    boost::unordered_flat_map<Key, std::uint32_t, typename Traits::Hash> places_;
    std::vector<Slot> slots_;
    std::uint32_t newest_ = none;
    std::uint32_t oldest_ = none;
    std::uint32_t free_ = none;
};

}  // namespace octroi::normalize
