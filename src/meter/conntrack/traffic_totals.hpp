// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// An upper bound of what connections have carried and readings do not contain, from counters of the
// network namespace.
//
// Connection tracking sees each packet once: when it comes in, or when the machine generates it. So
// all connections together have carried at most
//
//     received IP packets, without loopback + generated IP packets
//
// and the missing volume is at most that, less the posted one. A forwarded packet is in it once.
// The counters of the IP layer count the same packets as connection tracking does (merged by GRO,
// no link header), so the bound is 0 where all packets belong to connections that were posted. It
// is too high by:
//
// - packets without a connection: invalid or untracked ones, broadcasts;
// - for generated packets, of which only the number is known: 65,535 octets for each packet that
//   was not posted, and at most what all packets that left had;
// - where a fast path exists (a flowtable, or connection tracking in a bridge), the IP layer does
//   not see all packets. Then the received octets are those of all interfaces: with link headers,
//   and a packet counts at each interface that it comes in on, as for VLAN devices and bridges;
// - what live connections have carried since they were read: loss_tracker.hpp waits for a listing
//   during which little of that passes.
//
// It is never too low, except for: a generated packet of more than 65,535 octets (BIG TCP); one
// that a rule of the OUTPUT hook drops, which no network carried; the inner packets of IPsec in
// transport mode, which the IP layer does not count again; a hardware offload the driver of which
// does not count at the interface.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/byte_cursor.hpp"
#include "host/interfaces.hpp"
#include "wire/conntrack/ip_totals.hpp"

namespace octroi::conntrack {

// What readings contain.
struct PostedVolume {
    Count all;
    Count generated;  // of these: with a source that is an address of this machine

    bool operator==(const PostedVolume&) const = default;
};

class TrafficTotals {
public:
    TrafficTotals() = default;
    // ip: nullopt: the kernel does not state them; then the interfaces alone are used.
    TrafficTotals(const std::vector<Interface>& interfaces, const std::optional<IpTotals>& ip,
                  bool has_fast_path);

    // What connections may have carried from these totals to later ones that is not in `posted`.
    // nullopt: it is not known, because counters began again or an interface is gone.
    [[nodiscard]] std::optional<Count> unposted(const TrafficTotals& later,
                                                const PostedVolume& posted) const;

    void save(ByteWriter& out) const;
    // False: save() did not write it.
    [[nodiscard]] bool restore(ByteCursor& in);

private:
    struct One {
        std::string name;
        std::uint32_t index = 0;
        Count received;
        Count sent;
    };
    [[nodiscard]] std::optional<Count> interface_increase(const TrafficTotals& later,
                                                          Count One::* direction) const;

    std::vector<One> interfaces_;  // without loopback
    Count loopback_;               // octets of IP packets
    std::optional<IpTotals> ip_;
    bool has_fast_path_ = false;
};

}  // namespace octroi::conntrack
