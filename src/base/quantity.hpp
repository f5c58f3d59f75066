// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Counts with a unit in their type: Bytes and Packets cannot be mixed up.
// Additions that could overflow are checked; on the hot path raw std::uint64_t is summed where a
// bound shows that it cannot overflow (2^64 bytes are 58 years at 80 Gbit/s).

#include <compare>
#include <cstdint>
#include <optional>

#include "base/check.hpp"

namespace octroi {

[[nodiscard]] constexpr std::optional<std::uint64_t> checked_add(std::uint64_t a,
                                                                 std::uint64_t b) noexcept {
    std::uint64_t sum = 0;
    if (__builtin_add_overflow(a, b, &sum)) return std::nullopt;
    return sum;
}

template <typename Tag>
class Quantity {
public:
    constexpr Quantity() noexcept = default;
    constexpr explicit Quantity(std::uint64_t value) noexcept : value_(value) {}

    [[nodiscard]] constexpr std::uint64_t value() const noexcept { return value_; }
    constexpr auto operator<=>(const Quantity&) const noexcept = default;

    // Overflow is a bug here: whoever adds untrusted figures uses checked_add on the values.
    constexpr Quantity& operator+=(Quantity other) noexcept {
        const auto sum = checked_add(value_, other.value_);
        CHECK(sum.has_value());
        value_ = *sum;
        return *this;
    }
    constexpr Quantity& operator-=(Quantity other) noexcept {
        CHECK(other.value_ <= value_);
        value_ -= other.value_;
        return *this;
    }
    [[nodiscard]] friend constexpr Quantity operator+(Quantity a, Quantity b) noexcept {
        return a += b;
    }
    [[nodiscard]] friend constexpr Quantity operator-(Quantity a, Quantity b) noexcept {
        return a -= b;
    }

private:
    std::uint64_t value_ = 0;
};

using Bytes = Quantity<struct BytesTag>;
using Packets = Quantity<struct PacketsTag>;
using Flows = Quantity<struct FlowsTag>;

// What a row counts. Bytes are layer 3 (IP header on) for packets and flows, layer 7 for logs.
struct Volume {
    Bytes bytes;
    Packets packets;
    Flows flows;

    constexpr auto operator<=>(const Volume&) const noexcept = default;
    constexpr Volume& operator+=(const Volume& other) noexcept {
        bytes += other.bytes;
        packets += other.packets;
        flows += other.flows;
        return *this;
    }
};

}  // namespace octroi
