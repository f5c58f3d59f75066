// SPDX-License-Identifier: GPL-3.0-or-later
#include "meter/capture/frame_aggregator.hpp"

#include "base/hash.hpp"

namespace octroi::capture {

using packet::Outcome;

FrameAggregator::FrameAggregator(const AggregatorOptions& options, std::unique_ptr<FlowTable> flows,
                                 std::uint64_t seed)
    : policy_(options.fragments),
      flows_(std::move(flows)),
      fragments_(mix(seed ^ mix_b, mix_c)),
      excluded_(options.flows.cut_at_buckets) {}

Result<std::unique_ptr<FrameAggregator>> FrameAggregator::create(const AggregatorOptions& options,
                                                                 std::uint64_t seed) {
    TRY_ASSIGN(auto flows, FlowTable::create(options.flows, seed));
    return std::unique_ptr<FrameAggregator>(new FrameAggregator(options, std::move(flows), seed));
}

void FrameAggregator::process(std::span<Sample> samples, ReadingBuffer& out) {
    // Sums without branches: the IP version of a packet cannot be predicted. A mask, because
    // compilers make a branch of a condition.
    std::uint64_t frames = 0;
    std::uint64_t frame_bytes = 0;
    std::uint64_t bytes = 0;
    std::uint64_t v6_bytes = 0;
    std::uint64_t v6_packets = 0;
    std::uint64_t truncated = 0;
    std::uint64_t excluded = 0;
    std::uint64_t excluded_bytes = 0;
    for (Sample& sample : samples) {
        const packet::Packet& p = sample.packet;
        const std::uint64_t v6 = std::uint64_t{0} - std::uint64_t{p.key.family() == Family::v6};
        frames += sample.segments;
        frame_bytes += sample.wire_length;
        bytes += p.bytes;
        v6_bytes += p.bytes & v6;
        v6_packets += sample.segments & v6;
        truncated += p.truncated ? 1 : 0;
        if (p.outcome != Outcome::ip) [[unlikely]] {
            ++excluded;
            excluded_bytes += p.bytes;
            totals_.malformed += p.outcome == Outcome::malformed ? 1 : 0;
            totals_.non_ip += p.outcome == Outcome::non_ip ? 1 : 0;
            excluded_.add(sample, out);
        } else if (p.fragment != packet::Fragment::none) [[unlikely]] {
            resolve_fragment(sample);
        }
    }
    const std::uint64_t ip_packets = frames - excluded;
    const std::uint64_t ip_bytes = bytes - excluded_bytes;
    totals_.frames += frames;
    totals_.frame_bytes += frame_bytes;
    totals_.ip_packets += ip_packets;
    totals_.ip_bytes += ip_bytes;
    totals_.v6_packets += v6_packets;
    totals_.v6_bytes += v6_bytes;
    totals_.v4_packets += ip_packets - v6_packets;
    totals_.v4_bytes += ip_bytes - v6_bytes;
    totals_.excluded_bytes += excluded_bytes;
    totals_.truncated += truncated;
    flows_->process(samples, out);
}

void FrameAggregator::resolve_fragment(Sample& sample) {
    ++totals_.fragments;
    const UtcTime time{sample.time};
    if (sample.packet.fragment == packet::Fragment::first) {
        if (policy_ == FragmentPolicy::resolve) fragments_.store(sample.packet, time);
        return;
    }
    if (policy_ == FragmentPolicy::resolve && fragments_.resolve(sample.packet, time)) return;
    ++totals_.orphans;
    // The mark is a part of the key: fragments without ports do not mix with flows of port 0.
    sample.packet.key.words[5] |= orphan_mark;
}

void FrameAggregator::hand_over(ReadingBuffer& out) {
    flows_->hand_over(out);
    excluded_.hand_over(out);
}

void FrameAggregator::drain(ReadingBuffer& out) {
    flows_->drain(out);
    excluded_.hand_over(out);
}

Volume FrameAggregator::drain_observed() {
    const Volume now{Bytes{totals_.bytes()}, Packets{totals_.frames},
                     Flows{flows_->counters().begun}};
    const Volume since{now.bytes - drained_.bytes, now.packets - drained_.packets,
                       now.flows - drained_.flows};
    drained_ = now;
    return since;
}

}  // namespace octroi::capture
