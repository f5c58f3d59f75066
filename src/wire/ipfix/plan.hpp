// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// A template compiled into steps that are run for each record: copy these octets to that field.
// Which element counts, where several fill the same field, is decided here: once per template.

#include <cstddef>
#include <cstdint>
#include <vector>

#include "wire/flow/flow_record.hpp"
#include "wire/ipfix/template.hpp"

namespace octroi::ipfix {

// Steps of a segment are run in this order, so that fallbacks see the fields that were written
// before.
enum class Op : std::uint8_t {
    copy8,
    copy16,
    copy32,
    copy64,
    widen32,  // 4 octets into 64 bits: most counters
    address4,
    address6,
    mac,
    number8,   // a number of 1 to 8 octets into 8 bits ...
    number16,  //
    number32,  //
    number64,  //
    text,
    octets,     // as they are, zeros too
    fallback4,  // an address, if the one written before is all zero
    fallback6,  //
    fallback8,  // a number of 8 bits, if the one written before is 0
};

// Where a step writes: a field of the record, or a value of Work.
enum class Into : std::uint8_t { record, work };

struct Step {
    Op op = Op::copy8;
    Into into = Into::record;
    std::uint16_t length = 0;
    std::uint16_t offset = 0;  // from the beginning of the segment
    std::uint16_t target = 0;  // offset in the FlowRecord, or in Work
};

// Fields of fixed length, and behind them one of variable length, unless it is the last segment.
struct Segment {
    std::uint16_t octets = 0;      // of the fields of fixed length
    std::uint16_t first_step = 0;  // their steps: [first_step, end_step) of Plan::steps
    std::uint16_t end_step = 0;
    bool variable = false;  // a field of variable length follows ...
    bool wanted = false;    // ... and has steps: from end_step to the next segment's first_step
};

// How an element encodes a time (RFC 7011 section 6.1).
enum class TimeForm : std::uint8_t {
    none,
    uptime_ms,     // since the exporter started, modulo 2^32
    seconds,       // since 1970
    milliseconds,  // since 1970
    ntp_micro,     // NTP; the low 11 bits of the fraction are not used (section 6.1.9)
    ntp_nano,      // NTP (section 6.1.10)
    delta_us,      // microseconds before the export time
};
// How an element encodes the duration of a flow.
enum class SpanForm : std::uint8_t { none, milliseconds, microseconds };
// Which elements state the sampling rate: see rate.hpp.
enum class SamplingForm : std::uint8_t {
    none,
    interval,
    count_space,
    size_population,
    probability
};

// Bits of Plan::finish: the work that is left for a record when its steps have run.
struct Finish {
    static constexpr std::uint32_t times = 1U << 0U;
    static constexpr std::uint32_t icmp = 1U << 1U;            // type and code from one element
    static constexpr std::uint32_t icmp_from_port = 1U << 2U;  // if Origin::icmp_in_port
    static constexpr std::uint32_t families = 1U << 3U;        // IPv4 and IPv6 addresses of one end
    static constexpr std::uint32_t sampling = 1U << 4U;
    static constexpr std::uint32_t events = 1U << 5U;        // a record without counts is an event
    static constexpr std::uint32_t reverse = 1U << 6U;       // there may be a second record
    static constexpr std::uint32_t bgp_next_hop = 1U << 7U;  // preferred, if it is not all zero ...
    static constexpr std::uint32_t next_hop = 1U << 8U;      // ... to this one
};

struct Plan {
    std::uint64_t serial = 0;          // equal for equal templates: see Batch::prepare()
    std::uint64_t fields = 0;          // bits of flow::Field that every record has
    std::uint64_t reverse_fields = 0;  // that elements of the reverse direction fill
    std::uint32_t finish = 0;          // bits of Finish
    std::uint32_t least_octets = 0;    // length of the shortest record; 0: nothing can be read
    bool fixed = true;                 // all records have that length
    flow::Counting counting = flow::Counting::delta;
    flow::Counting reverse_counting = flow::Counting::delta;
    flow::RecordKind kind = flow::RecordKind::traffic;
    flow::SectionKind section = flow::SectionKind::none;
    TimeForm first = TimeForm::none;
    TimeForm last = TimeForm::none;
    TimeForm reverse_first = TimeForm::none;
    TimeForm reverse_last = TimeForm::none;
    TimeForm observed = TimeForm::none;  // one time for first and last
    // first and last have the same form, and there is no reverse direction: the short way.
    bool plain_times = false;
    SpanForm span = SpanForm::none;
    SamplingForm sampling = SamplingForm::none;
    std::uint8_t probability_octets = 0;  // 4 or 8: float32 or float64
    bool init_time = false;               // the record states the start of the exporter (160)
    bool reverse_delta = false;           // 6871/21: how many ms later the reverse direction began
    std::vector<Step> steps;
    std::vector<Segment> segments;

    // Octets that steps and segments take.
    [[nodiscard]] std::size_t memory() const noexcept {
        return steps.capacity() * sizeof(Step) + segments.capacity() * sizeof(Segment);
    }
};

// `wanted`: bits of flow::Field that are needed; other fields are skipped. Bytes, packets, times
// and the protocol are always decoded. Any template compiles; one without a useful element gives
// records without fields. Not for options templates (options.hpp).
[[nodiscard]] Plan compile(const Template& from, std::uint64_t wanted = ~std::uint64_t{0});

// Values of one record that steps write and that are no fields yet (finish.hpp).
struct Work {
    flow::FlowRecord reverse;
    std::uint64_t first = 0;
    std::uint64_t last = 0;
    std::uint64_t reverse_first = 0;
    std::uint64_t reverse_last = 0;
    std::uint64_t observed = 0;
    std::uint64_t span = 0;
    std::uint64_t init_ms = 0;
    std::uint64_t reverse_delta_ms = 0;
    std::uint64_t sampling_a = 0;  // interval, count, size, or the probability as it is encoded
    std::uint64_t sampling_b = 0;  // space or population
    Address bgp_next_hop;
    std::uint16_t icmp = 0;
};

}  // namespace octroi::ipfix
