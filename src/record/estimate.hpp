// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// The part of a volume that was concluded from samples, and its variance. All zero if every packet
// was counted. The estimate of a sum of volumes is the sum of their estimates.

#include <compare>
#include <cstdint>
#include <limits>
#include <optional>

#include "base/sampling.hpp"

namespace octroi {

struct Estimate {
    // The part that scaling added: the volume minus this part is the counted volume.
    std::uint64_t bytes = 0;
    std::uint64_t packets = 0;
    // As base/sampling.hpp defines them; saturated at variance_max.
    std::uint64_t bytes_variance = 0;    // KiB²
    std::uint64_t packets_variance = 0;  // packets²

    auto operator<=>(const Estimate&) const = default;

    [[nodiscard]] bool any() const noexcept { return *this != Estimate{}; }

    // bytes and packets do not overflow if the volumes that contain them do not.
    Estimate& operator+=(const Estimate& other) noexcept {
        bytes = saturating(bytes, other.bytes);
        packets = saturating(packets, other.packets);
        bytes_variance = added_variances(bytes_variance, other.bytes_variance);
        packets_variance = added_variances(packets_variance, other.packets_variance);
        return *this;
    }

    // Half the width of the 95 % confidence interval; nullopt: it cannot be stated.
    [[nodiscard]] std::optional<std::uint64_t> bytes_error() const noexcept {
        const std::uint64_t rate = packets == 0 ? 0 : packets_variance / packets;
        std::uint64_t full = 0;
        if (__builtin_mul_overflow(rate, full_packet, &full)) return std::nullopt;
        return error_95(bytes_variance, variance_unit, bytes, full);
    }
    [[nodiscard]] std::optional<std::uint64_t> packets_error() const noexcept {
        return error_95(packets_variance, 1, packets);
    }

private:
    static std::uint64_t saturating(std::uint64_t a, std::uint64_t b) noexcept {
        std::uint64_t sum = 0;
        const bool over = __builtin_add_overflow(a, b, &sum);
        return over ? std::numeric_limits<std::uint64_t>::max() : sum;
    }
};

}  // namespace octroi
