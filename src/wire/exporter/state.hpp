// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// The inside of Exporters. take.cpp: from a datagram to messages; sets.cpp: what the sets of v9 and
// IPFIX hold; eviction.cpp: who and what makes room; serialize.cpp: octets and back.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "wire/exporter/exporter_state.hpp"
#include "wire/exporter/exporters.hpp"
#include "wire/exporter/registry.hpp"
#include "wire/ipfix/options.hpp"
#include "wire/ipfix/run.hpp"
#include "wire/ipfix/template.hpp"
#include "wire/sflow/sflow.hpp"

namespace octroi::exporter {

class Exporters::State {
public:
    explicit State(const Settings& settings);

    flow::Outcome decode(const Datagram& datagram, flow::RecordSink& sink);
    flow::Outcome decode_message(const Datagram& message, flow::RecordSink& sink);
    void end_transport_session(const Address& from, std::uint16_t session, flow::RecordSink& sink);
    void end_all_transport_sessions(UtcTime now, flow::RecordSink& sink);
    void flush(flow::RecordSink& sink);
    void expire(UtcTime now, flow::RecordSink& sink);

    [[nodiscard]] SamplingTable sampling() const;
    [[nodiscard]] std::string_view interface_name(const Address& from, std::uint32_t index) const;
    [[nodiscard]] std::vector<ExporterStatus> status() const;
    [[nodiscard]] std::vector<InterfaceName> interface_names() const;
    [[nodiscard]] std::size_t memory() const noexcept;
    [[nodiscard]] std::size_t memory_limit() const noexcept;
    void save(ByteWriter& to) const;
    [[nodiscard]] bool restore(ByteCursor& from);

    [[nodiscard]] const Counters& counters() const noexcept { return counters_; }
    void set_fallback(SamplingTable table) { fallback_ = std::move(table); }

private:
    // One message on its way: what all steps need.
    struct DecodeContext {
        Exporter& exporter;
        flow::RecordSink& sink;
        flow::MessageContext message;
        ipfix::Origin origin;
        ipfix::Dialect dialect = ipfix::Dialect::ipfix;
        ObservationDomain* observation_domain = nullptr;
        // Data records of the message; nothing once that cannot be known.
        std::optional<std::uint64_t> counted = 0;
        flow::Outcome outcome = flow::Outcome::ok;  // of reading it
        bool over_limit = false;                    // something was left out by a bound
    };

    // take.cpp
    [[nodiscard]] Exporter* exporter_of(const Datagram& datagram, flow::RecordSink& sink);
    // Decodes the message that the octets begin with; how many octets it took, 0: all of them.
    std::size_t take_one(flow::Protocol protocol, ByteSpan octets, DecodeContext& context);
    std::size_t take_fixed(ByteSpan octets, DecodeContext& context);
    std::size_t take_v9(ByteSpan octets, DecodeContext& context);
    std::size_t take_ipfix(ByteSpan octets, DecodeContext& context);
    std::size_t take_sflow(ByteSpan octets, DecodeContext& context);
    [[nodiscard]] bool is_believed(const Address& agent) const;
    void tell_sample_drops(Stream& stream, DecodeContext& context);
    void take_sets(ByteSpan sets, DecodeContext& context);
    // nullptr: the message came before, or there is no room for its stream.
    struct Entry {
        Stream* stream = nullptr;
        bool decode = true;
        bool late = false;
    };
    Entry enter(std::uint64_t key, Counted counted, const Numbered& message,
                DecodeContext& context);
    void leave(const Entry& entry, DecodeContext& context);
    void restarted(std::uint64_t key, const Numbered& message, DecodeContext& context);
    void report_gap(Exporter& exporter, Stream& stream, const Gap& gap, flow::RecordSink& sink);
    void tell_gaps(Exporter& exporter, Stream& stream, bool all, flow::RecordSink& sink);
    void finish(DecodeContext& context);

