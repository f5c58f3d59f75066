// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/sampling.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <limits>

namespace octroi {
namespace {

// Octets at layer 3 of a TCP acknowledgement without options over IPv4. Smaller packets are rare; a
// mean below this value then replaces it.
constexpr std::uint64_t smallest = 40;
// The largest packet of a link: Ethernet, Ethernet with jumbo frames, any IP packet. The kind of
// link is not known, so the smallest value that the mean does not exceed is used.
constexpr std::array<std::uint64_t, 3> largest = {full_packet, 9216, 65535};

// 1.96 standard deviations, in hundredths: 95 % of a normal distribution.
constexpr Uint128 deviations = 196;
constexpr Uint128 hundredths = 100;
// The greatest weight of one counted packet: a rate of 2^32 and a packet of 2^16 octets. It keeps
// the products below within 128 bits.
constexpr Uint128 weight_max = Uint128{1} << 48U;

// The square root, rounded up, by bisection. `value` is below 2^126.
Uint128 square_root(Uint128 value) noexcept {
    Uint128 low = 0;
    Uint128 high = Uint128{1} << 63U;
    while (low < high) {
        const Uint128 middle = (low + high) / 2;
        if (middle * middle < value)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

}  // namespace

std::uint64_t weighted_size_bound(std::uint64_t bytes, std::uint64_t packets) noexcept {
    if (bytes == 0) return 0;
    if (packets == 0) return largest.front();
    if (packets == 1) return std::min(bytes, largest.back());
    const std::uint64_t mean = bytes / packets + (bytes % packets != 0 ? 1 : 0);
    const std::uint64_t min = std::min(smallest, mean);
    for (const std::uint64_t max : largest) {
        if (mean > max) continue;
        const Uint128 less = Uint128{packets} * max * min / bytes;
        return less < max + min - mean ? static_cast<std::uint64_t>(max + min - less) : mean;
    }
    // The mean exceeds the largest IP packet, so the two counts are not of the same packets.
    return largest.back();
}

// The score interval: all true values T for which the figure found is at most 1.96 standard
// deviations *of T* away, that is (T - found)² <= 1.96² k T, where k is the weight of one counted
// packet. The interval reaches further up than down; the larger distance is used for both sides.
// 1.96 standard deviations of the sample itself would be right for many packets, and much too small
// for ten.
std::optional<std::uint64_t> error_95(std::uint64_t variance, std::uint64_t unit,
                                      std::uint64_t added, std::uint64_t weight_min) noexcept {
    if (variance >= variance_max) return std::nullopt;
    if (variance == 0) return 0;
    const Uint128 whole = Uint128{variance} * unit;
    // variance / added is the weight: the rate for packets, rate times size for bytes. For a sum of
    // readings it is the mean weight, in which the readings that scaling enlarged most count most.
    const Uint128 mean = added == 0 ? weight_max : (whole + added - 1) / added;
    const Uint128 weight = std::min(std::max(mean, Uint128{weight_min}), weight_max);
    const Uint128 linear = deviations * deviations * weight;
    const Uint128 root = square_root(4 * hundredths * hundredths * whole + linear * weight);
    const Uint128 divisor = 2 * hundredths * hundredths;
    const Uint128 error = (linear + deviations * root + divisor - 1) / divisor;
    constexpr Uint128 most = std::numeric_limits<std::uint64_t>::max();
    return static_cast<std::uint64_t>(std::min(error, most));
}

}  // namespace octroi
