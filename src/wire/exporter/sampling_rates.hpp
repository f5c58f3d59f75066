// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Sampling rates that exporters stated in options data, as a plain value: what one pass over a file
// learned and the next one uses.

#include <cstdint>
#include <vector>

#include "base/address.hpp"

namespace octroi::exporter {

// What a rate applies to. Snapshots hold these values.
enum class SamplerScope : std::uint8_t {
    selector = 0,            // a sampler or selector id (elements 48 and 302)
    interface = 1,           // an ifIndex
    template_ = 2,           // a template id
    observation_domain = 3,  // all of the observation domain; the id is 0
};

struct SamplerKey {
    Address exporter;
    std::uint32_t observation_domain = 0;
    std::uint16_t transport_session = 0;  // as in MessageContext
    SamplerScope scope = SamplerScope::observation_domain;
    std::uint64_t id = 0;

    auto operator<=>(const SamplerKey&) const noexcept = default;
};

class SamplingRates {
public:
    struct Entry {
        SamplerKey key;
        std::uint64_t rate = 0;  // 1 in `rate` packets
    };

    // Entries in any order; of entries with equal keys the last one counts.
    explicit SamplingRates(std::vector<Entry> entries = {});
    // 0: no rate is known.
    [[nodiscard]] std::uint64_t find(const SamplerKey& key) const noexcept;
    // Of a selector or an interface: the rate that all observation domains state which know the id.
    // 0: none does, or they differ. The domain of the key has no meaning.
    [[nodiscard]] std::uint64_t find_in_any_domain(const SamplerKey& key) const noexcept;
    [[nodiscard]] const std::vector<Entry>& entries() const noexcept { return entries_; }
    [[nodiscard]] bool empty() const noexcept { return entries_.empty(); }

private:
    void list_shared();

    std::vector<Entry> entries_;  // by key, ascending
    // Of all observation domains together, with domain 0, by key; rate 0: they differ.
    std::vector<Entry> in_any_domain_;
};

}  // namespace octroi::exporter