    // sets.cpp
    void take_set(const ipfix::Set& set, DecodeContext& context);
    void take_templates(const ipfix::Set& set, bool options, DecodeContext& context);
    void withdraw(std::uint16_t id, bool options, DecodeContext& context);
    void announce(const ipfix::Template& from, DecodeContext& context);
    void take_data(const CachedTemplate& known, ByteSpan content, DecodeContext& context);
    void take_options(const ipfix::Template& from, ByteSpan content, DecodeContext& context);
    void learn(const ipfix::OptionsRecord& record, DecodeContext& context);
    void learn_rate(const ipfix::OptionsRecord& record, DecodeContext& context);
    void learn_name(const ipfix::OptionsRecord& record, DecodeContext& context);
    void put_aside(const ipfix::Set& set, DecodeContext& context);
    void resume(std::uint16_t id, DecodeContext& context);
    void hand_over(DecodeContext& context);
    // Gives the rate to those of the records that do not state it.
    void set_rates(std::span<flow::FlowRecord> records, std::uint16_t set,
                   const DecodeContext& context);
    [[nodiscard]] std::uint64_t rate_of(const flow::FlowRecord& record, std::uint16_t set,
                                        const DecodeContext& context) const;
    [[nodiscard]] std::uint64_t rate_by(SamplerScope scope, std::uint64_t id,
                                        const DecodeContext& context) const;

    // eviction.cpp
    // Room for so many octets more of this exporter, if it must be by forgetting strangers.
    [[nodiscard]] bool make_room(std::size_t octets, const Exporter& exporter,
                                 flow::RecordSink& sink);
    void charge(Exporter& exporter, std::size_t octets) noexcept;
    void release(Exporter& exporter, std::size_t octets) noexcept;
    void forget(Exporter& exporter, flow::RecordSink& sink);
    [[nodiscard]] ObservationDomain* domain_of(std::uint64_t key, DecodeContext& context);
    [[nodiscard]] Stream* stream_of(std::uint64_t key, Counted counted, DecodeContext& context);
    void forget_domain(Exporter& exporter, std::uint64_t key);
    // Its templates, numbers and rates are nobody's any more (RFC 7011 section 8).
    void forget_session(Exporter& exporter, std::uint16_t session, flow::RecordSink& sink);
    // Room for one more domain among those of UDP, or of TCP. false: there is none.
    [[nodiscard]] bool make_room_for_domain(std::uint64_t key, DecodeContext& context);
    [[nodiscard]] bool room_for_template(std::size_t octets, DecodeContext& context);
    void expire_templates(Exporter& exporter, UtcTime now);
    // Gives up sets that wait: too long at that time, or for a template of before a restart.
    void expire_waiting(Exporter& exporter, UtcTime now);
    // Rates of a domain that began anew: those that it stated before.
    void forget_rates(Exporter& exporter, const flow::MessageContext& of, UtcTime before);
    void drop_waiting(Exporter& exporter, std::uint64_t stream);
    bool drop_oldest_waiting(Exporter& exporter);
    // Of `dropped` sets, which took the octets that the others do not: out of the books.
    void given_up(Exporter& exporter, std::size_t octets_before, std::size_t dropped) noexcept;
    void forget_template(Exporter& exporter, ObservationDomain& domain, std::uint16_t id);
    void over_limit(DecodeContext& context) noexcept;

    // serialize.cpp
    [[nodiscard]] bool restore_exporter(ByteCursor& from);
    [[nodiscard]] bool restore_domains(ByteCursor& from, Exporter& exporter);
    [[nodiscard]] bool restore_templates(ByteCursor& from, Exporter& exporter,
                                         ObservationDomain& domain);
    [[nodiscard]] bool restore_streams(ByteCursor& from, Exporter& exporter);
    [[nodiscard]] bool restore_samplers(ByteCursor& from, Exporter& exporter);
    [[nodiscard]] bool restore_names(ByteCursor& from, Exporter& exporter);
    [[nodiscard]] bool restore_waiting(ByteCursor& from, Exporter& exporter);

    const Settings settings_;
    Registry registry_;
    SamplingTable fallback_;
    Counters counters_;
    sflow::Counters sflow_counters_;
    sflow::SequenceInfo sflow_sequence_;
    ipfix::Batch batch_;
    ipfix::Template read_;            // the template being read, for its memory
    std::size_t octets_ = 0;          // charged, of all exporters
    std::size_t waiting_octets_ = 0;  // of these, in sets that wait
};

}  // namespace octroi::exporter
