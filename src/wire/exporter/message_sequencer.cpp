// SPDX-License-Identifier: GPL-3.0-or-later
#include "wire/exporter/message_sequencer.hpp"

#include "wire/exporter/gap_reporter.hpp"

namespace octroi::exporter {

MessageStream* MessageSequencer::stream_of(StreamKey key, Numbering numbering,
                                           DecodeContext& context) {
    Exporter& exporter = context.exporter;
    if (MessageStream* known = exporter.streams.find(key)) return known;
    if (exporter.streams.size() >= limits_.streams) {
        const StreamKey silent = exporter.streams.longest_silent(context.message.received);
        GapReporter(exporter, counters_, context.sink).report_all(*exporter.streams.find(silent));
        exporter.streams.drop(silent);
    }
    if (!registry_.reserve(MessageStream::cost, exporter, context.sink)) {
        ++counters_.over_limit;
        context.over_limit = true;
        return nullptr;
    }
    return &exporter.streams.add(key, numbering);
}

void MessageSequencer::on_restart(StreamKey key, MessageStream& stream,
                                  const NumberedMessage& message, DecodeContext& context) {
    Exporter& exporter = context.exporter;
    ++counters_.restarts;
    ++exporter.restarts;
    // Templates that come after a restart may have other fields under the same id.
    count_dropped(exporter.pending.drop_stream(key), exporter, counters_);
    stream.drops.clear();
    const flow::MessageContext& of = context.message;
    // Rates that were stated since the exporter started hold: two sources behind one address look
    // like one that restarts all the time. Without an uptime only a count from 0 is a sure restart.
    if (message.uptime_ms) {
        const Duration uptime = Duration::milliseconds(*message.uptime_ms);
        exporter.samplers.drop_stated_before(message.received - uptime, of.observation_domain,
                                             of.transport_session);
    } else if (message.sequence == 0) {
        exporter.samplers.drop_stated_before(UtcTime::max(), of.observation_domain,
                                             of.transport_session);
    }
}

MessageSequencer::Place MessageSequencer::begin(StreamKey key, Numbering numbering,
                                                const NumberedMessage& message,
                                                DecodeContext& context) {
    Place place;
    place.stream = stream_of(key, numbering, context);
    if (place.stream == nullptr) return place;
    using Arrival = SequenceTracker::Arrival;
    switch (place.stream->sequence.arrive(message)) {
        case Arrival::duplicate:
            ++counters_.duplicates;
            ++context.exporter.duplicates;
            place.duplicate = true;
            break;
        case Arrival::restart:
            on_restart(key, *place.stream, message, context);
            break;
        case Arrival::late:
            ++counters_.late;
            place.late = true;
            break;
        case Arrival::in_order:
        case Arrival::ahead:
            break;
    }
    return place;
}

void MessageSequencer::end(const Place& place, DecodeContext& context) {
    if (place.stream == nullptr) return;
    std::optional<std::uint32_t> records;
    if (context.data_records) records = static_cast<std::uint32_t>(*context.data_records);
    place.stream->sequence.advance(records);
    place.stream->context = context.message;
    GapReporter(context.exporter, counters_, context.sink).report_closed(*place.stream);
}

}  // namespace octroi::exporter
