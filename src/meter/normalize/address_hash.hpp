// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>

#include "base/address.hpp"
#include "base/hash.hpp"

namespace octroi::normalize {

struct AddressHash {
    [[nodiscard]] std::size_t operator()(const Address& address) const noexcept {
        const auto [high, low] = std::bit_cast<std::array<std::uint64_t, 2>>(address.octets);
        return mix(high ^ mix_a, mix(low ^ mix_b, mix_c));
    }
};

// Like ==, but without a call of memcmp: this is on the path of every record.
[[nodiscard]] inline bool is_same(const Address& a, const Address& b) noexcept {
    using Words = std::array<std::uint64_t, 2>;
    return std::bit_cast<Words>(a.octets) == std::bit_cast<Words>(b.octets) && a.family == b.family;
}

}  // namespace octroi::normalize
