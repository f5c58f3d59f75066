// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// The service of fragmented datagrams: only the first fragment contains the ports, so later ones
// get them from here.
//
// The key of a datagram: source, destination, VLANs, identification and, in IPv4, the protocol (RFC
// 791 section 3.2, RFC 8200 section 4.5). At most `limit` datagrams; the one that was stored first
// is evicted. An entry that is older than `timeout` of packet time, or ahead by more, is not used.
// Later fragments that arrive before their first one find nothing.

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
    // RFC 8200 section 4.5: a datagram must be complete within 60 s.
    static constexpr Duration timeout = Duration::seconds(60);

    explicit FragmentTable(std::uint64_t seed) : datagrams_(0, Hash{seed}) {}

    // now: packet time, here and below.
    void store(const packet::Packet& first, UtcTime now);
    // Gives a later fragment the service of its first one. False: that is not in the table.
    [[nodiscard]] bool resolve(packet::Packet& later, UtcTime now) const;

    [[nodiscard]] std::size_t size() const noexcept { return datagrams_.size(); }
    // Datagrams evicted before their timeout.
    [[nodiscard]] std::uint64_t evicted() const noexcept { return evicted_; }

    // The entries that have not timed out, for the cursor.
    [[nodiscard]] std::string save(UtcTime now) const;
    // Into an empty table. Errors: corrupt (save() did not write it).
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
    std::deque<Key> order_;  // of storing; each datagram once
    std::uint64_t evicted_ = 0;
};

}  // namespace octroi::capture
