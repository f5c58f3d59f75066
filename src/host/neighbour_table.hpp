// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// The neighbour tables of this network namespace (ARP, IPv6 neighbour discovery) as a listing, and
// an event for each change: rtnetlink(7), RTM_GETNEIGH, RTM_NEWNEIGH, RTM_DELNEIGH.

#include <cstdint>
#include <memory>

#include "base/address.hpp"
#include "base/result.hpp"
#include "base/time.hpp"

namespace octroi {

// linux/neighbour.h, NUD_*; the numbers are those of the kernel.
enum class NeighbourState : std::uint16_t {
    none = 0x00,
    incomplete = 0x01,
    reachable = 0x02,
    stale = 0x04,
    delay = 0x08,
    probe = 0x10,
    failed = 0x20,
    no_arp = 0x40,
    permanent = 0x80,
};

struct NeighbourEntry {
    int interface = 0;  // index
    Address address;
    Mac mac;  // empty: the kernel has none, or it is not an Ethernet address
    NeighbourState state = NeighbourState::none;
    bool is_router = false;   // IPv6: it says so (NTF_ROUTER)
    bool is_removed = false;  // RTM_DELNEIGH
};

// One thread at a time. No call blocks, where none says otherwise.
class NeighbourSource {
public:
    using Handler = void (*)(void* context, const NeighbourEntry& entry);

    virtual ~NeighbourSource() = default;
    // Calls the handler for each entry of both tables. Blocks until the kernel has listed them:
    // about a millisecond for a thousand entries.
    [[nodiscard]] virtual Status list(Handler handler, void* context) = 0;
    // Calls the handler for the changes that wait, at most changes_of_a_read. False: changes were
    // lost, because too many waited; the caller lists the tables again.
    static constexpr int changes_of_a_read = 4096;
    [[nodiscard]] virtual Result<bool> read(Handler handler, void* context) = 0;
    // Blocks until read() has something, at most for `wait`. May return early.
    virtual void wait(Duration wait) = 0;
};

// Of this network namespace. Needs no privilege. Errors: failed (no netlink socket).
[[nodiscard]] Result<std::unique_ptr<NeighbourSource>> open_neighbours();

}  // namespace octroi
