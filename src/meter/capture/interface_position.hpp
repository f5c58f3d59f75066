// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// What a live capture remembers of an interface: Cursor::position of a source "interface:<name>".
// Packets cannot be given again, but the kernel goes on counting: the difference of its counters
// bounds what passed while nobody listened.
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

    // The counters of both are of the same interface, and none was set back between them.
    [[nodiscard]] bool comparable_with(const InterfacePosition& later) const noexcept {
        return boot == later.boot && index == later.index && bytes <= later.bytes &&
               packets <= later.packets;
    }
};

}  // namespace octroi::capture
