// SPDX-License-Identifier: GPL-3.0-or-later
// From a datagram to its messages, and what their sequence numbers say.

#include <algorithm>
#include <cstring>
#include <map>

#include "wire/exporter/recognise.hpp"
#include "wire/exporter/state.hpp"
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

// The head of an sFlow datagram, as far as it is needed to recognise one that came before: sFlow
// version 5, "sample_datagram_v5".
struct SflowHead {
    Address agent;
    std::uint64_t stream = 0;
    std::uint32_t sequence = 0;
    std::uint32_t uptime_ms = 0;
};
bool read_sflow_head(ByteSpan octets, SflowHead& out) noexcept {
    ByteCursor cursor(octets);
    std::uint32_t version = 0;
    std::uint32_t kind = 0;
    std::uint32_t sub_agent = 0;
    ByteSpan agent;
    if (!cursor.be32(version) || !cursor.be32(kind)) return false;
    if (kind > 2 || !cursor.raw(kind == 2 ? 16 : kind == 1 ? 4 : 0, agent)) return false;
    if (!cursor.be32(sub_agent) || !cursor.be32(out.sequence)) return false;
    if (kind != 0) std::memcpy(out.agent.octets.data(), agent.data(), agent.size());
    out.agent.family = kind == 0 ? Family::none : kind == 1 ? Family::v4 : Family::v6;
    std::uint64_t word = mix_a;
    for (const std::byte octet : agent) word = mix(word ^ static_cast<std::uint64_t>(octet), mix_b);
    // Beside the protocol there are 56 bits; agents behind one address are few.
    out.stream = std::uint64_t{static_cast<std::uint8_t>(Protocol::sflow_v5)} << 56U |
                 mix(word + sub_agent, mix_c) >> 8U;
    return cursor.be32(out.uptime_ms);
}

flow::SequenceGap::Unit unit_of(Counted counted) noexcept {
    return counted != Counted::messages ? flow::SequenceGap::Unit::records
                                        : flow::SequenceGap::Unit::messages;
}

