// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// The counters of an interface at a moment: Cursor::position of a source "interface:<name>". A live
// capture cannot be repeated, but the kernel goes on counting: the difference of its counters
// bounds the traffic while nobody captured.
//
// Format, all numbers most significant octet first: u8 format (1), text boot id, u32 interface
// index, u64 octets, u64 packets (received and sent, since the interface exists), u64 time (ns).

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "base/time.hpp"
#include "host/interfaces.hpp"

namespace octroi::capture {

struct InterfacePosition {
    std::string boot;
    std::uint32_t index = 0;
    std::uint64_t bytes = 0;
    std::uint64_t packets = 0;
    UtcTime time;

    [[nodiscard]] static InterfacePosition of(const Interface& interface, std::string boot,
                                              UtcTime time);
    [[nodiscard]] std::string save() const;
    [[nodiscard]] static Result<InterfacePosition> parse(std::string_view saved);

    // Whether both are of the same interface and boot, and no counter was set back in between.
    [[nodiscard]] bool comparable_with(const InterfacePosition& later) const noexcept {
        return boot == later.boot && index == later.index && bytes <= later.bytes &&
               packets <= later.packets;
    }
};

}  // namespace octroi::capture
