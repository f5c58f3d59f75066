// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <type_traits>
#include <utility>

#include "base/check.hpp"

namespace octroi {

// Converts between integer types. A value that the target type cannot represent is a bug: aborts.
template <typename To, typename From>
[[nodiscard]] constexpr To narrow(From value) noexcept {
    static_assert(std::is_integral_v<To> && std::is_integral_v<From>);
    CHECK(std::in_range<To>(value));
    return static_cast<To>(value);
}

}  // namespace octroi
