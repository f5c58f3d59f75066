// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Recognises an event of an end that the kernel sends again. Where a program asks for reliable
// events (NETLINK_BROADCAST_ERROR, as conntrackd and ulogd2 can) and its buffer is full, the kernel
// repeats the event to all readers until that program has it.
//
// Bounded: a table of digests, 2 MiB. An event is dropped when a later one takes its place, on
// average after some 260,000 others.

#include <cstdint>
#include <vector>

#include "meter/conntrack/connection_table.hpp"

namespace octroi::conntrack {

// One thread.
class RecentEnds {
public:
    RecentEnds() : digests_(slots) {}

    // True: an event with this key, start, end and these counters was added before.
    [[nodiscard]] bool add(const ConnectionKey& key, const Entry& entry);
    // Another connection with this key began: its end may state the same.
    void remove(const ConnectionKey& key) { digests_[slot_of(key)] = 0; }

private:
    static constexpr std::size_t slots = std::size_t{1} << 18U;
    [[nodiscard]] static std::size_t slot_of(const ConnectionKey& key) noexcept {
        return static_cast<std::size_t>(key.low) % slots;
    }

    std::vector<std::uint64_t> digests_;  // 0: none
};

}  // namespace octroi::conntrack
