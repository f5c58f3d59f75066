// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// The connections that this machine translates (NAT), from its connection tracking. A packet of one
// has other addresses where it comes in than where it goes out. This table gives both sights one
// key, with the addresses of the true ends: of the sender as it came in, of the receiver as it went
// out.
//
// Bounds: connections_max connections, at most 400 octets each. Those beyond are not known, and
// their packets count twice; refused() counts them. A connection that has ended is kept for some
// seconds, because its last packets may still be in the rings.

#include <array>
#include <boost/unordered/unordered_flat_map.hpp>
#include <cstdint>
#include <deque>
#include <vector>

#include "base/time.hpp"
#include "meter/capture/sample.hpp"
#include "wire/conntrack/conntrack.hpp"

namespace octroi::capture {

class NatTable {
public:
    static constexpr std::size_t connections_max = std::size_t{1} << 18U;
    static constexpr Duration kept_after_end = Duration::seconds(5);

    explicit NatTable(std::uint64_t seed, std::size_t limit = connections_max)
        : seed_(seed), limit_(limit), index_(0, Hash{seed}) {}

    // A connection begins or is listed. Those without NAT are ignored.
    void add(const conntrack::Connection& connection);
    // uptime: now.
    void end(const conntrack::Connection& connection, Duration uptime);
    // Removes connections that ended a while ago.
    void sweep(Duration uptime);
    // A listing of all connections begins, or is complete: those that it did not contain are gone.
    void begin_listing() noexcept { ++listing_; }
    void end_listing();

    [[nodiscard]] bool empty() const noexcept { return index_.empty(); }
    [[nodiscard]] std::uint64_t refused() const noexcept { return refused_; }

    // Replaces addresses and ports of `key`, which is that of the sample, by those of the true
    // ends. False: the packet belongs to no connection with NAT, and `key` is unchanged. Packets of
    // a fragmented datagram must come in order; later ones have their addresses replaced.
    [[nodiscard]] bool translate(const Sample& sample, packet::FlowKey& key);

private:
    // Addresses, and ports << 32 | protocol, family, ICMP type and code.
    using Words = std::array<std::uint64_t, 5>;
    struct Hash {
        using is_avalanching = void;
        std::uint64_t seed;
        [[nodiscard]] std::uint64_t operator()(const Words& words) const noexcept;
    };
    struct Ends {
        std::array<std::uint64_t, 4> addresses;
        std::uint32_t ports;
    };
    struct Entry {
        conntrack::Connection connection;
        std::uint32_t listing = 0;  // in which it was last seen
        bool used = false;
    };
    struct Ended {
        std::uint32_t slot;
        std::uint32_t id;
        Duration at;
    };
    static constexpr std::size_t datagrams_max = 4096;

    [[nodiscard]] static Words words_of(const Sample& sample) noexcept;
    [[nodiscard]] static Words datagram_of(const Sample& sample) noexcept;
    [[nodiscard]] static Ends ends_of(const conntrack::Connection& connection, bool is_reply);
    [[nodiscard]] static std::array<Words, 4> sights(const conntrack::Connection& connection);
    void remove(std::uint32_t slot);
    void remember_datagram(const Sample& first, const Ends& ends);

    std::uint64_t seed_;
    std::size_t limit_;
    std::vector<Entry> entries_;
    std::vector<std::uint32_t> free_;
    // The four sights of a connection, to slot << 1 | whether it is of the reply.
    boost::unordered_flat_map<Words, std::uint32_t, Hash> index_;
    std::deque<Ended> ended_;
    std::uint32_t listing_ = 0;
    std::uint64_t refused_ = 0;
    // Of later fragments, which have no ports: by addresses, identification and protocol.
    boost::unordered_flat_map<Words, Ends, Hash> datagrams_{0, Hash{seed_}};
    std::deque<Words> datagram_order_;
};

}  // namespace octroi::capture
