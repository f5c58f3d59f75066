// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <type_traits>
#include <utility>

#include "base/check.hpp"

namespace octroi {

// A conversion between integer types that must keep the value: it is a bug if it does not.
template <typename To, typename From>
[[nodiscard]] constexpr To narrow(From value) noexcept {
    static_assert(std::is_integral_v<To> && std::is_integral_v<From>);
    CHECK(std::in_range<To>(value));
    return static_cast<To>(value);
}

}  // namespace octroi
