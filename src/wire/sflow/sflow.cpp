// SPDX-License-Identifier: GPL-3.0-or-later
#include "wire/sflow/sflow.hpp"

#include <algorithm>

#include "wire/sflow/sampled.hpp"
#include "wire/sflow/xdr.hpp"

namespace octroi::sflow {
namespace {

using flow::Field;
using flow::FlowRecord;
using flow::Outcome;

constexpr std::uint32_t version_5 = 5;
// Formats of samples, all of enterprise 0. The expanded ones have whole words where the plain ones
// share one word between a type and an index.
enum SampleFormat : std::uint32_t {
    format_flow = 1,
    format_counters = 2,
    format_flow_expanded = 3,
    format_counters_expanded = 4,
};

struct Header {
    std::uint32_t version = 0;
    Address agent;
    std::array<std::uint32_t, 4> words{};  // sub agent, sequence, uptime, number of samples
};

bool take_header(ByteCursor& in, Header& header) noexcept {
    return in.be32(header.version) && header.version == version_5 &&
           take_address(in, header.agent) && !header.agent.empty() && take_words(in, header.words);
}

// Where a packet came in or went out: the format in the top two bits of the plain form.
struct Port {
    enum Kind : std::uint32_t { index = 0, discarded = 1, many = 2 };
    std::uint32_t kind = index;
    std::uint32_t value = 0;

