// SPDX-License-Identifier: GPL-3.0-or-later
#include "wire/exporter/message_decoder.hpp"

#include <algorithm>

#include "wire/exporter/content_hash.hpp"
#include "wire/exporter/protocols.hpp"
#include "wire/exporter/recognise.hpp"
#include "wire/ipfix/message.hpp"
#include "wire/netflow/fixed.hpp"
#include "wire/netflow/v9.hpp"

namespace octroi::exporter {
namespace {

using flow::Outcome;
using flow::Protocol;

bool is_padding(ByteSpan octets) noexcept {
    return std::all_of(octets.begin(), octets.end(),
                       [](std::byte octet) { return octet == std::byte{0}; });
}

DecodeContext context_of(const Datagram& datagram, Protocol protocol, Exporter& exporter,
                         flow::RecordSink& sink) {
    return {.exporter = exporter,
            .sink = sink,
            .message = {.exporter = datagram.from,
                        .protocol = protocol,
                        .received = datagram.received,
                        .sender = datagram.from,
                        .port = datagram.port},
            .origin = {}};
}

}  // namespace

MessageDecoder::MessageDecoder(const Settings& settings, const SamplingRates& fallback,
                               ExporterRegistry& registry, UnknownSenders& unknown,
                               Counters& counters, Notices& notices)
    : counters_(counters),
      registry_(registry),
      unknown_(unknown),
      output_(counters),
      sequencer_(settings.limits, registry, counters),
      sets_(settings, fallback, registry, output_, counters, notices),
      sflow_(settings.agents, sequencer_, output_, counters, notices) {}

Outcome MessageDecoder::decode(const Datagram& datagram, flow::RecordSink& sink) {
    ++counters_.datagrams;
    counters_.octets += datagram.octets.size();
    Outcome worst = Outcome::ok;
    Exporter* exporter = nullptr;  // until the first message is recognised
    ByteSpan rest = datagram.octets;
    do {
        const Protocol protocol = recognise(rest);
        // Octets of no protocol do not make their sender an exporter: anybody could fill the table.
        if (protocol == Protocol::unknown && exporter == nullptr) {
            ++counters_.unknown;
            unknown_.add(datagram.from, classify_unknown(rest), datagram.received);
            return Outcome::unsupported;
        }
        if (protocol == Protocol::unknown) {
            if (is_padding(rest)) break;
            ++counters_.malformed;
            ++exporter->undecodable;
            worst = worse(worst, Outcome::malformed);
            break;
        }
        if (exporter == nullptr) exporter = exporter_of(datagram, sink);
        if (exporter == nullptr) return Outcome::over_limit;
        DecodeContext context = context_of(datagram, protocol, *exporter, sink);
        const std::size_t length = decode_one(rest, context);
        count_message(context);
        worst = worse(worst, context.outcome);
        if (length == 0) break;
        rest = rest.subspan(length);
    } while (!rest.empty());
    registry_.touch(*exporter);
    return worst;
}

Outcome MessageDecoder::decode_message(const Datagram& message, flow::RecordSink& sink) {
    ++counters_.datagrams;
    counters_.octets += message.octets.size();
    // Streams carry IPFIX only (RFC 7011 section 10.4). The caller found the end of the message by
    // the length in its header.
    const bool one_ipfix_message = recognise(message.octets) == Protocol::ipfix &&
                                   load_be16(message.octets.data() + 2) == message.octets.size();
    if (!one_ipfix_message) {
        ++counters_.unknown;
        return Outcome::unsupported;
    }
    Exporter* const exporter = exporter_of(message, sink);
    if (exporter == nullptr) return Outcome::over_limit;
    DecodeContext context = context_of(message, Protocol::ipfix, *exporter, sink);
    context.message.transport_session = message.transport_session;
    decode_ipfix(message.octets, context);
    count_message(context);
    registry_.touch(*exporter);
    return context.outcome;
}

Exporter* MessageDecoder::exporter_of(const Datagram& datagram, flow::RecordSink& sink) {
    Exporter* const exporter = registry_.admit(datagram.from, datagram.received, sink);
    if (exporter == nullptr) return nullptr;
    count_dropped(exporter->pending.expire(datagram.received), *exporter, counters_);
    return exporter;
}

void MessageDecoder::count_message(DecodeContext& context) {
    Exporter& exporter = context.exporter;
    ++counters_.messages;
    ++exporter.messages;
    exporter.exported = context.message.exported;
    exporter.protocols |= protocol_bit(context.message.protocol);
    if (context.message.port != 0) exporter.ports.add(context.message.port);
    if (context.outcome != Outcome::ok) {
        ++counters_.malformed;
        ++exporter.undecodable;
    }
    // After the damaged messages are counted: a message that met a limit is not damaged.
    if (context.over_limit) context.worsen(Outcome::over_limit);
}

std::size_t MessageDecoder::decode_one(ByteSpan octets, DecodeContext& context) {
    switch (context.message.protocol) {
        case Protocol::netflow_v9:
            return decode_v9(octets, context);
        case Protocol::ipfix:
            return decode_ipfix(octets, context);
        case Protocol::sflow_v5:
            return sflow_.decode(octets, context);
        default:
            return decode_fixed(octets, context);
    }
}

std::size_t MessageDecoder::decode_fixed(ByteSpan octets, DecodeContext& context) {
    netflow::FixedMessage message;
    context.outcome = netflow::parse_fixed(octets, message);
    if (context.outcome == Outcome::malformed) return 0;
    context.message.observation_domain = message.engine;
    context.message.exported = message.exported;
    MessageSequencer::Place place;
    // Version 1 has no sequence numbers.
    if (message.protocol != Protocol::netflow_v1) {
        const NumberedMessage numbered{message.sequence, content_hash(octets.first(message.octets)),
                                       context.message.received, message.uptime_ms};
        place = sequencer_.begin(stream_key(message.protocol, message.engine),
                                 Numbering::records_before, numbered, context);
        if (place.duplicate) return message.octets;
        if (place.stream != nullptr) place.stream->sampling = message.sampling;
    }
    ByteCursor records(message.records);
    bool more = true;
    while (more) {
        more = netflow::fill(message, records, output_.batch());
        output_.flush(context);
    }
    context.data_records = message.count;
    sequencer_.end(place, context);
    return message.octets;
}

std::size_t MessageDecoder::decode_v9(ByteSpan octets, DecodeContext& context) {
    netflow::V9Message message;
    context.outcome = netflow::parse_v9(octets, message);
    if (context.outcome == Outcome::malformed) return 0;
    context.message.observation_domain = message.source_id;
    context.message.exported = message.exported;
    context.dialect = ipfix::Dialect::v9;
    context.origin.has_uptime = true;
    context.origin.uptime_ms = message.uptime_ms;
    context.origin.icmp_in_port = true;
    // The header states no uptime (RFC 7011 section 3.1): only the numbers can show a restart.
    const NumberedMessage numbered{message.sequence, content_hash(octets.first(message.octets)),
                                   context.message.received, message.uptime_ms};
    const auto place =
        sequencer_.begin(stream_key(context.message), Numbering::messages, numbered, context);
    if (place.duplicate) return message.octets;
    sets_.decode(message.sets, context);
    sequencer_.end(place, context);
    return message.octets;
}

std::size_t MessageDecoder::decode_ipfix(ByteSpan octets, DecodeContext& context) {
    ipfix::Message message;
    context.outcome = ipfix::parse_message(octets, message);
    if (context.outcome == Outcome::malformed) return 0;
    context.message.observation_domain = message.observation_domain;
    context.message.exported = message.exported;
    const NumberedMessage numbered{message.sequence, content_hash(octets.first(message.octets)),
                                   context.message.received, std::nullopt};
    const auto place =
        sequencer_.begin(stream_key(context.message), Numbering::records_before, numbered, context);
    if (place.duplicate) return message.octets;
    const bool whole = context.outcome == Outcome::ok;
    sets_.decode(message.sets, context);
    // The missing end of the message may have held records.
    if (!whole) context.data_records.reset();
    sequencer_.end(place, context);
    return message.octets;
}

}  // namespace octroi::exporter
