// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// What is remembered of one exporter.

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "base/address.hpp"
#include "base/time.hpp"
#include "wire/exporter/sample_drops.hpp"
#include "wire/exporter/sampling.hpp"
#include "wire/exporter/sequence.hpp"
#include "wire/exporter/tables.hpp"
#include "wire/exporter/waiting.hpp"
#include "wire/flow/record_sink.hpp"
#include "wire/ipfix/plan.hpp"
#include "wire/ipfix/template.hpp"

namespace octroi::exporter {

// A template and what it compiles to. Options are read by the template itself.
struct CachedTemplate {
    ipfix::Template from;
    ipfix::Plan plan;
    UtcTime announced;

    [[nodiscard]] std::size_t octets() const noexcept {
        return sizeof(CachedTemplate) + from.fields.capacity() * sizeof(ipfix::TemplateField) +
               plan.memory() + entry_octets<std::uint64_t, std::unique_ptr<CachedTemplate>> +
               3 * 16;
    }
};

// What NetFlow v9 calls a source, under one of the two protocols with templates.
struct ObservationDomain {
    explicit ObservationDomain(std::uint64_t seed) : templates(0, SeededHash{seed}) {}

    Table<std::uint64_t, std::unique_ptr<CachedTemplate>> templates;  // by id
    std::int64_t init_ms = 0;  // element 160 of the options; 0: not said
    UtcTime last_seen;
    std::uint64_t records = 0;

    // The template before: messages hold many sets of few templates.
    CachedTemplate* last = nullptr;
    [[nodiscard]] CachedTemplate* find(std::uint16_t id) noexcept {
        if (last != nullptr && last->from.id == id) return last;
        const auto found = templates.find(id);
        if (found == templates.end()) return nullptr;
        last = found->second.get();
        return last;
    }
    static constexpr std::size_t cost = 512;  // with its entry and an empty table
};

// Messages that are numbered together.
struct Stream {
    Sequence sequence;
    flow::MessageContext context;  // of the message before
    std::uint64_t sampling = 0;    // v5: as its header says
    SampleDrops drops;             // sFlow

    // With its entry, all gaps and all sources it may hold.
    static constexpr std::size_t cost = 4096;
};
static_assert(sizeof(Stream) + Sequence::max_gaps * sizeof(Gap) + 2 * SampleDrops::octets_max <
              Stream::cost);

// What a rate applies to, within one exporter.
struct SamplerId {
    std::uint32_t observation_domain = 0;
    std::uint16_t transport_session = 0;  // MessageContext::session
    SamplerScope scope = SamplerScope::observation_domain;
    std::uint64_t id = 0;

    bool operator==(const SamplerId&) const noexcept = default;
};
struct SamplerHash {
    using is_avalanching = void;
    SeededHash hash;
    [[nodiscard]] std::size_t operator()(const SamplerId& key) const noexcept {
        const std::uint64_t first = std::uint64_t{key.transport_session} << 40U |
                                    std::uint64_t{key.observation_domain} << 8U |
                                    static_cast<std::uint64_t>(key.scope);
        return hash(hash(first) ^ key.id);
    }
};
struct SamplerRate {
    std::uint64_t rate = 0;
    UtcTime learned;  // when it was last said
};
inline constexpr std::size_t sampler_cost = entry_octets<SamplerId, SamplerRate>;
// A name may change: it is charged at the greatest length from the beginning.
[[nodiscard]] constexpr std::size_t name_cost(std::size_t greatest) noexcept {
    return entry_octets<std::uint64_t, std::string> + greatest + 1;
}
using Samplers = boost::unordered_flat_map<SamplerId, SamplerRate, SamplerHash>;

struct Exporter {
    Exporter(const Address& from, std::uint64_t seed)
        : address(from),
          domains(0, SeededHash{seed}),
          streams(0, SeededHash{seed}),
          samplers(0, SamplerHash{SeededHash{seed}}),
          names(0, SeededHash{seed}),
          waiting(seed) {}

    Address address;
    UtcTime first_seen;
    UtcTime last_seen;
    UtcTime exported;
    std::uint64_t messages = 0;
    std::uint64_t records = 0;
    std::uint64_t lost = 0;
    std::uint64_t restarts = 0;
    std::uint64_t duplicates = 0;
    std::uint64_t undecodable = 0;
    std::uint32_t protocols = 0;  // bit of each: see protocol_bit

    Table<std::uint64_t, std::unique_ptr<ObservationDomain>> domains;  // by stream_key
    Table<std::uint64_t, std::unique_ptr<Stream>> streams;             // by stream_key
    Samplers samplers;
    Table<std::uint64_t, std::string> names;  // by ifIndex
    Waiting waiting;

    std::size_t templates = 0;
    std::size_t template_octets = 0;
    std::size_t octets = 0;  // of all of it; what State::charge was given
    UtcTime expired;         // when templates that were not repeated were last looked for

    std::uint32_t place = 0;  // in the Registry

    static constexpr std::size_t cost = 1024;  // with its entry and empty tables
};
static_assert(sizeof(Exporter) < Exporter::cost - 256);

inline constexpr std::array all_protocols{
    flow::Protocol::netflow_v1, flow::Protocol::netflow_v5, flow::Protocol::netflow_v7,
    flow::Protocol::netflow_v9, flow::Protocol::ipfix,      flow::Protocol::sflow_v5,
};
[[nodiscard]] constexpr std::uint32_t protocol_bit(flow::Protocol protocol) noexcept {
    for (std::uint32_t i = 0; i < all_protocols.size(); ++i)
        if (all_protocols[i] == protocol) return 1U << i;
    return 0;
}

// Templates and numbers belong to a domain, and within a TCP session to that session (RFC 7011
// sections 8 and 3.1). Beside these 56 bits sFlow has keys of its own.
[[nodiscard]] constexpr std::uint64_t stream_key(flow::Protocol protocol, std::uint32_t domain,
                                                 std::uint16_t session = 0) noexcept {
    return std::uint64_t{session} << 40U |
           std::uint64_t{static_cast<std::uint8_t>(protocol)} << 32U | domain;
}
[[nodiscard]] constexpr std::uint64_t stream_key(const flow::MessageContext& context) noexcept {
    return stream_key(context.protocol, context.observation_domain, context.transport_session);
}
[[nodiscard]] constexpr std::uint16_t session_of(std::uint64_t key) noexcept {
    return key >> 56U != 0 ? 0 : static_cast<std::uint16_t>(key >> 40U);
}

}  // namespace octroi::exporter
