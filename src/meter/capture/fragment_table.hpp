// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Remembers the first fragments of datagrams, so that later fragments are charged to their flow:
// only the first one has the ports.
//
// A datagram is told by source, destination, VLANs, identification and, in IPv4, the protocol
// (RFC 791 3.2, RFC 8200 4.5). Bounded: at most `limit` datagrams; the one remembered longest makes
// room. One that is older than `timeout` of packet time, or lies ahead by more, is not used. Later
// fragments that come before their first one find nothing.

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>

#include <boost/unordered/unordered_flat_map.hpp>

#include "base/hash.hpp"
#include "base/result.hpp"
#include "base/time.hpp"
#include "wire/packet/packet.hpp"

namespace octroi::capture {

class FragmentTable {
public:
    static constexpr std::size_t limit = 4096;
    // RFC 8200 4.5 gives a datagram 60 s to be whole.
    static constexpr Duration timeout = Duration::seconds(60);

    explicit FragmentTable(std::uint64_t seed) : datagrams_(0, Hash{seed}) {}

    void remember(const packet::Packet& first, UtcTime now);
    // Gives the later fragment the service of its first one; false if that is not known.
    [[nodiscard]] bool resolve(packet::Packet& later, UtcTime now) const;

    [[nodiscard]] std::size_t size() const noexcept { return datagrams_.size(); }
    [[nodiscard]] std::uint64_t evicted() const noexcept { return evicted_; }

    // For the cursor: what is remembered, in its order; entries that have timed out are left out.
    [[nodiscard]] std::string save(UtcTime now) const;
    // Into an empty table. corrupt if save() did not write it.
    [[nodiscard]] Status restore(std::string_view saved);

private:
    struct Key {
        std::array<std::uint64_t, 6> words;
        bool operator==(const Key&) const noexcept = default;
    };
    struct Hash {
        std::uint64_t seed;
        std::size_t operator()(const Key& key) const noexcept {
            std::uint64_t h = seed;
            for (const std::uint64_t word : key.words) h = mix(h ^ word, mix_a ^ seed);
            return h;
        }
    };
    struct First {
        std::uint64_t service;  // proto | icmp type and code | ports, see service_of
        std::int64_t time;
    };
    [[nodiscard]] static Key key_of(const packet::Packet& packet) noexcept;

    boost::unordered_flat_map<Key, First, Hash> datagrams_;
    std::deque<Key> order_;  // of being remembered; each datagram once
    std::uint64_t evicted_ = 0;
};

}  // namespace octroi::capture
