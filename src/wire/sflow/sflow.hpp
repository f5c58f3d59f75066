// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// sFlow version 5 (sflow.org, "sFlow Version 5", 2004): the flow samples of one datagram as
// FlowRecords, one for each, in their order.
//
// Pure: no clock, no allocation, no state between two datagrams. Of a record, `bytes` is the length
// of the sampled IP packet, `packets` is 1, `sampling` the rate of the sample, `sampler` its data
// source (type << 24 | index). The sampled packet header counts before the sampled-IP structures.
// Samples of frames without IP are of kind non_ip, and `bytes` is the length of the frame. Unknown
// structures are skipped by their length and counted. Records have no times: a sample is taken to
// be as old as its datagram.

#include <array>
#include <cstdint>
#include <span>

#include "base/byte_cursor.hpp"
#include "wire/flow/outcome.hpp"
#include "wire/flow/record_sink.hpp"

namespace octroi::sflow {

// What stands before the samples of a datagram.
struct DatagramHead {
    Address agent;  // identifies the device; empty: unknown
    std::uint32_t sub_agent = 0;
    std::uint32_t sequence = 0;   // datagrams of this sub agent, modulo 2^32
    std::uint32_t uptime_ms = 0;  // of the device, modulo 2^32
    std::uint32_t samples = 0;    // how many follow
};
// Reads the head and moves the cursor behind it. False: the octets are not sFlow version 5, or too
// few; `out` is then undefined.
[[nodiscard]] bool read_head(ByteCursor& datagram, DatagramHead& out) noexcept;

// What the samples of a datagram state about their data sources: how many samples the agent
// dropped.
struct SourceReports {
    // More samples fit a datagram of 65535 octets only if they are almost empty.
    static constexpr std::size_t most = 128;

    struct Report {
        std::uint32_t index = 0;      // of the data source
        std::uint8_t type = 0;        // of the data source: 0 ifIndex, 1 VLAN, 2 physical entity
        bool counter_sample = false;  // states no drops
        std::uint32_t drops = 0;      // samples dropped for want of resources, modulo 2^32
    };

    std::size_t count = 0;       // of `reports`
    std::uint32_t left_out = 0;  // samples beyond `most`
    std::array<Report, most> reports;

    [[nodiscard]] std::span<const Report> all() const noexcept {
        return std::span(reports).first(count);
    }
};

struct Counters {
    std::uint64_t datagrams = 0;
    std::uint64_t malformed_datagrams = 0;  // samples before the damage were handed over
    std::uint64_t flow_samples = 0;
    std::uint64_t counter_samples = 0;
    std::uint64_t unknown_samples = 0;    // of another format or enterprise
    std::uint64_t malformed_samples = 0;  // shorter than their structures
    std::uint64_t skipped_records = 0;    // structures in flow samples that we do not use
    std::uint64_t malformed_records = 0;  // structures shorter than their format
    std::uint64_t bad_headers = 0;        // sampled packets with an impossible IP header
    // Samples with a wrong frame length, or none: their IP header alone states the length.
    std::uint64_t doubtful_lengths = 0;
    std::uint64_t empty_samples = 0;  // flow samples that describe no packet: no record
};

// Decodes a datagram. Sets context.exporter (the agent), protocol, observation_domain (the sub
// agent) and exported (none), overwrites `reports`, and hands the records to the sink. ok: all
// samples were read or skipped. incomplete: the datagram ends within a sample; the samples before
// it were handed over. malformed: no head, or no agent address. unsupported: sFlow of another
// version. FlowRecord::user points into the datagram.
[[nodiscard]] flow::Outcome decode(ByteSpan datagram, flow::MessageContext& context,
                                   Counters& counters, flow::RecordSink& sink,
                                   SourceReports& reports);

// The length of the datagram that the octets begin with; others may follow it, in a file. 0: there
// is none, or it is not complete.
[[nodiscard]] std::size_t measure(ByteSpan octets) noexcept;

}  // namespace octroi::sflow
