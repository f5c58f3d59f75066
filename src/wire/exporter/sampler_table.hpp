// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// The sampling rates that one exporter stated in options data (RFC 5477 section 8, RFC 3954 section
// 6). Each is charged to the exporter.

#include <cstddef>
#include <cstdint>

#include "base/byte_cursor.hpp"
#include "base/time.hpp"
#include "wire/exporter/memory_budget.hpp"
#include "wire/exporter/sampling_rates.hpp"
#include "wire/exporter/seeded_table.hpp"

namespace octroi::exporter {

// What a rate applies to, within one exporter.
struct SamplerId {
    std::uint32_t observation_domain = 0;
    std::uint16_t transport_session = 0;  // as in MessageContext
    SamplerScope scope = SamplerScope::observation_domain;
    std::uint64_t id = 0;

    bool operator==(const SamplerId&) const noexcept = default;
};

class SamplerTable {
public:
    // `memory` must outlive the object.
    SamplerTable(std::uint64_t seed, MemoryShare& memory)
        : memory_(memory), rates_(0, IdHash{SeededHash{seed}}) {}

    // Octets charged for one rate.
    [[nodiscard]] static constexpr std::size_t cost() noexcept {
        return entry_octets<SamplerId, Stated>;
    }
    // Replaces the rate of a known sampler. False: it is not known.
    [[nodiscard]] bool update(const SamplerId& id, std::uint64_t rate, UtcTime received) noexcept;
    // The sampler must not be known.
    void add(const SamplerId& id, std::uint64_t rate, UtcTime received);
    // nullptr: the sampler is not known. Valid until the table changes.
    [[nodiscard]] const std::uint64_t* find(const SamplerId& id) const noexcept {
        const auto found = rates_.find(id);
        return found == rates_.end() ? nullptr : &found->second.rate;
    }
    void drop_transport_session(std::uint16_t transport_session) noexcept;
    // Drops rates of one observation domain that were stated before `time`.
    void drop_stated_before(UtcTime time, std::uint32_t observation_domain,
                            std::uint16_t transport_session) noexcept;

    [[nodiscard]] bool empty() const noexcept { return rates_.empty(); }
    [[nodiscard]] std::size_t size() const noexcept { return rates_.size(); }
    template <typename Visit>
    void each(Visit&& visit) const {
        for (const auto& [id, stated] : rates_) visit(id, stated.rate);
    }

    void save(ByteWriter& to) const;
    // Into an empty object, at most `most` rates. False: not what save() wrote, or too many.
    [[nodiscard]] bool restore(ByteCursor& from, std::size_t most);

private:
    struct IdHash {
        using is_avalanching = void;
        SeededHash hash;
        [[nodiscard]] std::size_t operator()(const SamplerId& key) const noexcept {
            const std::uint64_t first = std::uint64_t{key.transport_session} << 40U |
                                        std::uint64_t{key.observation_domain} << 8U |
                                        static_cast<std::uint64_t>(key.scope);
            return hash(hash(first) ^ key.id);
        }
    };
    struct Stated {
        std::uint64_t rate = 0;
        UtcTime received;  // when it was stated last
    };
    template <typename Condition>
    void drop_if(Condition&& condition) noexcept;

    MemoryShare& memory_;
    boost::unordered_flat_map<SamplerId, Stated, IdHash> rates_;
};

}  // namespace octroi::exporter
