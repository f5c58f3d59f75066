// SPDX-License-Identifier: GPL-3.0-or-later
#include "meter/radius/session_volume.hpp"

#include "meter/cumulative/possible_increase.hpp"

namespace octroi::radius_meter {

using radius::SessionVolume;

namespace {

constexpr std::uint64_t octets_of_a_wrap = std::uint64_t{1} << 32U;

std::uint64_t packets_since(std::uint64_t before, std::uint64_t now) {
    return static_cast<std::uint32_t>(now - before);
}

// Both directions share the link.
bool is_possible_volume(const SessionVolume& by, Duration time, std::uint64_t bits_per_second) {
    if (by.input_octets > UINT64_MAX - by.output_octets) return false;
    return cumulative::is_possible(
        {by.input_octets + by.output_octets, by.input_packets + by.output_packets}, time,
        bits_per_second);
}

// As if the octets had wrapped, where they are smaller.
SessionVolume unwrapped(const SessionVolume& before, const SessionVolume& now) {
    const auto since = [](std::uint64_t a, std::uint64_t b) {
        return b >= a ? b - a : b + octets_of_a_wrap - a;
    };
    return {since(before.input_octets, now.input_octets),
            since(before.output_octets, now.output_octets),
            packets_since(before.input_packets, now.input_packets),
            packets_since(before.output_packets, now.output_packets), now.has_gigawords};
}

}  // namespace

VolumeIncrease volume_increase(const SessionVolume& before, const SessionVolume& now, Duration time,
                               std::uint64_t bits_per_second) {
    const bool is_smaller =
        now.input_octets < before.input_octets || now.output_octets < before.output_octets;
    const bool may_wrap = !now.has_gigawords && before.input_octets < octets_of_a_wrap &&
                          before.output_octets < octets_of_a_wrap;
    VolumeIncrease increase;
    if (!is_smaller || may_wrap) increase.by = unwrapped(before, now);
    if (is_smaller && !(may_wrap && is_possible_volume(increase.by, time, bits_per_second))) {
        increase.by = now;
        increase.has_begun_again = true;
    }
    increase.is_implausible = !is_possible_volume(increase.by, time, bits_per_second);
    return increase;
}

}  // namespace octroi::radius_meter
