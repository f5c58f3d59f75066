// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Sums packets by flow: the unidirectional 5-tuple with VLANs, ICMP type and code, interface and
// the marks of sample.hpp (and the MACs where `key_mac` says so).
//
// Readings are handed over when a flow has been idle, has lasted long, has left its bucket, is put
// out to make room, or at hand_over(). Whatever the limits and the order of packet times, the sum
// of all readings is the sum of all packets. What is handed over and in which order depends on the
// packets and on the batches they come in, never on the hash seed.
//
// Memory: 128 octets for a flow that is held, 16 to 32 for its place in the index; bounded by
// flow_limit. Nothing is allocated after create().

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

#include "base/result.hpp"
#include "base/time.hpp"
#include "host/memory.hpp"
#include "meter/capture/reading_buffer.hpp"
#include "meter/capture/sample.hpp"

namespace octroi::capture {

struct FlowTableOptions {
    std::uint32_t flow_limit = 4'000'000;  // at least 64, at most 2^28
    Duration active = Duration::seconds(300);
    Duration inactive = Duration::seconds(60);
    // Hand over at the ledger's bucket boundaries of packet time, so that no reading lies in two
    // buckets. Off: a flow is one row until a timeout.
    bool cut_at_buckets = true;
    bool key_mac = false;
};

class FlowTable {
public:
    [[nodiscard]] static Result<std::unique_ptr<FlowTable>> create(const FlowTableOptions& options,
                                                                   std::uint64_t seed);

    // Counts the samples whose outcome is ip; at most batch_size.
    void process(std::span<const Sample> samples, ReadingBuffer& out);

    // Hands over what has expired by `now`, a bounded part of the table per call. process() does
    // this by itself; to be called where time goes on without packets.
    void sweep(UtcTime now, ReadingBuffer& out);

    // Hands over all that is held and was not handed over yet. The flows stay.
    void hand_over(ReadingBuffer& out);
    // The same, and the table is empty afterwards, as new.
    void hand_over_and_forget(ReadingBuffer& out);

    struct Counters {
        std::uint64_t begun = 0;    // flows
        std::uint64_t expired = 0;  // put out as idle by the sweep
        std::uint64_t evicted = 0;  // put out to make room
    };
    [[nodiscard]] const Counters& counters() const noexcept { return counters_; }
    [[nodiscard]] std::uint32_t live() const noexcept { return live_; }

private:
    // The first cache line is all that a usual packet touches. The sums in it are small and spill
    // into the second one.
    struct alignas(128) Flow {
        packet::FlowKey key;    // family none: the slot is free
        std::int64_t last;      // of the reading; of the flow when packets is 0
        std::uint32_t bytes;    // of the reading, without what was spilled
        std::uint16_t packets;  // likewise; 0: nothing to hand over
        std::uint8_t tcp_flags;
        std::uint8_t begun;  // begin of the reading in age units, modulo 256

        std::int64_t first;  // of the reading
        std::uint64_t spilled_bytes;
        std::uint64_t spilled_packets;
        std::uint32_t hash;
        std::uint32_t next_free;
        std::array<std::uint8_t, 12> macs;
        std::uint8_t tos;
        bool fresh;  // nothing of this flow was handed over yet
    };
    static_assert(sizeof(Flow) == 128);

    FlowTable(const FlowTableOptions& options, std::uint64_t seed);

    [[nodiscard]] std::uint32_t hash(const packet::Packet& packet) const noexcept;
    [[nodiscard]] bool same(const Flow& flow, const packet::Packet& packet) const noexcept;
    void enter_bucket(std::int64_t time) noexcept;
    [[nodiscard]] bool is_expired(const Flow& flow, std::int64_t now) const noexcept;

    void look_up(std::span<const std::uint32_t> hashes,
                 std::array<std::uint32_t, batch_size>& slots) const noexcept;
    template <bool KeyMac>
    void update(std::span<const Sample> samples,
                const std::array<std::uint32_t, batch_size>& hashes,
                const std::array<std::uint32_t, batch_size>& slots, ReadingBuffer& out);
    void update_slowly(const Sample& sample, std::uint32_t hash, ReadingBuffer& out);
    void add_to(Flow& flow, std::uint32_t slot, const Sample& sample, ReadingBuffer& out);
    void begin_flow(Flow& flow, const Sample& sample, std::uint32_t hash) noexcept;
    void begin_reading(Flow& flow, std::int64_t time) const noexcept;
    void count(Flow& flow, const packet::Packet& packet) noexcept;
    void emit(Flow& flow, std::uint32_t slot, ReadingBuffer& out);

    // Slot + 1, or 0.
    [[nodiscard]] std::uint32_t find(std::uint32_t hash,
                                     const packet::Packet& packet) const noexcept;
    [[nodiscard]] std::uint32_t take_slot(ReadingBuffer& out);
    void evict_one(ReadingBuffer& out);
    void remove(std::uint32_t slot) noexcept;
    void index_insert(std::uint32_t hash, std::uint32_t slot) noexcept;
    void index_remove(std::uint32_t hash, std::uint32_t slot) noexcept;
    void grow_index();

    FlowTableOptions options_;
    std::array<std::uint64_t, 6> secret_;
    unsigned age_shift_ = 0;  // an age unit is 2^age_shift_ ns
    std::uint32_t active_units_ = 0;
    std::int64_t sweep_pause_ = 0;

    // [begin, end) of the bucket of the latest packet; all time when readings are not cut.
    std::int64_t bucket_begin_;
    std::int64_t bucket_end_;

    PageArray<Flow> flows_;
    std::uint32_t used_ = 0;  // slots below have been in use
    std::uint32_t live_ = 0;
    std::uint32_t free_ = 0;  // head of the list of free slots, + 1
    std::uint32_t sweep_at_ = 0;
    std::int64_t round_begun_ = INT64_MIN;
    std::uint32_t evict_at_ = 0;

    // Open addressing: hash << 32 | slot + 1; 0: empty. Two areas, to grow from one into the other.
    PageArray<std::uint64_t> index_;
    PageArray<std::uint64_t> spare_index_;
    std::uint32_t index_mask_ = 0;

    Counters counters_;
};

}  // namespace octroi::capture