    // 0 and the device's own end of the packet are no interfaces.
    [[nodiscard]] std::uint32_t if_index() const noexcept {
        constexpr std::uint32_t internal = 0x3fff'ffff;
        return kind == index && value != internal ? value : 0;
    }
};

// Why a packet was discarded -> element 89 (RFC 7270): 128 + reason. Below 256 the codes are those
// of ICMP "destination unreachable".
std::uint8_t drop_status(std::uint32_t reason) noexcept {
    enum Status : std::uint8_t {
        unknown = 128,
        acl_deny = 129,
        unroutable = 131,
        not_to_be_fragmented = 133,
        bad_ttl = 137,
        policer = 138,
        wred = 139,
    };
    switch (reason) {
        case 0:  // net, host unreachable; unknown net, host; for the type of service
        case 1:
        case 6:
        case 7:
        case 11:
        case 12:
            return unroutable;
        case 4:    // fragmentation needed
        case 262:  // too big
            return not_to_be_fragmented;
        case 9:  // prohibited
        case 10:
        case 13:
        case 258:  // access list
            return acl_deny;
        case 257:
            return bad_ttl;
        case 260:  // random early detection
            return wred;
        case 261:  // traffic shaping
            return policer;
        default:
            return unknown;
    }
}

struct FlowSample {
    SequenceInfo::Sample& about;  // filled in its place: copying it at once would have to wait
    std::uint32_t rate = 0;
    Port in;
    Port out;
    std::uint32_t records = 0;
};

void set_source(SequenceInfo::Sample& about, std::uint32_t word) noexcept {
    about.source_type = static_cast<std::uint8_t>(word >> 24U);
    about.source_index = word & 0xff'ffffU;
}

Port port_of(std::uint32_t word) noexcept { return {word >> 30U, word & 0x3fff'ffffU}; }

bool take_plain(ByteCursor& in, FlowSample& sample) noexcept {
    std::array<std::uint32_t, 8> words{};
    if (!take_words(in, words)) return false;
    sample.about.sequence = words[0];
    set_source(sample.about, words[1]);
    sample.rate = words[2];
    sample.about.pool = words[3];
    sample.about.drops = words[4];
    sample.in = port_of(words[5]);
    sample.out = port_of(words[6]);
    sample.records = words[7];
    return true;
}

bool take_expanded(ByteCursor& in, FlowSample& sample) noexcept {
    std::array<std::uint32_t, 11> words{};
    if (!take_words(in, words)) return false;
    sample.about.sequence = words[0];
    sample.about.source_type = static_cast<std::uint8_t>(words[1]);
    sample.about.source_index = words[2];
    sample.rate = words[3];
    sample.about.pool = words[4];
    sample.about.drops = words[5];
    sample.in = {words[6], words[7]};
    sample.out = {words[8], words[9]};
    sample.records = words[10];
    return true;
}

bool take_counters(ByteCursor& in, bool expanded, SequenceInfo::Sample& about) noexcept {
    std::uint32_t word = 0;
    std::uint32_t index = 0;
    about = {.counters = true};
    if (!in.be32(about.sequence) || !in.be32(word)) return false;
    if (!expanded) {
        set_source(about, word);
        return true;
    }
    about.source_type = static_cast<std::uint8_t>(word);
    if (!in.be32(index)) return false;
    about.source_index = index;
    return true;
}

void fill_ports(FlowRecord& record, const FlowSample& sample) noexcept {
    record.in_if = sample.in.if_index();
    record.out_if = sample.out.if_index();
    if (record.in_if != 0) record.fields |= flow::bit(Field::in_if);
    if (record.out_if != 0) record.fields |= flow::bit(Field::out_if);
    if (sample.out.kind == Port::discarded) {
        record.forwarding_status = drop_status(sample.out.value);
        record.fields |= flow::bit(Field::forwarding_status);
    }
    // The packet was sampled where it came in or where it went out; a source that is neither of
    // them, or both, does not say.
    const std::uint32_t source = sample.about.source_type == 0 ? sample.about.source_index : 0;
    if (source == 0 || (source == record.in_if) == (source == record.out_if)) return;
    record.direction = source == record.in_if ? 0 : 1;
    record.fields |= flow::bit(Field::direction);
}

// Records of one datagram on their way to the sink.
class Outbox {
public:
    Outbox(const flow::MessageContext& context, flow::RecordSink& sink) noexcept
        : context_(context), sink_(sink) {}

    // The place for the next record, empty.
    FlowRecord& next() {
        if (count_ == records_.size()) flush();
        FlowRecord& record = records_[count_];
        // Clearing costs as much as decoding: only what was written to.
        if (count_ < written_) record = FlowRecord{};
        written_ = std::max(written_, count_ + 1);
        return record;
    }
    void keep() noexcept { ++count_; }
    void flush() {
        if (count_ > 0) sink_.records(context_, std::span(records_).first(count_));
        count_ = 0;
    }

private:
    const flow::MessageContext& context_;
    flow::RecordSink& sink_;
    std::array<FlowRecord, 8> records_;  // as many samples as fit a frame of usual size
    std::size_t count_ = 0;
    std::size_t written_ = 0;  // places that are no longer as they were made
};

// The structures of one flow sample. false: its framing broke.
bool take_flow_records(ByteCursor& in, std::uint32_t count, Sampled& sampled) noexcept {
    // Each takes 8 octets at least, so that the octets end the loop.
    for (; count > 0; --count) {
        std::uint32_t format = 0;
        ByteSpan content;
        if (!in.be32(format) || !take_opaque(in, content)) return false;
        sampled.take(format, content);
    }
    return true;
}

class Decoder {
public:
    Decoder(const flow::MessageContext& context, Counters& counters, flow::RecordSink& sink,
            SequenceInfo& sequence) noexcept
        : counters_(counters), sequence_(sequence), outbox_(context, sink) {}

    Outcome samples(ByteCursor in, std::uint32_t count) {
        Outcome outcome = Outcome::ok;
        for (; count > 0 && outcome == Outcome::ok; --count) {
            std::uint32_t format = 0;
            ByteSpan content;
            if (!in.be32(format) || !take_opaque(in, content))
                outcome = Outcome::incomplete;
            else if (!sample(format, ByteCursor(content)))
                ++counters_.malformed_samples;
        }
        outbox_.flush();
        return outcome;
    }

private:
    bool sample(std::uint32_t format, ByteCursor in) {
        switch (format) {
            case format_flow:
            case format_flow_expanded:
                return flow_sample(format == format_flow_expanded, in);
            case format_counters:
            case format_counters_expanded:
                if (!take_counters(in, format == format_counters_expanded, place())) return false;
                ++counters_.counter_samples;
                keep_place();
                return true;
            default:
                ++counters_.unknown_samples;
                return true;
        }
    }

    // What was read before the framing of a sample broke is good: the packet's header usually.
    bool flow_sample(bool expanded, ByteCursor in) {
        FlowSample sample{.about = place(), .in = {}, .out = {}};
        sample.about.counters = false;
        if (!(expanded ? take_expanded(in, sample) : take_plain(in, sample))) return false;
        ++counters_.flow_samples;
        keep_place();
        FlowRecord& record = outbox_.next();
        Sampled sampled(record, counters_);
        const bool whole = take_flow_records(in, sample.records, sampled);
        if (!sampled.finish()) {
            ++counters_.empty_samples;
            return whole;
        }
        record.sampling = sample.rate;
        if (sample.rate != 0) record.fields |= flow::bit(Field::sampling);
        record.sampler = std::uint32_t{sample.about.source_type} << 24U | sample.about.source_index;
        record.fields |= flow::bit(Field::sampler);
        fill_ports(record, sample);
        outbox_.keep();
        return whole;
    }

    // Where the next sample says its numbers.
    SequenceInfo::Sample& place() noexcept {
        return sequence_.sample_count < SequenceInfo::samples_kept
                   ? sequence_.samples[sequence_.sample_count]
                   : beyond_;
    }
    void keep_place() noexcept {
        if (sequence_.sample_count < SequenceInfo::samples_kept)
            ++sequence_.sample_count;
        else
            ++sequence_.left_out;
    }

    Counters& counters_;
    SequenceInfo& sequence_;
    SequenceInfo::Sample beyond_;
    Outbox outbox_;
};

}  // namespace

Outcome decode(ByteSpan datagram, flow::MessageContext& context, Counters& counters,
               flow::RecordSink& sink, SequenceInfo& sequence) {
    ++counters.datagrams;
    sequence.sample_count = 0;
    sequence.left_out = sequence.sub_agent = sequence.sequence = sequence.uptime_ms = 0;
    ByteCursor in(datagram);
    Header header;
    if (!take_header(in, header)) {
        ++counters.malformed_datagrams;
        const bool other = header.version != 0 && header.version != version_5;
        return other ? Outcome::unsupported : Outcome::malformed;
    }
    if (!header.agent.empty()) context.exporter = header.agent;
    context.protocol = flow::Protocol::sflow_v5;
    context.observation_domain = header.words[0];
    context.exported = {};
    sequence.sub_agent = header.words[0];
    sequence.sequence = header.words[1];
    sequence.uptime_ms = header.words[2];
    const Outcome outcome = Decoder(context, counters, sink, sequence).samples(in, header.words[3]);
    if (outcome != Outcome::ok) ++counters.malformed_datagrams;
    return outcome;
}

std::size_t measure(ByteSpan octets) noexcept {
    ByteCursor in(octets);
    Header header;
    if (!take_header(in, header)) return 0;
    for (std::uint32_t count = header.words[3]; count > 0; --count) {
        std::uint32_t format = 0;
        ByteSpan content;
        if (!in.be32(format) || !take_opaque(in, content)) return 0;
    }
    return octets.size() - in.left();
}

}  // namespace octroi::sflow
