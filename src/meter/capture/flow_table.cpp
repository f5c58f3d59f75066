// SPDX-License-Identifier: GPL-3.0-or-later
#include "meter/capture/flow_table.hpp"

#include <algorithm>
#include <bit>
#include <cstring>

#include "base/check.hpp"
#include "base/hash.hpp"

namespace octroi::capture {
namespace {

using packet::Packet;

// Small at first: the index of few flows fits the caches. grow_index() doubles it.
constexpr std::uint32_t first_index_size = 4096;
constexpr std::uint32_t flow_limit_max = std::uint32_t{1} << 28U;
constexpr std::uint32_t flow_limit_min = 64;
// Slots that the sweep examines per batch: at most one for each packet.
constexpr std::uint32_t sweep_step = batch_size;
// Of this many flows, the one that is idle longest is evicted.
constexpr std::uint32_t eviction_candidates = 32;

// The largest sums of the first cache line (Flow::packets, Flow::bytes).
constexpr std::uint32_t packets_spill = 0xffff;
constexpr std::uint64_t bytes_spill = 0xffff'ffff;

// words[5] contains the address family, so it is 0 in no key of a packet.
[[nodiscard]] bool is_free(const packet::FlowKey& key) noexcept { return key.words[5] == 0; }

// Without a branch per word: nearly all comparisons are of equal keys.
[[nodiscard]] bool same_words(const packet::FlowKey& a, const packet::FlowKey& b) noexcept {
    std::uint64_t difference = 0;
    for (std::size_t i = 0; i < a.words.size(); ++i) difference |= a.words[i] ^ b.words[i];
    return difference == 0;
}

[[nodiscard]] std::int64_t distance(std::int64_t a, std::int64_t b) noexcept {
    return a > b ? a - b : b - a;
}

}  // namespace

FlowTable::FlowTable(const FlowTableOptions& options, std::uint64_t seed) : options_(options) {
    std::uint64_t state = seed;
    for (std::uint64_t& word : secret_) {
        state += mix_a;
        word = mix(state ^ mix_b, state | 1U) ^ mix_c;
    }
    options_.flow_limit = std::clamp(options_.flow_limit, flow_limit_min, flow_limit_max);
    // Ages are stored modulo 256 units. A reading is younger than 65 units when a packet extends
    // it, and no packet extends it by more than 64 units, so an age is never ambiguous.
    const std::int64_t longest = std::max(options_.active.ns, options_.inactive.ns);
    while ((longest >> age_shift_) > 64) ++age_shift_;
    active_units_ = static_cast<std::uint32_t>(options_.active.ns >> age_shift_);
    // Bounds the work of the sweep: a flow without traffic is reported at most this much late, and
    // the time that a round takes.
    sweep_pause_ = options_.inactive.ns / 8;
    bucket_begin_ = options_.cut_at_buckets ? 0 : INT64_MIN;
    bucket_end_ = options_.cut_at_buckets ? 0 : INT64_MAX;
}

Result<std::unique_ptr<FlowTable>> FlowTable::create(const FlowTableOptions& options,
                                                     std::uint64_t seed) {
    if (options.active.ns <= 0 || options.inactive.ns <= 0)
        return fail(ErrorCode::invalid, "the timeouts of flows must be greater than 0");
    std::unique_ptr<FlowTable> table(new FlowTable(options, seed));
    const std::uint32_t limit = table->options_.flow_limit;
    const std::size_t index_size = std::max(first_index_size, std::bit_ceil(limit) * 2);
    TRY_ASSIGN(table->flows_, PageArray<Flow>::reserve(limit));
    TRY_ASSIGN(table->index_, PageArray<std::uint64_t>::reserve(index_size));
    TRY_ASSIGN(table->spare_index_, PageArray<std::uint64_t>::reserve(index_size));
    table->index_mask_ = first_index_size - 1;
    return table;
}

inline std::uint32_t FlowTable::hash(const Packet& packet) const noexcept {
    const auto& w = packet.key.words;
    const std::uint64_t h = mix(w[0] ^ secret_[0], w[2] ^ secret_[1]) ^
                            mix(w[1] ^ secret_[2], w[3] ^ secret_[3]) ^
                            mix(w[4] ^ secret_[4], w[5] ^ secret_[5]);
    return static_cast<std::uint32_t>(mix(h, mix_a) >> 16U);
}

void FlowTable::enter_bucket(std::int64_t time) noexcept {
    bucket_begin_ = bucket_start(UtcTime{time}).ns;
    bucket_end_ = bucket_begin_ + bucket_length.ns;
}

// The memory accesses of a batch overlap: first all lines of the index are prefetched, then all
// flows, and only then are they used. Meanwhile a slot may have got another flow; the comparison of
// keys shows that.
void FlowTable::process(std::span<const Sample> samples, ReadingBuffer& out) {
    CHECK(samples.size() <= batch_size);
    std::array<std::uint32_t, batch_size> hashes;
    std::array<std::uint32_t, batch_size> slots;
    for (std::size_t i = 0; i < samples.size(); ++i) {
        hashes[i] = hash(samples[i].packet);
        __builtin_prefetch(index_.data() + (hashes[i] & index_mask_));
    }
    look_up(std::span(hashes).first(samples.size()), slots);
    update(samples, hashes, slots, out);
    if (!samples.empty()) sweep(UtcTime{samples.back().time}, out);
}

// Compares four entries without a branch, because which of them matches cannot be predicted. Few
// entries are farther away at this load; update_slowly() finds them.
void FlowTable::look_up(std::span<const std::uint32_t> hashes,
                        std::array<std::uint32_t, batch_size>& slots) const noexcept {
    const std::uint64_t* const index = index_.data();
    const Flow* const flows = flows_.data();
    const std::uint32_t mask = index_mask_;
    for (std::size_t i = 0; i < hashes.size(); ++i) {
        const std::uint32_t h = hashes[i];
        std::uint64_t slot = 0;
        for (std::uint32_t step = 4; step-- > 0;) {
            const std::uint64_t entry = index[(h + step) & mask];
            const std::uint64_t found = std::uint64_t{0} - std::uint64_t{entry >> 32U == h};
            slot = (slot & ~found) | (entry & found);
        }
        slots[i] = static_cast<std::uint32_t>(slot);
        // Where none matches, any address may be prefetched.
        __builtin_prefetch(flows + slots[i] - (slots[i] != 0 ? 1 : 0), 1);
    }
}

void FlowTable::update(std::span<const Sample> samples,
                       const std::array<std::uint32_t, batch_size>& hashes,
                       const std::array<std::uint32_t, batch_size>& slots, ReadingBuffer& out) {
    Flow* const flows = flows_.data();
    const std::int64_t inactive = options_.inactive.ns;
    const unsigned age_shift = age_shift_;
    const std::uint32_t active_units = active_units_;
    std::int64_t bucket_begin = bucket_begin_;
    std::int64_t bucket_end = bucket_end_;
    for (std::size_t i = 0; i < samples.size(); ++i) {
        const Sample& sample = samples[i];
        if (sample.packet.outcome != packet::Outcome::ip) [[unlikely]]
            continue;
        const std::int64_t time = sample.time;
        if (time < bucket_begin || time >= bucket_end) [[unlikely]] {
            enter_bucket(time);
            bucket_begin = bucket_begin_;
            bucket_end = bucket_end_;
        }
        if (slots[i] != 0) [[likely]] {
            Flow& flow = flows[slots[i] - 1];
            // One comparison for the bucket and the timeout: the flow must have been seen since.
            const std::int64_t floor = std::max(bucket_begin, time - inactive);
            const std::uint64_t bytes = flow.bytes + sample.packet.bytes;
            const std::uint32_t packets = flow.packets;
            const std::uint32_t sum = packets + sample.segments;
            const auto age =
                static_cast<std::uint8_t>((time >> age_shift) - std::int64_t{flow.begun});
            // All conditions with & and not &&: one branch that is nearly always taken. A flow with
            // 0 packets has no reading to extend.
            const bool usual = same_words(flow.key, sample.packet.key) & (flow.last <= time) &
                               (flow.last >= floor) & (bytes <= bytes_spill) & (packets != 0) &
                               (sum <= packets_spill) & (age < active_units);
            if (usual) [[likely]] {
                flow.bytes = static_cast<std::uint32_t>(bytes);
                flow.packets = static_cast<std::uint16_t>(sum);
                flow.last = time;
                flow.tcp_flags |= sample.packet.tcp_flags;
                continue;
            }
        }
        update_slowly(sample, hashes[i], out);
    }
}

// The cases that update() leaves out: a new flow, an entry farther away in the index, the end of a
// reading, a sum that overflows its place, a time that goes back.
void FlowTable::update_slowly(const Sample& sample, std::uint32_t hash, ReadingBuffer& out) {
    const std::uint32_t found = find(hash, sample.packet);
    if (found != 0) {
        add_to(flows_[found - 1], found - 1, sample, out);
        return;
    }
    const std::uint32_t slot = acquire_slot(out);
    if ((live_ + 1) * std::uint64_t{2} > std::uint64_t{index_mask_} + 1) grow_index();
    Flow& flow = flows_[slot];
    begin_flow(flow, sample, hash);
    index_insert(hash, slot);
    ++live_;
}

void FlowTable::add_to(Flow& flow, std::uint32_t slot, const Sample& sample, ReadingBuffer& out) {
    const std::int64_t time = sample.time;
    if (distance(time, flow.last) > options_.inactive.ns) {
        emit(flow, slot, out);
        begin_flow(flow, sample, flow.hash);
        return;
    }
    // Times may go back within a flow, so both ends of the reading may move.
    if (flow.packets != 0) {
        const std::int64_t first = std::min(flow.first, time);
        const std::int64_t last = std::max(flow.last, time);
        const bool same_bucket = flow.last >= bucket_begin_ && flow.last < bucket_end_;
        if (!same_bucket || last - first >= options_.active.ns) {
            emit(flow, slot, out);
        } else {
            if (first != flow.first) {
                flow.first = first;
                flow.begun = static_cast<std::uint8_t>(first >> age_shift_);
            }
            flow.last = last;
        }
    }
    if (flow.packets == 0) begin_reading(flow, time);
    count(flow, sample);
}

void FlowTable::begin_flow(Flow& flow, const Sample& sample, std::uint32_t hash) noexcept {
    flow.key = sample.packet.key;
    flow.hash = hash;
    flow.macs = sample.packet.macs;
    flow.tos = sample.packet.tos;
    flow.fresh = true;
    flow.out_interface = has_departure(flow.key) ? sample.out_interface : no_name;
    ++counters_.begun;
    begin_reading(flow, sample.time);
    count(flow, sample);
}

void FlowTable::begin_reading(Flow& flow, std::int64_t time) const noexcept {
    flow.first = time;
    flow.last = time;
    flow.begun = static_cast<std::uint8_t>(time >> age_shift_);
    flow.bytes = 0;
    flow.packets = 0;
    flow.spilled_bytes = 0;
    flow.spilled_packets = 0;
    flow.tcp_flags = 0;
}

void FlowTable::count(Flow& flow, const Sample& sample) noexcept {
    flow.tcp_flags |= sample.packet.tcp_flags;
    const std::uint64_t bytes = flow.bytes + sample.packet.bytes;
    if (bytes > bytes_spill || flow.packets + std::uint32_t{sample.segments} > packets_spill) {
        flow.spilled_bytes += bytes;
        flow.spilled_packets += flow.packets;
        flow.bytes = 0;
        flow.packets = sample.segments;
        return;
    }
    flow.bytes = static_cast<std::uint32_t>(bytes);
    flow.packets = static_cast<std::uint16_t>(flow.packets + sample.segments);
}

void FlowTable::emit(Flow& flow, std::uint32_t slot, ReadingBuffer& out) {
    // The flow was handed over before and had no packet since.
    if (flow.packets == 0) return;
    const packet::FlowKey& key = flow.key;
    Reading& r = out.next();
    r.first = UtcTime{flow.first};
    r.last = UtcTime{flow.last};
    r.bytes = flow.bytes + flow.spilled_bytes;
    r.packets = flow.packets + flow.spilled_packets;
    r.flows = flow.fresh ? 1 : 0;
    r.src = key.src();
    r.dst = key.dst();
    std::memcpy(r.dst_mac.octets.data(), flow.macs.data(), 6);
    std::memcpy(r.src_mac.octets.data(), flow.macs.data() + 6, 6);
    r.sport = key.sport();
    r.dport = key.dport();
    r.vlan = key.vlan();
    r.inner_vlan = key.inner_vlan();
    r.proto = key.proto();
    r.tcp_flags = flow.tcp_flags;
    r.tos = flow.tos;
    r.icmp_type = key.icmp_type();
    r.icmp_code = key.icmp_code();
    r.kind = (key.words[5] & duplicate_mark) != 0 ? ReadingKind::duplicate : ReadingKind::ip;
    r.direction = direction_of(key);
    r.fragment = (key.words[5] & orphan_mark) != 0 ? FragmentState::orphan : FragmentState::whole;
    r.interface = key.interface();
    r.out_interface = flow.out_interface;
    r.flow_slot = slot + 1;
    r.fresh = flow.fresh;
    flow.fresh = false;
    flow.packets = 0;
    flow.bytes = 0;
}

bool FlowTable::is_expired(const Flow& flow, std::int64_t now) const noexcept {
    if (flow.packets == 0) return false;
    if (flow.last < bucket_begin_ || flow.last >= bucket_end_) return true;
    const auto age = static_cast<std::uint8_t>((now >> age_shift_) - std::int64_t{flow.begun});
    return age >= active_units_ && now - flow.first >= options_.active.ns;
}

void FlowTable::sweep(UtcTime now_time, ReadingBuffer& out) {
    const std::int64_t now = now_time.ns;
    if (sweep_at_ >= used_) {
        // A new round, unless the last one began a short time ago. (Time may go back.)
        if (round_begun_ != INT64_MIN && distance(now, round_begun_) < sweep_pause_) return;
        sweep_at_ = 0;
        round_begun_ = now;
    }
    // The caller's clock may be ahead of the packets: their bucket is over then.
    if (now < bucket_begin_ || now >= bucket_end_) enter_bucket(now);
    const std::uint32_t end = std::min(used_, sweep_at_ + sweep_step);
    for (std::uint32_t slot = sweep_at_; slot < end; ++slot) {
        Flow& flow = flows_[slot];
        if (is_free(flow.key)) continue;
        if (distance(now, flow.last) > options_.inactive.ns) {
            emit(flow, slot, out);
            remove(slot);
            ++counters_.expired;
        } else if (is_expired(flow, now)) {
            emit(flow, slot, out);
        }
    }
    sweep_at_ = end;
}

void FlowTable::hand_over(ReadingBuffer& out) {
    for (std::uint32_t slot = 0; slot < used_; ++slot) {
        Flow& flow = flows_[slot];
        if (!is_free(flow.key)) emit(flow, slot, out);
    }
}

void FlowTable::drain(ReadingBuffer& out) {
    hand_over(out);
    // The flows need not be cleared: a slot is written as a whole before used_ includes it again.
    std::memset(index_.data(), 0, (std::size_t{index_mask_} + 1) * sizeof(std::uint64_t));
    used_ = 0;
    live_ = 0;
    free_ = 0;
    sweep_at_ = 0;
    evict_at_ = 0;
    round_begun_ = INT64_MIN;
}

std::uint32_t FlowTable::find(std::uint32_t hash, const Packet& packet) const noexcept {
    for (std::uint32_t at = hash & index_mask_;; at = (at + 1) & index_mask_) {
        const std::uint64_t entry = index_[at];
        if (entry == 0) return 0;
        const auto slot = static_cast<std::uint32_t>(entry);
        if (entry >> 32U == hash && same_words(flows_[slot - 1].key, packet.key)) return slot;
    }
}

std::uint32_t FlowTable::acquire_slot(ReadingBuffer& out) {
    if (free_ == 0 && used_ == options_.flow_limit) evict_one(out);
    if (free_ == 0) return used_++;
    const std::uint32_t slot = free_ - 1;
    free_ = flows_[slot].next_free;
    return slot;
}

// A clock hand over the table instead of a list by age: no memory access per packet. Of the flows
// that the hand passes, the one that is idle longest is nearly as good as the oldest of all.
void FlowTable::evict_one(ReadingBuffer& out) {
    std::uint32_t oldest = evict_at_;
    for (std::uint32_t i = 0; i < eviction_candidates; ++i) {
        if (flows_[evict_at_].last < flows_[oldest].last) oldest = evict_at_;
        evict_at_ = evict_at_ + 1 == used_ ? 0 : evict_at_ + 1;
    }
    emit(flows_[oldest], oldest, out);
    remove(oldest);
    ++counters_.evicted;
}

void FlowTable::remove(std::uint32_t slot) noexcept {
    Flow& flow = flows_[slot];
    index_remove(flow.hash, slot);
    flow.key = {};
    flow.next_free = free_;
    free_ = slot + 1;
    --live_;
}

void FlowTable::index_insert(std::uint32_t hash, std::uint32_t slot) noexcept {
    std::uint32_t at = hash & index_mask_;
    while (index_[at] != 0) at = (at + 1) & index_mask_;
    index_[at] = std::uint64_t{hash} << 32U | (slot + 1);
}

void FlowTable::index_remove(std::uint32_t hash, std::uint32_t slot) noexcept {
    const std::uint64_t wanted = std::uint64_t{hash} << 32U | (slot + 1);
    std::uint32_t hole = hash & index_mask_;
    while (index_[hole] != wanted) {
        CHECK(index_[hole] != 0);
        hole = (hole + 1) & index_mask_;
    }
    // Entries behind the hole move into it, unless the hole is before the entry's own position:
    // searches begin there and would not find it.
    for (std::uint32_t at = (hole + 1) & index_mask_; index_[at] != 0;
         at = (at + 1) & index_mask_) {
        const std::uint32_t home = static_cast<std::uint32_t>(index_[at] >> 32U) & index_mask_;
        if (((at - home) & index_mask_) >= ((at - hole) & index_mask_)) {
            index_[hole] = index_[at];
            hole = at;
        }
    }
    index_[hole] = 0;
}

// Doubles the index when it is half full, all at once. The index contains the hashes, so the flows
// are not touched.
void FlowTable::grow_index() {
    const std::uint32_t old_mask = index_mask_;
    std::swap(index_, spare_index_);
    index_mask_ = old_mask * 2 + 1;
    for (std::size_t i = 0; i <= old_mask; ++i) {
        const std::uint64_t entry = spare_index_[i];
        if (entry == 0) continue;
        std::uint32_t at = static_cast<std::uint32_t>(entry >> 32U) & index_mask_;
        while (index_[at] != 0) at = (at + 1) & index_mask_;
        index_[at] = entry;
    }
    spare_index_.release();
}

}  // namespace octroi::capture
