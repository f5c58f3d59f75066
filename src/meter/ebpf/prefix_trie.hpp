// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// The table for the longest prefix match of IPv4 in the kernel, in the form that layout.h states: a
// look-up takes at most three steps. Memory: 256 KiB, and 1 KiB for each /16 and each /24 with
// longer prefixes in it.

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "base/address.hpp"

namespace octroi::ebpf {

struct PrefixValue {
    Prefix prefix;
    std::uint32_t value = 0;  // below OCTROI_CHILD; 0: as if the prefix were absent
};

class PrefixTrie {
public:
    static constexpr std::uint32_t nodes_max = std::uint32_t{1} << 18U;  // 256 MiB

    PrefixTrie();
    // Prefixes must be added shorter ones first. False: there are too many nodes; the prefix is
    // left out, and the shorter ones that contain it apply.
    [[nodiscard]] bool add(const Prefix& prefix, std::uint32_t value);
    [[nodiscard]] std::uint32_t find(const Address& address) const noexcept;
    [[nodiscard]] std::span<const std::uint32_t> entries() const noexcept { return entries_; }

private:
    // The first entry of the node below that entry, which is added if there is none; 0: too many.
    [[nodiscard]] std::size_t node_below(std::size_t entry);

    std::vector<std::uint32_t> entries_;
};

}  // namespace octroi::ebpf
