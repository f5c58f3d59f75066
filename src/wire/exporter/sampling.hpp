// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Which sampling rate applies to a record that does not say so itself.

#include <cstdint>
#include <vector>

#include "base/address.hpp"

namespace octroi::exporter {

// What options data said a rate applies to.
enum class SamplerScope : std::uint8_t {
    selector = 0,            // sampler or selector id (elements 48, 302)
    interface = 1,           // ifIndex
    template_ = 2,           // template id
    observation_domain = 3,  // all of the domain
};

struct SamplerKey {
    Address exporter;
    std::uint32_t observation_domain = 0;
    std::uint16_t transport_session = 0;  // MessageContext::session
    SamplerScope scope = SamplerScope::observation_domain;
    std::uint64_t id = 0;

    auto operator<=>(const SamplerKey&) const noexcept = default;
};

// A plain value, in ascending order of the keys: what one pass over a file learned.
class SamplingTable {
public:
    struct Entry {
        SamplerKey key;
        std::uint64_t rate = 0;  // 1 in `rate` packets
    };

    // Entries in any order; of equal keys the last counts.
    explicit SamplingTable(std::vector<Entry> entries = {});
    // 0 when there is none.
    [[nodiscard]] std::uint64_t find(const SamplerKey& key) const noexcept;
    [[nodiscard]] const std::vector<Entry>& entries() const noexcept { return entries_; }
    [[nodiscard]] bool empty() const noexcept { return entries_.empty(); }

private:
    std::vector<Entry> entries_;
};

}  // namespace octroi::exporter
