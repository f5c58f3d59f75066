// SPDX-License-Identifier: GPL-3.0-or-later
#include "wire/sflow/sflow.hpp"

#include <algorithm>

#include "wire/flow/sampling_rate.hpp"
#include "wire/sflow/sampled.hpp"
#include "wire/sflow/xdr.hpp"

namespace octroi::sflow {
namespace {

using flow::Field;
using flow::FlowRecord;
using flow::Outcome;

constexpr std::uint32_t version_5 = 5;
// Formats of samples, all of enterprise 0. Expanded ones have a word each for a type and an index,
// plain ones one word for both.
enum SampleFormat : std::uint32_t {
    format_flow = 1,
    format_counters = 2,
    format_flow_expanded = 3,
    format_counters_expanded = 4,
};

// Where a packet came in or went out. The plain format has the kind in the top two bits.
struct Port {
    enum Kind : std::uint32_t { index = 0, discarded = 1, many = 2 };
    std::uint32_t kind = index;
    std::uint32_t value = 0;

    // 0: not an interface, or unknown. `internal`: the device itself sent or received the packet.
    [[nodiscard]] std::uint32_t if_index() const noexcept {
        constexpr std::uint32_t internal = 0x3fff'ffff;
        return kind == index && value != internal ? value : 0;
    }
};

// The reason why a packet was discarded as element 89 has it (RFC 7270: 128 + reason). Reasons
// below 256 are the codes of ICMP "destination unreachable".
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
    SourceReports::Report& report;  // filled where it is kept: a copy would wait for the stores
    std::uint32_t rate = 0;
    Port in;
    Port out;
    std::uint32_t records = 0;
};

void set_source(SourceReports::Report& report, std::uint32_t word) noexcept {
    report.type = static_cast<std::uint8_t>(word >> 24U);
    report.index = word & 0xff'ffffU;
}

Port port_of(std::uint32_t word) noexcept { return {word >> 30U, word & 0x3fff'ffffU}; }

// Words: sequence, source, rate, pool, drops, input, output, number of structures.
bool read_plain(ByteCursor& in, FlowSample& sample) noexcept {
    std::array<std::uint32_t, 8> words{};
    if (!read_words(in, words)) return false;
    set_source(sample.report, words[1]);
    sample.rate = words[2];
    sample.report.drops = words[4];
    sample.in = port_of(words[5]);
    sample.out = port_of(words[6]);
    sample.records = words[7];
    return true;
}

bool read_expanded(ByteCursor& in, FlowSample& sample) noexcept {
    std::array<std::uint32_t, 11> words{};
    if (!read_words(in, words)) return false;
    sample.report.type = static_cast<std::uint8_t>(words[1]);
    sample.report.index = words[2];
    sample.rate = words[3];
    sample.report.drops = words[5];
    sample.in = {words[6], words[7]};
    sample.out = {words[8], words[9]};
    sample.records = words[10];
    return true;
}

// The counters are not read: bytes are counted from flow samples.
bool read_counters(ByteCursor& in, bool expanded, SourceReports::Report& report) noexcept {
    std::uint32_t sequence = 0;
    std::uint32_t source = 0;
    report = {.counter_sample = true};
    if (!in.be32(sequence) || !in.be32(source)) return false;
    if (!expanded) {
        set_source(report, source);
        return true;
    }
    report.type = static_cast<std::uint8_t>(source);
    return in.be32(report.index);
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
    // The packet was sampled at the data source. If that is neither of the two interfaces, or both,
    // the direction is unknown.
    const std::uint32_t source = sample.report.type == 0 ? sample.report.index : 0;
    if (source == 0 || (source == record.in_if) == (source == record.out_if)) return;
    record.direction = source == record.in_if ? 0 : 1;
    record.fields |= flow::bit(Field::direction);
}

// Collects records of one datagram and hands them to the sink, several in one call.
class Outbox {
public:
    Outbox(const flow::MessageContext& context, flow::RecordSink& sink) noexcept
        : context_(context), sink_(sink) {}

    // The place of the next record, cleared. The record counts when add() was called.
    FlowRecord& next() {
        if (count_ == records_.size()) flush();
        FlowRecord& record = records_[count_];
        // Clearing costs as much as decoding: only places that were written.
        if (count_ < written_) record = FlowRecord{};
        written_ = std::max(written_, count_ + 1);
        return record;
    }
    void add() noexcept { ++count_; }
    void flush() {
        if (count_ > 0) sink_.records(context_, std::span(records_).first(count_));
        count_ = 0;
    }

private:
    const flow::MessageContext& context_;
    flow::RecordSink& sink_;
    std::array<FlowRecord, 8> records_;  // about as many samples as fit an Ethernet frame
    std::size_t count_ = 0;
    std::size_t written_ = 0;  // places that have been written
};

// Decodes the structures of one flow sample. False: the sample ends within one.
bool decode_structures(ByteCursor& in, std::uint32_t count, Sampled& sampled) noexcept {
    // Bounded by the octets: each structure has at least 8.
    for (; count > 0; --count) {
        std::uint32_t format = 0;
        ByteSpan content;
        if (!in.be32(format) || !read_opaque(in, content)) return false;
        sampled.decode(format, content);
    }
    return true;
}

class Decoder {
public:
    Decoder(const flow::MessageContext& context, Counters& counters, flow::RecordSink& sink,
            SourceReports& reports) noexcept
        : counters_(counters), reports_(reports), outbox_(context, sink) {}

    Outcome samples(ByteCursor in, std::uint32_t count) {
        Outcome outcome = Outcome::ok;
        for (; count > 0 && outcome == Outcome::ok; --count) {
            std::uint32_t format = 0;
            ByteSpan content;
            if (!in.be32(format) || !read_opaque(in, content))
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
                if (!read_counters(in, format == format_counters_expanded, next_report()))
                    return false;
                ++counters_.counter_samples;
                add_report();
                return true;
            default:
                ++counters_.unknown_samples;
                return true;
        }
    }

    // What stands before the damage is used: that is usually the packet header.
    bool flow_sample(bool expanded, ByteCursor in) {
        FlowSample sample{.report = next_report(), .in = {}, .out = {}};
        sample.report.counter_sample = false;
        if (!(expanded ? read_expanded(in, sample) : read_plain(in, sample))) return false;
        ++counters_.flow_samples;
        add_report();
        FlowRecord& record = outbox_.next();
        Sampled sampled(record, counters_);
        const bool whole = decode_structures(in, sample.records, sampled);
        if (!sampled.finish()) {
            ++counters_.empty_samples;
            return whole;
        }
        record.sampling = flow::plausible_rate(sample.rate);
        record.rate_refused = sample.rate != 0 && record.sampling == 0;
        if (record.sampling != 0) record.fields |= flow::bit(Field::sampling);
        record.sampler = std::uint32_t{sample.report.type} << 24U | sample.report.index;
        record.fields |= flow::bit(Field::sampler);
        fill_ports(record, sample);
        outbox_.add();
        return whole;
    }

    SourceReports::Report& next_report() noexcept {
        return reports_.count < SourceReports::most ? reports_.reports[reports_.count] : beyond_;
    }
    void add_report() noexcept {
        if (reports_.count < SourceReports::most)
            ++reports_.count;
        else
            ++reports_.left_out;
    }

    Counters& counters_;
    SourceReports& reports_;
    SourceReports::Report beyond_;  // of samples that are left out
    Outbox outbox_;
};

}  // namespace

bool read_head(ByteCursor& datagram, DatagramHead& out) noexcept {
    std::uint32_t version = 0;
    std::array<std::uint32_t, 4> words{};
    if (!datagram.be32(version) || version != version_5) return false;
    if (!read_address(datagram, out.agent) || !read_words(datagram, words)) return false;
    out.sub_agent = words[0];
    out.sequence = words[1];
    out.uptime_ms = words[2];
    out.samples = words[3];
    return true;
}

Outcome decode(ByteSpan datagram, flow::MessageContext& context, Counters& counters,
               flow::RecordSink& sink, SourceReports& reports) {
    ++counters.datagrams;
    reports.count = 0;
    reports.left_out = 0;
    ByteCursor in(datagram);
    DatagramHead head;
    if (!read_head(in, head) || head.agent.empty()) {
        ++counters.malformed_datagrams;
        const std::uint32_t version = datagram.size() < 4 ? 0 : load_be32(datagram.data());
        return version != 0 && version != version_5 ? Outcome::unsupported : Outcome::malformed;
    }
    context.exporter = head.agent;
    context.protocol = flow::Protocol::sflow_v5;
    context.observation_domain = head.sub_agent;
    context.exported = {};
    const Outcome outcome = Decoder(context, counters, sink, reports).samples(in, head.samples);
    if (outcome != Outcome::ok) ++counters.malformed_datagrams;
    return outcome;
}

std::size_t measure(ByteSpan octets) noexcept {
    ByteCursor in(octets);
    DatagramHead head;
    if (!read_head(in, head) || head.agent.empty()) return 0;
    for (std::uint32_t count = head.samples; count > 0; --count) {
        std::uint32_t format = 0;
        ByteSpan content;
        if (!in.be32(format) || !read_opaque(in, content)) return 0;
    }
    return octets.size() - in.left();
}

}  // namespace octroi::sflow
