// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>

#include "base/address.hpp"
#include "base/hash.hpp"

namespace octroi::normalize {

struct AddressHash {
    [[nodiscard]] std::size_t operator()(const Address& address) const noexcept {
        const auto [high, low] = address.words();
        return mix(high ^ mix_a, mix(low ^ mix_b, mix_c));
    }
};

}  // namespace octroi::normalize
