// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Hands the gaps of one exporter's streams to the sink, and counts them as lost.

#include <cstdint>

#include "base/time.hpp"
#include "wire/exporter/counters.hpp"
#include "wire/exporter/exporter_state.hpp"
#include "wire/flow/record_sink.hpp"

namespace octroi::exporter {

// Lives for one call. All three must outlive it.
class GapReporter {
public:
    GapReporter(Exporter& exporter, Counters& counters, flow::RecordSink& sink) noexcept
        : exporter_(exporter), counters_(counters), sink_(sink) {}

    // Gaps that no late message will fill.
    void report_closed(MessageStream& stream) {
        while (const auto gap = stream.sequence.pop_closed_gap()) report(stream, *gap);
    }
    // Also those that were open for longer than SequenceTracker::patience at that time.
    void report_expired(MessageStream& stream, UtcTime now) {
        while (const auto gap = stream.sequence.pop_expired_gap(now)) report(stream, *gap);
    }
    void report_all(MessageStream& stream) {
        while (const auto gap = stream.sequence.pop_gap()) report(stream, *gap);
    }
    // Of all streams of the exporter.
    void report_all() {
        exporter_.streams.each([&](StreamKey, MessageStream& stream) { report_all(stream); });
    }

private:
    void report(const MessageStream& stream, const Gap& gap) {
        using Unit = flow::SequenceGap::Unit;
        const bool messages = stream.sequence.numbering() == Numbering::messages;
        counters_.lost += gap.length;
        exporter_.lost += gap.length;
        sink_.gap(stream.context, {messages ? Unit::messages : Unit::records, gap.length,
                                   gap.interval, stream.sequence.messages_of(gap)});
    }

    Exporter& exporter_;
    Counters& counters_;
    flow::RecordSink& sink_;
};

}  // namespace octroi::exporter
