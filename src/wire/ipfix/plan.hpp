// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// A template compiled into what has to be done for each record: copy so many octets from here to
// there. Which element wins where several say the same is settled here, once for a template.

#include <cstddef>
#include <cstdint>
#include <vector>

#include "wire/flow/flow_record.hpp"
#include "wire/ipfix/template.hpp"

namespace octroi::ipfix {

// In the order in which the steps of a segment are run.
enum class Op : std::uint8_t {
    copy8,
    copy16,
    copy32,
    copy64,
    widen32,  // 4 octets into 64 bits: the usual counter
    address4,
    address6,
    mac,
    number8,   // any length from 1 to 8 octets into so many bits
    number16,  //
    number32,  //
    number64,  //
    text,
    spare4,  // an address only where the one that is there is all zero
    spare6,  //
    spare8,  // a number of 8 bits only where the one that is there is 0
};

// Where a step writes: into the record, or into what finish() makes fields of.
enum class Into : std::uint8_t { record, work };

struct Step {
    Op op = Op::copy8;
    Into into = Into::record;
    std::uint16_t length = 0;
    std::uint16_t offset = 0;  // from the beginning of the segment
    std::uint16_t target = 0;  // offset in the FlowRecord, or in Work
};

// Fields of fixed length and then, unless it is the last segment, one of variable length.
struct Segment {
    std::uint16_t octets = 0;  // of the fixed fields
    std::uint16_t first_step = 0;
    std::uint16_t end_step = 0;
    bool variable = false;
    bool wanted = false;  // the variable field has a step: the one at end_step
};

// How an element writes a moment.
enum class TimeForm : std::uint8_t {
    none,
    uptime_ms,  // since the exporter started, modulo 2^32
    seconds,
    milliseconds,
    ntp_micro,  // RFC 7011 section 6.1.9: like nanoseconds, the low 11 bits of the fraction not
                // used
    ntp_nano,
    delta_us,  // before the export time
};
enum class SpanForm : std::uint8_t { none, milliseconds, microseconds };
// How a record states its sampling.
enum class SamplingForm : std::uint8_t {
    none,
    interval,
    count_space,
    size_population,
    probability
};

// What finish() has to look at, beside times.
struct Finish {
    static constexpr std::uint32_t times = 1U << 0U;
    static constexpr std::uint32_t icmp = 1U << 1U;            // from a 16 bit element
    static constexpr std::uint32_t icmp_from_port = 1U << 2U;  // where the exporter's protocol does
    static constexpr std::uint32_t families = 1U << 3U;  // addresses of both versions are present
    static constexpr std::uint32_t sampling = 1U << 4U;
    static constexpr std::uint32_t events = 1U << 5U;   // an event without counts may be among them
    static constexpr std::uint32_t reverse = 1U << 6U;  // there may be a second record
    static constexpr std::uint32_t bgp_next_hop = 1U << 7U;  // to be preferred where it is not zero
    static constexpr std::uint32_t next_hop = 1U << 8U;      // there is another beside it
};

struct Plan {
    std::uint64_t serial = 0;  // the same for the same template: what a Batch is prepared for
    std::uint64_t fields = 0;  // of the record
    std::uint64_t reverse_fields = 0;  // that the template has for the reverse direction by itself
    std::uint32_t finish = 0;
    std::uint32_t least_octets = 0;  // of one record
    bool fixed = true;               // least_octets is every record's length
    flow::Counting counting = flow::Counting::delta;
    flow::Counting reverse_counting = flow::Counting::delta;
    flow::RecordKind kind = flow::RecordKind::traffic;
    TimeForm first = TimeForm::none;
    TimeForm last = TimeForm::none;
    TimeForm reverse_first = TimeForm::none;
    TimeForm reverse_last = TimeForm::none;
    TimeForm observed = TimeForm::none;  // one moment for both
    bool plain_times = false;  // first and last have the same form, and nothing else tells a time
    SpanForm span = SpanForm::none;
    SamplingForm sampling = SamplingForm::none;
    std::uint8_t probability_octets = 0;  // 4 or 8
    bool init_time = false;               // element 160 stands in the record
    bool reverse_delta = false;           // 6871/21: the reverse direction began so many ms later
    std::vector<Step> steps;
    std::vector<Segment> segments;

    [[nodiscard]] std::size_t memory() const noexcept {
        return steps.capacity() * sizeof(Step) + segments.capacity() * sizeof(Segment);
    }
};

// `wanted`: bits of flow::Field; what finish() needs for them is extracted too. Only for templates
// of data: options are read field by field (options.hpp).
[[nodiscard]] Plan compile(const Template& from, std::uint64_t wanted = ~std::uint64_t{0});

// The values of one record that are not fields by themselves. Written by steps, read by finish().
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
    std::uint64_t sampling_a = 0;  // interval, count, size, or the bits of the probability
    std::uint64_t sampling_b = 0;  // space or population
    Address bgp_next_hop;
    std::uint16_t icmp = 0;
};

}  // namespace octroi::ipfix
