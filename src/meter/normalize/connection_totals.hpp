// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Firewalls (Cisco's NSEL) report a connection while it lives, with what came since the last
// report, and once more when it ends, with its total in the same elements. What the updates of a
// connection said is subtracted from its total; so an update that was lost is in it after all, and
// a connection that ends before its first update counts whole. The time when a connection was
// created is in all its records, so that a number (element 148) may be used again.

#include <boost/unordered/unordered_flat_map.hpp>
#include <cstdint>

#include "base/address.hpp"
#include "base/byte_cursor.hpp"
#include "base/time.hpp"
#include "meter/normalize/flow_identity.hpp"
#include "wire/flow/record_sink.hpp"

namespace octroi::normalize {

class ConnectionTotals {
public:
    // Connections of all exporters together, in each of two generations. Where there are more, the
    // older generation is dropped: the totals of its connections then count whole. Memory: at most
    // 80 MiB.
    static constexpr std::size_t connections_max = std::size_t{1} << 18U;
    // A connection that was not reported for this time, at most twice as long, is dropped. Cisco's
    // firewalls report each minute by default; a connection without traffic is not reported.
    static constexpr Duration idle_max = Duration::hours(2);

    // seed: secret, for the hash tables; has no influence on results.
    explicit ConnectionTotals(std::uint64_t seed)
        : recent_(0, KeyHash{{seed}}), older_(0, KeyHash{{seed}}) {}

    struct Counts {
        std::uint64_t bytes = 0;
        std::uint64_t packets = 0;
    };
    // What a record with Counting::connection adds to the ones before.
    [[nodiscard]] Counts added_by(const flow::MessageContext& context,
                                  const flow::FlowRecord& record);
    // Connections that were dropped because there were too many.
    [[nodiscard]] std::uint64_t evicted() const noexcept { return evicted_; }

    void save(ByteWriter& out) const;
    // False: save() did not write these octets.
    [[nodiscard]] bool restore(ByteCursor& in);

private:
    struct Key {
        Address exporter;
        FlowIdentity connection;  // its distinguisher: element 148
        bool operator==(const Key&) const noexcept = default;
    };
    struct KeyHash {
        FlowIdentityHash hash;
        [[nodiscard]] std::size_t operator()(const Key& key) const noexcept;
    };
    struct Connection {
        Counts reported;     // by its updates, or in all once it has ended
        UtcTime first;       // when it was created, where its records state that; else 1970
        UtcTime last;        // the latest end of a record, by the exporter's clock
        bool ended = false;  // an update that comes later now is late, and is in the total
    };
    using Connections = boost::unordered_flat_map<Key, Connection, KeyHash>;

    [[nodiscard]] static Key key_of(const flow::MessageContext& context,
                                    const flow::FlowRecord& record) noexcept;
    Connection& find(const Key& key, UtcTime now);

    // Two generations: a connection that is reported moves to the recent one, and the older one is
    // dropped as a whole.
    Connections recent_;
    Connections older_;
    UtcTime generation_start_ = UtcTime::min();
    std::uint64_t evicted_ = 0;
};

}  // namespace octroi::normalize
