// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// The counters of each live connection, as they were posted last. So what a connection has carried
// since then is known, also after a restart of the daemon.
//
// A connection is found by its zones, its id and its original tuple: the kernel uses ids again, and
// equal tuples of two zones are two connections. The table keeps a keyed digest of these (SipHash,
// 128 bits) and no addresses: every message about a connection states them.
//
// One thread. Memory: 83 to 170 octets for each connection, at most `limit` connections. It grows
// by doubling, and needs half as much more while it does.

#include <array>
#include <boost/unordered/unordered_flat_map.hpp>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/byte_cursor.hpp"
#include "base/result.hpp"
#include "base/time.hpp"
#include "wire/conntrack/conntrack.hpp"

namespace octroi::conntrack {

struct ConnectionKey {
    std::uint64_t high = 0;
    std::uint64_t low = 0;

    bool operator==(const ConnectionKey&) const = default;
};

struct PostedConnection {
    Count original;
    Count reply;
    UtcTime start = UtcTime::min();  // as Entry::start
    UtcTime posted_until;            // the counts are those of this time
    std::uint32_t listing = 0;       // in which it was last seen
    // A listing found it. Until that one and the next one are complete, the event of its begin may
    // come late.
    std::uint8_t listings_to_begin = 0;
    // It ended while a listing was read. Until the end of the listing, an entry may still come
    // late.
    bool ended = false;
};

// Of PostedConnection::listings_to_begin: the kernel sends the event some time after it has put the
// connection into its table.
inline constexpr std::uint8_t listings_to_begin_max = 2;

class ConnectionTable {
public:
    // Of the digest. Secret: senders choose addresses and ports, and must not make keys collide.
    using Secret = std::array<std::uint8_t, 16>;

    ConnectionTable(const Secret& secret, std::size_t limit) : secret_(secret), limit_(limit) {}

    [[nodiscard]] ConnectionKey key_of(const Entry& entry) const noexcept;
    // Null: it is not in the table. Valid until the next call of insert().
    [[nodiscard]] PostedConnection* find(const ConnectionKey& key);
    // Ended connections that the table may contain beyond its limit.
    static constexpr std::size_t ended_max = std::size_t{1} << 20U;
    // Null: the table is full.
    [[nodiscard]] PostedConnection* insert(const ConnectionKey& key,
                                           const PostedConnection& posted);
    void erase(const ConnectionKey& key) { connections_.erase(key); }

    // A new listing of all connections begins, and no entry of an earlier one comes any more.
    void begin_listing();
    [[nodiscard]] std::uint32_t listing() const noexcept { return listing_; }
    // The listing is complete. Removes the connections that ended, and those that the last two
    // listings did not contain: one listing may miss a connection, because the kernel changes its
    // table meanwhile. Returns the number of those that were missing for the first time: they may
    // have had packets since they were posted.
    [[nodiscard]] std::uint64_t end_listing();

    [[nodiscard]] std::size_t size() const noexcept { return connections_.size(); }
    [[nodiscard]] const Secret& secret() const noexcept { return secret_; }

    // The largest limit: a state file (meter/state) contains so many.
    static constexpr std::size_t limit_max = 15'000'000;
    // In a state file, for each connection.
    static constexpr std::size_t saved_octets = 68;

    // For a state file: appends the number of octets (32 bits), and these. Ended connections are
    // not in it.
    void append_to(std::string& out) const;
    // saved: the octets behind the number. Errors: corrupt (append_to() did not write it).
    [[nodiscard]] static Result<ConnectionTable> restore(ByteSpan saved, std::size_t limit);

private:
    struct Hash {
        using is_avalanching = void;
        std::size_t operator()(const ConnectionKey& key) const noexcept { return key.low; }
    };

    Secret secret_;
    std::size_t limit_;
    std::uint32_t listing_ = 0;
    boost::unordered_flat_map<ConnectionKey, PostedConnection, Hash> connections_;
};

}  // namespace octroi::conntrack