// Counts what goes through.
class Counting final : public flow::RecordSink {
public:
    explicit Counting(flow::RecordSink& to) : to_(to) {}
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

void Exporters::State::report_gap(Exporter& exporter, Stream& stream, const Gap& gap,
                                  flow::RecordSink& sink) {
    counters_.lost += gap.length;
    exporter.lost += gap.length;
    sink.gap(stream.context, {unit_of(stream.sequence.counted()), gap.length, gap.interval});
}

void Exporters::State::tell_gaps(Exporter& exporter, Stream& stream, bool all,
                                 flow::RecordSink& sink) {
    while (const auto gap = stream.sequence.take_gap(all)) report_gap(exporter, stream, *gap, sink);
}

void Exporters::State::restarted(std::uint64_t key, const Numbered& message,
                                 DecodeContext& context) {
    ++counters_.restarts;
    ++context.exporter.restarts;
    // A template after the restart is another one.
    drop_waiting(context.exporter, key);
    context.exporter.streams.find(key)->second->drops.clear();
    // Rates that were said since the exporter started go on: two sources behind one address look
    // like restarts without end. Without an uptime, only who counts from 0 surely began anew.
    if (message.uptime_ms) {
        const Duration uptime = Duration::milliseconds(*message.uptime_ms);
        forget_rates(context.exporter, context.message, message.received - uptime);
    } else if (message.sequence == 0) {
        forget_rates(context.exporter, context.message, UtcTime::max());
    }
}

Exporters::State::Entry Exporters::State::enter(std::uint64_t key, Counted counted,
                                                const Numbered& message, DecodeContext& context) {
    Entry entry;
    entry.stream = stream_of(key, counted, context);
    if (entry.stream == nullptr) return entry;
    switch (entry.stream->sequence.arrive(message)) {
        case Sequence::Arrival::duplicate:
            ++counters_.duplicates;
            ++context.exporter.duplicates;
            entry.decode = false;
            break;
        case Sequence::Arrival::restart:
            restarted(key, message, context);
            break;
        case Sequence::Arrival::late:
            ++counters_.late;
            entry.late = true;
            break;
        case Sequence::Arrival::in_order:
        case Sequence::Arrival::ahead:
            break;
    }
    return entry;
}

void Exporters::State::leave(const Entry& entry, DecodeContext& context) {
    if (entry.stream == nullptr || !entry.decode) return;
    std::optional<std::uint32_t> counted;
    if (context.counted) counted = static_cast<std::uint32_t>(*context.counted);
    entry.stream->sequence.advance(counted);
    entry.stream->context = context.message;
    tell_gaps(context.exporter, *entry.stream, false, context.sink);
}

std::size_t Exporters::State::take_fixed(ByteSpan octets, DecodeContext& context) {
    netflow::FixedMessage message;
    context.outcome = netflow::parse_fixed(octets, message);
    if (context.outcome == Outcome::malformed) return 0;
    context.message.observation_domain = message.engine;
    context.message.exported = message.exported;
    Entry entry;
    // v1 has no numbers.
    if (message.protocol != Protocol::netflow_v1) {
        const Numbered numbered{message.sequence, content_hash(octets.first(message.octets)),
                                context.message.received, message.uptime_ms};
        entry = enter(stream_key(message.protocol, message.engine), Counted::records, numbered,
                      context);
        if (!entry.decode) return message.octets;
        if (entry.stream != nullptr) entry.stream->sampling = message.sampling;
    }
    ByteCursor records(message.records);
    bool more = true;
    while (more) {
        more = netflow::fill(message, records, batch_);
        hand_over(context);
    }
    context.counted = message.count;
    leave(entry, context);
    return message.octets;
}

void Exporters::State::take_sets(ByteSpan sets, DecodeContext& context) {
    const std::uint64_t key = stream_key(context.message);
    context.observation_domain = domain_of(key, context);
    if (context.observation_domain == nullptr) {
        context.counted.reset();
        ipfix::SetReader reader(sets);
        ipfix::Set set;
        while (reader.next(set)) {
            if (set.id < ipfix::first_template_id) continue;
            ++counters_.dropped;
            ++context.exporter.undecodable;
        }
        return;
    }
    context.observation_domain->last_seen = context.message.received;
    context.origin.exported = context.message.exported;
    context.origin.init_ms = context.observation_domain->init_ms;
    ipfix::SetReader reader(sets);
    ipfix::Set set;
    while (reader.next(set)) take_set(set, context);
    hand_over(context);
    context.outcome = worse(context.outcome, reader.outcome());
    // What was cut off cannot be counted.
    if (reader.outcome() != Outcome::ok) context.counted.reset();
}

std::size_t Exporters::State::take_v9(ByteSpan octets, DecodeContext& context) {
    netflow::V9Message message;
    context.outcome = netflow::parse_v9(octets, message);
    if (context.outcome == Outcome::malformed) return 0;
    context.message.observation_domain = message.source_id;
    context.message.exported = message.exported;
    context.dialect = ipfix::Dialect::v9;
    context.origin.has_uptime = true;
    context.origin.uptime_ms = message.uptime_ms;
    context.origin.icmp_in_port = true;
    const Numbered numbered{message.sequence, content_hash(octets.first(message.octets)),
                            context.message.received, message.uptime_ms};
    const Entry entry = enter(stream_key(Protocol::netflow_v9, message.source_id),
                              Counted::messages, numbered, context);
    if (!entry.decode) return message.octets;
    take_sets(message.sets, context);
    leave(entry, context);
    return message.octets;
}

std::size_t Exporters::State::take_ipfix(ByteSpan octets, DecodeContext& context) {
    ipfix::Message message;
    context.outcome = ipfix::parse_message(octets, message);
    if (context.outcome == Outcome::malformed) return 0;
    context.message.observation_domain = message.observation_domain;
    context.message.exported = message.exported;
    const Numbered numbered{message.sequence, content_hash(octets.first(message.octets)),
                            context.message.received, std::nullopt};
    const Entry entry = enter(stream_key(context.message), Counted::records, numbered, context);
    if (!entry.decode) return message.octets;
    const bool whole = context.outcome == Outcome::ok;
    take_sets(message.sets, context);
    if (!whole) context.counted.reset();
    leave(entry, context);
    return message.octets;
}

bool Exporters::State::is_believed(const Address& agent) const {
    return settings_.agents.empty() || agent.empty() || any_contains(settings_.agents, agent);
}

void Exporters::State::tell_sample_drops(Stream& stream, DecodeContext& context) {
    std::uint64_t lost = 0;
    for (const sflow::SequenceInfo::Sample& sample : sflow_sequence_.kept()) {
        if (sample.counters) continue;
        const std::uint32_t source = std::uint32_t{sample.source_type} << 24U | sample.source_index;
        const auto more = stream.drops.more(source, sample.drops);
        if (!more) ++counters_.over_limit;
        lost += more.value_or(0);
    }
    if (lost == 0) return;
    counters_.lost += lost;
    context.exporter.lost += lost;
    const UtcTime now = context.message.received;
    const UtcTime before = stream.context.received;
    context.sink.gap(context.message, {flow::SequenceGap::Unit::samples,
                                       lost,
                                       {before.ns == 0 ? now : std::min(before, now), now}});
}

std::size_t Exporters::State::take_sflow(ByteSpan octets, DecodeContext& context) {
    const std::size_t measured = sflow::measure(octets);
    const ByteSpan datagram = measured == 0 ? octets : octets.first(measured);
    Entry entry;
    SflowHead head;
    if (read_sflow_head(datagram, head)) {
        if (!is_believed(head.agent)) {
            ++counters_.refused_agents;
            return datagram.size();
        }
        const Numbered numbered{head.sequence, content_hash(datagram), context.message.received,
                                head.uptime_ms};
        entry = enter(head.stream, Counted::messages, numbered, context);
        if (!entry.decode) return datagram.size();
    }
    Counting sink(context.sink);
    const std::uint64_t broken = sflow_counters_.malformed_samples;
    context.outcome =
        sflow::decode(datagram, context.message, sflow_counters_, sink, sflow_sequence_);
    counters_.records += sink.count;
    context.exporter.records += sink.count;
    counters_.malformed += sflow_counters_.malformed_samples - broken;
    context.exporter.undecodable += sflow_counters_.malformed_samples - broken;
    if (entry.stream != nullptr && !entry.late) tell_sample_drops(*entry.stream, context);
    leave(entry, context);
    return datagram.size();
}

std::size_t Exporters::State::take_one(Protocol protocol, ByteSpan octets, DecodeContext& context) {
    switch (protocol) {
        case Protocol::netflow_v9:
            return take_v9(octets, context);
        case Protocol::ipfix:
            return take_ipfix(octets, context);
        case Protocol::sflow_v5:
            return take_sflow(octets, context);
        default:
            return take_fixed(octets, context);
    }
}

Exporter* Exporters::State::exporter_of(const Datagram& datagram, flow::RecordSink& sink) {
    if (Exporter* known = registry_.find(datagram.from)) {
        known->last_seen = datagram.received;
        expire_waiting(*known, datagram.received);
        return known;
    }
    if (registry_.full()) {
        Exporter* longest_silent = registry_.drop_priority(datagram.received, nullptr);
        if (longest_silent != nullptr) forget(*longest_silent, sink);
    }
    if (registry_.full()) {
        ++counters_.refused;
        return nullptr;
    }
    Exporter& exporter = registry_.add(datagram.from);
    exporter.first_seen = exporter.last_seen = datagram.received;
    charge(exporter, Exporter::cost);
    return &exporter;
}

// What a message leaves in the books, however it went.
void Exporters::State::finish(DecodeContext& context) {
    Exporter& exporter = context.exporter;
    ++counters_.messages;
    ++exporter.messages;
    exporter.exported = context.message.exported;
    exporter.protocols |= protocol_bit(context.message.protocol);
    if (context.outcome != Outcome::ok) {
        ++counters_.malformed;
        ++exporter.undecodable;
    }
    if (context.over_limit) context.outcome = worse(context.outcome, Outcome::over_limit);
}

Outcome Exporters::State::decode(const Datagram& datagram, flow::RecordSink& sink) {
    ++counters_.datagrams;
    counters_.octets += datagram.octets.size();
    Outcome worst = Outcome::ok;
    Exporter* exporter = nullptr;
    ByteSpan rest = datagram.octets;
    do {
        const Protocol protocol = recognise(rest);
        if (protocol == Protocol::unknown && exporter == nullptr) {
            ++counters_.unknown;
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
        DecodeContext context{.exporter = *exporter, .sink = sink, .message = {}, .origin = {}};
        context.message = {datagram.from, protocol, 0, {}, datagram.received};
        const std::size_t took = take_one(protocol, rest, context);
        finish(context);
        worst = worse(worst, context.outcome);
        if (took == 0) break;
        rest = rest.subspan(took);
    } while (!rest.empty());
    registry_.touch(*exporter);
    return worst;
}

Outcome Exporters::State::decode_message(const Datagram& message, flow::RecordSink& sink) {
    ++counters_.datagrams;
    counters_.octets += message.octets.size();
    const bool ours = recognise(message.octets) == Protocol::ipfix &&
                      load_be16(message.octets.data() + 2) == message.octets.size();
    if (!ours) {
        ++counters_.unknown;
        return Outcome::unsupported;
    }
    Exporter* exporter = exporter_of(message, sink);
    if (exporter == nullptr) return Outcome::over_limit;
    DecodeContext context{.exporter = *exporter, .sink = sink, .message = {}, .origin = {}};
    context.message = {message.from, Protocol::ipfix,  0,
                       {},           message.received, message.transport_session};
    take_ipfix(message.octets, context);
    finish(context);
    registry_.touch(*exporter);
    return context.outcome;
}

void Exporters::State::end_transport_session(const Address& from, std::uint16_t session,
                                             flow::RecordSink& sink) {
    Exporter* exporter = registry_.find(from);
    if (exporter != nullptr && session != 0) forget_session(*exporter, session, sink);
}

void Exporters::State::end_all_transport_sessions(UtcTime now, flow::RecordSink& sink) {
    registry_.each([&](Exporter& exporter) {
        // With the last message of each; of one without a stream nothing is known but that it was.
        std::map<std::uint16_t, flow::MessageContext> open;
        for (const auto& [key, domain] : exporter.domains)
            if (session_of(key) != 0)
                open.try_emplace(session_of(key),
                                 flow::MessageContext{.exporter = exporter.address,
                                                      .received = domain->last_seen});
        for (const auto& [key, stream] : exporter.streams) {
            if (session_of(key) == 0) continue;
            flow::MessageContext& last = open[session_of(key)];
            if (last.received <= stream->context.received) last = stream->context;
        }
        for (const auto& [session, last] : open) {
            forget_session(exporter, session, sink);
            const UtcTime before = std::min(last.received, now);
            sink.gap(last, {flow::SequenceGap::Unit::records, 0, {before, now}});
        }
    });
}

void Exporters::State::flush(flow::RecordSink& sink) {
    registry_.each([&](Exporter& exporter) {
        for (auto& [key, stream] : exporter.streams) tell_gaps(exporter, *stream, true, sink);
    });
}

void Exporters::State::expire(UtcTime now, flow::RecordSink& sink) {
    registry_.each([&](Exporter& exporter) {
        expire_waiting(exporter, now);
        for (auto& [key, stream] : exporter.streams)
            while (const auto gap = stream->sequence.take_gap_by(now))
                report_gap(exporter, *stream, *gap, sink);
    });
}

}  // namespace octroi::exporter
