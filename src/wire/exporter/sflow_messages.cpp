// SPDX-License-Identifier: GPL-3.0-or-later
#include "wire/exporter/sflow_messages.hpp"

#include <algorithm>
#include <cstring>

#include "base/hash.hpp"
#include "wire/exporter/content_hash.hpp"

namespace octroi::exporter {
namespace {

// The head of an sFlow datagram (sFlow version 5, "sample_datagram_v5") as far as it is needed
// before the samples are decoded.
struct SflowHead {
    Address agent;
    StreamKey stream = 0;  // of the sub agent
    std::uint32_t sequence = 0;
    std::uint32_t uptime_ms = 0;
};

bool read_sflow_head(ByteSpan octets, SflowHead& out) noexcept {
    enum AddressType : std::uint32_t { unknown = 0, ip_v4 = 1, ip_v6 = 2 };
    ByteCursor cursor(octets);
    std::uint32_t version = 0;
    std::uint32_t type = 0;
    std::uint32_t sub_agent = 0;
    ByteSpan agent;
    if (!cursor.be32(version) || !cursor.be32(type) || type > ip_v6) return false;
    if (!cursor.raw(type == ip_v6 ? 16 : type == ip_v4 ? 4 : 0, agent)) return false;
    if (!cursor.be32(sub_agent) || !cursor.be32(out.sequence)) return false;
    if (type != unknown) std::memcpy(out.agent.octets.data(), agent.data(), agent.size());
    out.agent.family = type == unknown ? Family::none : type == ip_v4 ? Family::v4 : Family::v6;
    // Several agents may send from one address. An agent's address and its sub agent do not fit a
    // key of 64 bits beside the protocol: 56 bits of a hash do, for so few agents.
    std::uint64_t word = mix_a;
    for (const std::byte octet : agent) word = mix(word ^ static_cast<std::uint64_t>(octet), mix_b);
    out.stream = std::uint64_t{static_cast<std::uint8_t>(flow::Protocol::sflow_v5)} << 56U |
                 mix(word + sub_agent, mix_c) >> 8U;
    return cursor.be32(out.uptime_ms);
}

// Passes everything on and counts the records.
class CountingSink final : public flow::RecordSink {
public:
    explicit CountingSink(flow::RecordSink& to) : to_(to) {}
    void records(const flow::MessageContext& context,
                 std::span<const flow::FlowRecord> records) override {
        count += records.size();
        to_.records(context, records);
    }
    void gap(const flow::MessageContext& context, const flow::SequenceGap& gap) override {
        to_.gap(context, gap);
    }
    std::uint64_t count = 0;

private:
    flow::RecordSink& to_;
};

}  // namespace

bool SflowMessages::is_accepted(const Address& agent) const {
    return agents_.empty() || agent.empty() || any_contains(agents_, agent);
}

std::size_t SflowMessages::decode(ByteSpan octets, DecodeContext& context) {
    const std::size_t measured = sflow::measure(octets);
    const ByteSpan datagram = measured == 0 ? octets : octets.first(measured);
    MessageSequencer::Place place;
    SflowHead head;
    if (read_sflow_head(datagram, head)) {
        if (!is_accepted(head.agent)) {
            ++counters_.refused_agents;
            return datagram.size();
        }
        const NumberedMessage numbered{head.sequence, content_hash(datagram),
                                       context.message.received, head.uptime_ms};
        place = sequencer_.begin(head.stream, Numbering::messages, numbered, context);
        if (place.duplicate) return datagram.size();
    }
    decode_samples(datagram, context);
    if (place.stream != nullptr && !place.late) report_sample_drops(*place.stream, context);
    sequencer_.end(place, context);
    return datagram.size();
}

void SflowMessages::decode_samples(ByteSpan datagram, DecodeContext& context) {
    CountingSink sink(context.sink);
    const std::uint64_t malformed_before = sflow_counters_.malformed_samples;
    context.outcome = sflow::decode(datagram, context.message, sflow_counters_, sink, sequence_);
    output_.count(sink.count, context);
    const std::uint64_t malformed = sflow_counters_.malformed_samples - malformed_before;
    counters_.malformed += malformed;
    context.exporter.undecodable += malformed;
}

void SflowMessages::report_sample_drops(MessageStream& stream, DecodeContext& context) {
    std::uint64_t lost = 0;
    for (const sflow::SequenceInfo::Sample& sample : sequence_.kept()) {
        if (sample.counters) continue;
        const std::uint32_t source = std::uint32_t{sample.source_type} << 24U | sample.source_index;
        const auto growth = stream.drops.growth(source, sample.drops);
        if (!growth) ++counters_.over_limit;
        lost += growth.value_or(0);
    }
    if (lost == 0) return;
    counters_.lost += lost;
    context.exporter.lost += lost;
    // They were dropped since the last datagram; our clock may have been set back since.
    const UtcTime now = context.message.received;
    const UtcTime before = stream.context.received;
    const Interval interval{before.ns == 0 ? now : std::min(before, now), now};
    context.sink.gap(context.message, {flow::SequenceGap::Unit::samples, lost, interval});
}

}  // namespace octroi::exporter
