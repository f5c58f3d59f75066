// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Makes readings of the increase of a connection: one for each direction that carried packets.
//
// The ends are those behind NAT: the source of the original direction and the source of the reply.
// With SNAT the first is the inside host, and with DNAT the second is the inside server. So an
// account is found by its inner address.

#include <array>
#include <cstdint>
#include <vector>

#include "record/reading_sink.hpp"
#include "record/volume_limits.hpp"
#include "wire/conntrack/conntrack.hpp"

namespace octroi::conntrack {

// What both directions have carried in [first, last].
struct ConnectionIncrease {
    UtcTime first;
    UtcTime last;
    Count original;
    Count reply;
    bool begins_original = false;  // these are the first packets of the direction
    bool begins_reply = false;
    Duration before_first{};  // `first` may be so much too late
    // Packets and bytes contradict each other.
    bool is_contradictory = false;
};

// One thread.
class ConnectionReadings {
public:
    // link_bits_per_second: a reading with more than such a link carries is implausible.
    explicit ConnectionReadings(std::uint64_t link_bits_per_second)
        : link_bits_per_second_(link_bits_per_second) {}

    // Set it before each pull. The sink must outlive the calls of add() and flush().
    void set_sink(ReadingSink& sink) noexcept { sink_ = &sink; }
    // Returns what this machine generated of the increase: the directions from its own addresses.
    Count add(const Connection& connection, const ConnectionIncrease& increase);
    // The same, without a reading.
    [[nodiscard]] Count generated(const Connection& connection,
                                  const ConnectionIncrease& increase) const;
    void flush();

    // The volume of the readings since the last call.
    [[nodiscard]] Volume drain_observed() noexcept { return observed_.drain(); }
    [[nodiscard]] std::uint64_t implausible() const noexcept { return implausible_; }

    // Addresses of this machine, sorted. A connection between two of them leaves no reading,
    // because no network carries it; except between loopback addresses, which attribution excludes.
    void set_own_addresses(std::vector<Address> sorted) { own_addresses_ = std::move(sorted); }
    [[nodiscard]] std::uint64_t own_bytes() const noexcept { return own_bytes_; }

private:
    void add_direction(const Tuple& from, const Tuple& to, const Count& count, bool begins,
                       const ConnectionIncrease& increase);
    [[nodiscard]] bool is_own(const Address& address) const;

    std::uint64_t link_bits_per_second_;
    ReadingSink* sink_ = nullptr;
    std::array<Reading, 256> readings_;
    std::size_t waiting_ = 0;
    ObservedVolume observed_;
    std::vector<Address> own_addresses_;
    std::uint64_t implausible_ = 0;
    std::uint64_t own_bytes_ = 0;
};

}  // namespace octroi::conntrack
