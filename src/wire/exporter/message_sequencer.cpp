// SPDX-License-Identifier: GPL-3.0-or-later
#include "wire/exporter/message_sequencer.hpp"

#include "wire/exporter/gap_reporter.hpp"

namespace octroi::exporter {

MessageStream* MessageSequencer::stream_of(StreamKey key, Numbering numbering,
                                           DecodeContext& context) {
    Exporter& exporter = context.exporter;
    if (MessageStream* known = exporter.streams.find(key)) {
        exporter.streams.touch(*known);
        return known;
    }
    if (exporter.streams.size() >= limits_.streams) {
        const StreamKey silent = exporter.streams.longest_silent();
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

// Nothing that is known about the exporter is dropped: numbers jump for many reasons (line
// cards, exporters behind one address, forged messages). What waits for a template goes on waiting.
void MessageSequencer::on_restart(MessageStream& stream, const NumberedMessage& message,
                                  DecodeContext& context) {
    ++counters_.restarts;
    ++context.exporter.restarts;
    stream.drops.clear();
    const Duration uptime = Duration::milliseconds(message.uptime_ms.value_or(0));
    stream.restarted = message.received - uptime;
    stream.unconfirmed = MessageStream::confirming;
}

void MessageSequencer::on_continued(MessageStream& stream, DecodeContext& context) {
    if (stream.unconfirmed == 0 || --stream.unconfirmed > 0) return;
    const flow::MessageContext& of = context.message;
    context.exporter.samplers.on_restart(stream.restarted, of.observation_domain,
                                         of.transport_session);
    if (ObservationDomain* const domain = context.exporter.domains.find(stream_key(of)))
        domain->start.on_restart(stream.restarted);
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
            on_restart(*place.stream, message, context);
            break;
        case Arrival::late:
            ++counters_.late;
            place.late = true;
            break;
        case Arrival::in_order:
        case Arrival::ahead:
            on_continued(*place.stream, context);
            break;
    }
    return place;
}

void MessageSequencer::end(const Place& place, DecodeContext& context) {
    if (place.stream == nullptr) return;
    std::optional<SequenceTracker::Records> records;
    if (context.data_records)
        records = {static_cast<std::uint32_t>(*context.data_records), context.template_records};
    place.stream->sequence.advance(records);
    if (context.dropped_sets) place.stream->sequence.uncount_last();
    place.stream->context = context.message;
    GapReporter(context.exporter, counters_, context.sink).report_closed(*place.stream);
}

}  // namespace octroi::exporter
