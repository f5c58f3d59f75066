// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// The flow cache: sums packets by flow. The key is the unidirectional 5-tuple with VLANs, ICMP type
// and code, interface and the marks of sample.hpp.
//
// A flow becomes a reading when it is idle (inactive timeout), when it lasts long (active timeout),
// at the end of its bucket, when it is evicted, and at hand_over(). The sum of all readings is the
// sum of all packets, whatever the limits and the order of packet times. Which readings there are,
// and in which order, depends on the packets and on the batches they come in, never on the seed.
//
// Memory: 128 octets for each flow, and 16 to 32 for its entry in the index; flow_limit bounds it.
// Nothing is allocated after create(). One thread.

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
    // End readings at the boundaries of the ledger's buckets, by packet time, so that no reading is
    // in two buckets. Off: a flow is one reading until a timeout.
    bool cut_at_buckets = true;
};

class FlowTable {
public:
    // seed: secret, so that nobody can aim at one place of the index. Errors: invalid (a timeout of
    // 0), those of memory.
    [[nodiscard]] static Result<std::unique_ptr<FlowTable>> create(const FlowTableOptions& options,
                                                                   std::uint64_t seed);

    // Counts at most batch_size samples. Those with another outcome than ip are ignored.
    void process(std::span<const Sample> samples, ReadingBuffer& out);

    // Hands over the readings that have expired by `now`, in a bounded part of the table per call.
    // process() does this by itself; call it while no packets come.
    void sweep(UtcTime now, ReadingBuffer& out);

    // Hands over the readings of all flows. The flows stay: their next readings continue them.
    void hand_over(ReadingBuffer& out);
    // The same, and empties the table: it is then as new.
    void drain(ReadingBuffer& out);

    struct Counters {
        std::uint64_t begun = 0;    // flows
        std::uint64_t expired = 0;  // put out as idle by the sweep
        std::uint64_t evicted = 0;  // because the table was full
    };
    [[nodiscard]] const Counters& counters() const noexcept { return counters_; }
    [[nodiscard]] std::uint32_t live() const noexcept { return live_; }

private:
    // A usual packet touches the first cache line only. The sums there are narrow; before they
    // overflow they are added to those in the second line (count()).
    struct alignas(128) Flow {
        packet::FlowKey key;    // family none: the slot is free
        std::int64_t last;      // of the reading; of the flow when packets is 0
        std::uint32_t bytes;    // of the reading, without spilled_bytes
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
        bool fresh;  // no reading of this flow was handed over yet
        NameRef out_interface;
    };
    static_assert(sizeof(Flow) == 128);

    FlowTable(const FlowTableOptions& options, std::uint64_t seed);

    [[nodiscard]] std::uint32_t hash(const packet::Packet& packet) const noexcept;
    void enter_bucket(std::int64_t time) noexcept;
    [[nodiscard]] bool is_expired(const Flow& flow, std::int64_t now) const noexcept;

    void look_up(std::span<const std::uint32_t> hashes,
                 std::array<std::uint32_t, batch_size>& slots) const noexcept;
    void update(std::span<const Sample> samples,
                const std::array<std::uint32_t, batch_size>& hashes,
                const std::array<std::uint32_t, batch_size>& slots, ReadingBuffer& out);
    void update_slowly(const Sample& sample, std::uint32_t hash, ReadingBuffer& out);
    void add_to(Flow& flow, std::uint32_t slot, const Sample& sample, ReadingBuffer& out);
    void begin_flow(Flow& flow, const Sample& sample, std::uint32_t hash) noexcept;
    void begin_reading(Flow& flow, std::int64_t time) const noexcept;
    void count(Flow& flow, const Sample& sample) noexcept;
    void emit(Flow& flow, std::uint32_t slot, ReadingBuffer& out);

    // Slot + 1, or 0.
    [[nodiscard]] std::uint32_t find(std::uint32_t hash,
                                     const packet::Packet& packet) const noexcept;
    [[nodiscard]] std::uint32_t acquire_slot(ReadingBuffer& out);
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
