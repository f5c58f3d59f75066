// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Which exporter is evicted first. Source addresses can be forged and a few records too, so an
// exporter has one of three standings by the records it sent; of one standing the exporter that was
// silent longest goes first. Finding it takes constant time.
//
// Holds no exporter: each must stay where it is between add() and remove().

#include <array>
#include <cstdint>
#include <list>

#include "base/time.hpp"
#include "wire/exporter/exporter_state.hpp"
#include "wire/exporter/limits.hpp"

namespace octroi::exporter {

class EvictionOrder {
public:
    // `limits` must outlive the object.
    explicit EvictionOrder(const Limits& limits) : limits_(limits) {}

    void add(Exporter& exporter);
    // To be called when a message of the exporter was received: it is the last to go of its
    // standing, which may have changed.
    void touch(Exporter& exporter) noexcept;
    void remove(Exporter& exporter) noexcept;

    // The exporter to evict now, never `except`. nullptr: all others are protected, by Limits
    // idle_ns and few_idle_ns. Times after `now` (our clock was set back) become `now`.
    [[nodiscard]] Exporter* candidate(UtcTime now, const Exporter* except) noexcept;

    // In the order of eviction.
    template <typename Visit>
    void each(Visit&& visit) const {
        for (const auto& ring : rings_)
            for (Exporter* exporter : ring) visit(*exporter);
    }

private:
    // By records sent: none, fewer than Limits::few_records, more. The first are evicted first.
    enum Standing : std::uint8_t { no_records, few_records, established, standings };
    using Ring = std::list<Exporter*>;  // longest silent first

    [[nodiscard]] Standing standing_of(const Exporter& exporter) const noexcept;
    [[nodiscard]] Exporter* silent_for(Duration least, Ring& ring, UtcTime now,
                                       const Exporter* except) const noexcept;

    const Limits& limits_;
    std::array<Ring, standings> rings_;
};

}  // namespace octroi::exporter
