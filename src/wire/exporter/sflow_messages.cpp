// SPDX-License-Identifier: GPL-3.0-or-later
#include "wire/exporter/sflow_messages.hpp"

#include <algorithm>

#include "base/hash.hpp"
#include "wire/exporter/content_hash.hpp"

namespace octroi::exporter {
namespace {

// Several agents may send from one source address. An agent address and a sub agent do not fit a
// key of 64 bits beside the protocol; 56 bits of their hash do, because there are few of them.
StreamKey sflow_stream_key(const sflow::DatagramHead& head) noexcept {
    const auto octets = static_cast<std::size_t>(head.agent.bits()) / 8;
    std::uint64_t hash = mix_a;
    for (std::size_t i = 0; i < octets; ++i) hash = mix(hash ^ head.agent.octets[i], mix_b);
    return std::uint64_t{static_cast<std::uint8_t>(flow::Protocol::sflow_v5)} << 56U |
           mix(hash + head.sub_agent, mix_c) >> 8U;
}

// Passes everything on; counts the records, and those with a sampling rate that cannot be right.
class CountingSink final : public flow::RecordSink {
public:
    explicit CountingSink(flow::RecordSink& to) : to_(to) {}
    void records(const flow::MessageContext& context,
                 std::span<const flow::FlowRecord> records) override {
        count += records.size();
        refused_rates += static_cast<std::uint64_t>(
            std::ranges::count_if(records, &flow::FlowRecord::rate_refused));
        to_.records(context, records);
    }
    void gap(const flow::MessageContext& context, const flow::SequenceGap& gap) override {
        to_.gap(context, gap);
    }
    std::uint64_t count = 0;
    std::uint64_t refused_rates = 0;

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
    sflow::DatagramHead head;
    ByteCursor cursor(datagram);
    if (sflow::read_head(cursor, head)) {
        if (!is_accepted(head.agent)) {
            ++counters_.refused_agents;
            return datagram.size();
        }
        const NumberedMessage numbered{head.sequence, content_hash(datagram),
                                       context.message.received, head.uptime_ms};
        place = sequencer_.begin(sflow_stream_key(head), Numbering::messages, numbered, context);
        if (place.duplicate) return datagram.size();
    }
    decode_samples(datagram, context);
    // A late datagram states older totals, which would look like a reset.
    if (place.stream != nullptr && !place.late) report_sample_drops(*place.stream, context);
    sequencer_.end(place, context);
    return datagram.size();
}

void SflowMessages::decode_samples(ByteSpan datagram, DecodeContext& context) {
    CountingSink sink(context.sink);
    const std::uint64_t malformed_before = sflow_counters_.malformed_samples;
    const std::uint64_t doubtful_before = sflow_counters_.doubtful_lengths;
    context.outcome = sflow::decode(datagram, context.message, sflow_counters_, sink, reports_);
    output_.count(sink.count, context);
    counters_.refused_rates += sink.refused_rates;
    context.exporter.refused_rates += sink.refused_rates;
    if (sink.refused_rates > 0)
        notices_.add({Notice::Kind::rate_refused, context.message.exporter,
                      context.message.observation_domain});
    const std::uint64_t doubtful = sflow_counters_.doubtful_lengths - doubtful_before;
    counters_.doubtful_lengths += doubtful;
    context.exporter.doubtful_lengths += doubtful;
    const std::uint64_t malformed = sflow_counters_.malformed_samples - malformed_before;
    counters_.malformed += malformed;
    context.exporter.undecodable += malformed;
}

void SflowMessages::report_sample_drops(MessageStream& stream, DecodeContext& context) {
    std::uint64_t lost = 0;
    for (const sflow::SourceReports::Report& report : reports_.all()) {
        if (report.counter_sample) continue;
        const std::uint32_t source = std::uint32_t{report.type} << 24U | report.index;
        const auto growth = stream.drops.growth(source, report.drops);
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
