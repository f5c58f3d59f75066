// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Limits of the volumes that meters state, and sums of them. Any number can come from a source, by
// error or on purpose, and the sums of the ledger end at 2^63-1: one wrong number must not make a
// whole batch fail.

#include <algorithm>
#include <cstdint>
#include <utility>

#include "base/quantity.hpp"
#include "base/time.hpp"

namespace octroi {

// Bytes, packets or flows of one reading or counted volume, for each bucket_length that it lasts.
// 128 TiB: no link carries that in the time (400 Gbit/s need three quarters of an hour).
inline constexpr unsigned record_volume_bits = 47;
inline constexpr std::uint64_t record_volume_max = std::uint64_t{1} << record_volume_bits;
// The same, however long it lasts: 400 Gbit/s for a month.
inline constexpr std::uint64_t long_record_volume_max = std::uint64_t{1} << 57U;
// No record lasts longer than this number of buckets: 31 days.
inline constexpr std::uint64_t record_buckets_max = std::uint64_t{31} * 24 * 12;
// All of one batch: below 2^62.
inline constexpr unsigned batch_volume_bits = 62;
// Sums above this make a commit due, long before the limit of the batch. Impossible volumes of one
// pull, each just below the limit of a record, can still reach it: then good ones are refused too,
// as a loss.
inline constexpr std::uint64_t batch_volume_due = std::uint64_t{1} << 60U;

// Whether a reading or counted volume of [first, last] can have that count.
[[nodiscard]] constexpr bool is_possible_count(std::uint64_t count, UtcTime first,
                                               UtcTime last) noexcept {
    if (count <= record_volume_max) return true;
    // Unsigned: the difference of two times may need 64 bits.
    const std::uint64_t length =
        last > first ? static_cast<std::uint64_t>(last.ns) - static_cast<std::uint64_t>(first.ns)
                     : 0;
    const std::uint64_t buckets = length / static_cast<std::uint64_t>(bucket_length.ns) + 1;
    // The times of a longer record are wrong: attribution moves them into one bucket.
    if (buckets > record_buckets_max) return false;
    return count <=
           std::min(buckets, long_record_volume_max / record_volume_max) * record_volume_max;
}

// The difference modulo 2^64. observed: a sum modulo 2^64 that contains the refused volume.
[[nodiscard]] constexpr Volume without_refused(const Volume& observed,
                                               const Volume& refused) noexcept {
    return {Bytes(observed.bytes.value() - refused.bytes.value()),
            Packets(observed.packets.value() - refused.packets.value()),
            Flows(observed.flows.value() - refused.flows.value())};
}

// The sum of readings and counted volumes, modulo 2^64. For Checkpoint::observed of a meter with
// numbers that are not bounded: attribution refuses the impossible ones, and their sum is
// subtracted modulo 2^64, so that the rest is exact.
class ObservedVolume {
public:
    template <typename Record>
    void add(const Record& record) noexcept {
        bytes_ += record.bytes;
        packets_ += record.packets;
        flows_ += record.flows;
    }
    [[nodiscard]] Volume value() const noexcept {
        return {Bytes(bytes_), Packets(packets_), Flows(flows_)};
    }
    // The sum; the next one begins.
    [[nodiscard]] Volume drain() noexcept { return std::exchange(*this, {}).value(); }

private:
    std::uint64_t bytes_ = 0;
    std::uint64_t packets_ = 0;
    std::uint64_t flows_ = 0;
};

// The readings and counted volumes that attribution refused since the last batch.
struct RefusedVolume {
    Volume volume;  // modulo 2^64
    std::uint64_t records = 0;
    // From the earliest to the latest time of the records, as they are booked. Without a record: no
    // meaning.
    Interval times{UtcTime::max(), UtcTime::min()};
};

}  // namespace octroi
