// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Counts with their unit in the type: adding Bytes to Packets, or comparing them, does not compile.
//
// Every addition here is checked. The hot path adds plain std::uint64_t where a bound proves that
// the sum cannot overflow: 2^64 bytes are 58 years of traffic at 80 Gbit/s.

#include <compare>
#include <cstdint>
#include <optional>

#include "base/check.hpp"

namespace octroi {

// nullopt: the sum needs more than 64 bits.
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

    // Overflow, and a negative difference, are bugs here and abort. Use checked_add() on the values
    // for figures that come from input or from a database.
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

// The counts of one row. Bytes are layer 3 (IP header included) for packets and flows, and layer 7
// for logs.
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
