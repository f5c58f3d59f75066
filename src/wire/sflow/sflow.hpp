// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// sFlow version 5 (sflow.org, "sFlow Version 5", 2004): one datagram -> its flow samples as
// FlowRecords, one for each, in their order.
//
// Pure: no clock, no allocation, no memory between two datagrams. `bytes` of a record are those of
// the sampled IP packet, `packets` is 1, `sampling` is the sample's rate, `sampler` the index of
// its data source. The header of the packet says more than the sampled-IP structures and is
// believed before them. Samples of frames without IP are RecordKind::non_ip, their bytes the
// frame's. Structures that are not known are skipped by their length and counted. Records have no
// times: the time of a sample is that of its receipt.

#include <array>
#include <cstdint>
#include <span>

#include "base/byte_cursor.hpp"
#include "wire/flow/outcome.hpp"
#include "wire/flow/record_sink.hpp"

namespace octroi::sflow {

// What a datagram says about what came before it, so that losses can be seen: the datagrams of a
// sub agent are numbered, and so are the samples of each data source.
struct SequenceInfo {
    // A datagram of 65535 octets holds more only when the samples are next to empty.
    static constexpr std::size_t samples_kept = 128;

    struct Sample {
        std::uint32_t source_index = 0;
        std::uint8_t source_type = 0;  // 0: ifIndex, 1: VLAN, 2: physical entity
        bool counters = false;         // a counter sample: numbered apart from flow samples
        std::uint32_t sequence = 0;
        std::uint32_t pool = 0;   // packets that could have been sampled; flow samples only
        std::uint32_t drops = 0;  // samples the agent lost for want of resources
    };

    std::uint32_t sub_agent = 0;
    std::uint32_t sequence = 0;
    std::uint32_t uptime_ms = 0;
    std::size_t sample_count = 0;  // of `samples`
    std::uint32_t left_out = 0;    // samples for which there was no room
    std::array<Sample, samples_kept> samples;

    [[nodiscard]] std::span<const Sample> kept() const noexcept {
        return std::span(samples).first(sample_count);
    }
};

struct Counters {
    std::uint64_t datagrams = 0;
    std::uint64_t malformed_datagrams = 0;  // what stood before the damage was handed over
    std::uint64_t flow_samples = 0;
    std::uint64_t counter_samples = 0;
    std::uint64_t unknown_samples = 0;    // of another format or enterprise
    std::uint64_t malformed_samples = 0;  // the sample does not fit its own length
    std::uint64_t skipped_records = 0;    // structures of flow samples that are not used
    std::uint64_t malformed_records = 0;
    std::uint64_t bad_headers = 0;    // packets whose IP header cannot be
    std::uint64_t empty_samples = 0;  // flow samples that say nothing about a packet
};

// Sets context.exporter (the agent, where it states an address), protocol and domain (the sub
// agent), and fills `sequence`.
// ok: all samples were read or skipped. incomplete: it ends within a sample; the samples before are
// handed over. malformed: no header of sFlow. unsupported: sFlow of another version. The datagram
// must live as long as the sink needs FlowRecord::user.
[[nodiscard]] flow::Outcome decode(ByteSpan datagram, flow::MessageContext& context,
                                   Counters& counters, flow::RecordSink& sink,
                                   SequenceInfo& sequence);

// How many octets the datagram takes that begins here, for files in which one follows another. 0:
// none does, or not the whole of it is there.
[[nodiscard]] std::size_t measure(ByteSpan octets) noexcept;

}  // namespace octroi::sflow
