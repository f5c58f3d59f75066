// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Which MAC address each neighbour has, from the entries of the kernel, and the events that follow.
// No clock and no socket. One thread.
//
// An entry counts when the kernel has a proof: the state REACHABLE (the host answered a request
// of the kernel within the last 15 to 45 seconds, or a transport confirmed the path; RFC 4861
// section 7.3) or PERMANENT (the administrator wrote it). STALE alone is no proof: the kernel
// enters the sender of any ARP request and any neighbour solicitation as STALE, also a forged one.
// A neighbour that was proven stays one in the states STALE, DELAY and PROBE, with the same MAC
// address.

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <vector>

#include "base/address.hpp"
#include "base/time.hpp"
#include "host/neighbour_table.hpp"
#include "record/counter.hpp"
#include "record/identity_event.hpp"

namespace octroi::neighbours {

struct NeighbourPolicy {
    std::vector<Prefix> networks;  // addresses that count; empty: all
    // An event holds that long, in case that the meter sees no more. It is repeated when half of
    // the time has passed.
    Duration valid_for = Duration::hours(24);
    // A neighbour that has gone for that long holds its address no longer.
    Duration gone_after = Duration::minutes(10);
    std::size_t limit = 65'536;  // addresses that are known at a time; more are not used
    // Of these, addresses of one MAC address: one host of IPv6 may use all of its /64.
    std::size_t limit_of_a_mac = 256;
};

// KnownNeighbours::counters() has these in this order.
inline constexpr std::array<CounterInfo, 5> neighbour_counters = {{
    {"neighbours_known", "Addresses with a MAC address that the kernel has proof of."},
    {"neighbours_changed_total", "Addresses that came with another MAC address than before."},
    {"neighbours_unproven_total",
     "Entries and changes that did not count because the kernel has no proof of them."},
    {"neighbours_refused_total",
     "Times that an address was not used: beyond the limit of known neighbours, or the MAC address "
     "has 256 others."},
    {"neighbours_lost_total", "Times that the kernel dropped changes; the tables were read again."},
}};

class KnownNeighbours {
public:
    explicit KnownNeighbours(NeighbourPolicy policy) : policy_(std::move(policy)) {}

    // Entries of a listing of both tables stand between these two. A known neighbour that is not
    // among them has gone. uptime: of a clock that never steps back.
    void begin_listing() { ++listing_; }
    void end_listing(Duration uptime);
    // An entry or a change. wall: the present time, which the events have.
    void on_entry(const NeighbourEntry& entry, UtcTime wall, Duration uptime);
    // The holders that have gone long enough, and events that must be repeated.
    void expire(UtcTime wall, Duration uptime);
    // Changes were lost.
    void on_loss() { ++lost_; }

    // The events since the last call.
    [[nodiscard]] std::vector<IdentityEvent> drain_events();
    [[nodiscard]] std::vector<CounterValue> counters() const;
    [[nodiscard]] std::size_t size() const noexcept { return known_.size(); }

private:
    struct Known {
        Mac mac;
        int interface = 0;
        Duration stated;                     // uptime of the last event
        std::optional<Duration> gone_since;  // uptime
        std::uint64_t listing = 0;           // that had it last
    };
    [[nodiscard]] bool is_of_interest(const NeighbourEntry& entry) const;
    void on_proof(const NeighbourEntry& entry, UtcTime wall, Duration uptime);
    void state(const Address& address, Known& known, UtcTime wall, Duration uptime);
    void remove_from_mac(const Mac& mac);

    NeighbourPolicy policy_;
    std::map<Address, Known> known_;
    std::map<Mac, std::size_t> addresses_;  // of each MAC address in known_
    std::vector<IdentityEvent> events_;
    std::uint64_t listing_ = 0;
    std::uint64_t changed_ = 0;
    std::uint64_t unproven_ = 0;
    std::uint64_t refused_ = 0;
    std::uint64_t lost_ = 0;
};

}  // namespace octroi::neighbours
