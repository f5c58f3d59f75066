// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// The maps of the kernel that count: two pairs of a map of keys and an array of counts, and the
// state that says which pair the programs use (meter/ebpf/layout.h).

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "base/result.hpp"
#include "host/ebpf/maps.hpp"
#include "host/file.hpp"

namespace octroi {

// Map descriptors, and sizes that the object states.
struct CountMapsLayout {
    int keys = -1;  // maps of maps
    int counts = -1;
    int states = -1;
    std::uint32_t key_octets = 0;
    std::uint32_t state_octets = 0;  // of each processor
    std::uint32_t processors = 0;
};

// An array of states that is in no slot: all octets are 0.
[[nodiscard]] Result<Fd> new_states(const CountMapsLayout& layout);

// One thread. Errors: no_space (memory), failed. The methods are those of EbpfMaps.
class EbpfCountMaps {
public:
    explicit EbpfCountMaps(const CountMapsLayout& layout) : layout_(layout) {}

    // The ids of the maps of keys: that counts, and that has counted.
    [[nodiscard]] Result<std::pair<std::uint32_t, std::uint32_t>> ids() const;
    [[nodiscard]] Status count_in_new_map(std::uint32_t keys_max) const;
    [[nodiscard]] Status drop_map_before() const;
    [[nodiscard]] Result<EbpfRows> read(std::uint32_t map_id) const;
    [[nodiscard]] Status set_settings(std::span<const std::byte> settings) const;
    // The settings stay: the programs forget what they decided.
    [[nodiscard]] Status forget_decisions() const;

private:
    // What a state begins with.
    struct Head {
        std::uint32_t pair = 0;
        std::vector<std::byte> settings;
        bool exists = false;
    };
    [[nodiscard]] Result<Head> head() const;
    [[nodiscard]] Status use(const Head& head) const;

    CountMapsLayout layout_;
};

}  // namespace octroi
