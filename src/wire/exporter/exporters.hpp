// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// All that is remembered between two datagrams of flow exports, and the way from a datagram to
// records: NetFlow v1, v5, v7, v9, IPFIX and sFlow v5, recognised message by message.
//
// What is remembered belongs to the exporter's ADDRESS (and the domain it states), never to its
// UDP port; over TCP to the session (but for names): templates, sampling, the names of interfaces,
// sequence numbers, and data sets whose template has not come yet. All of it is bounded
// (limits.hpp) and can be saved and restored.
//
//     Exporters exporters;
//     exporters.decode({octets, from, received}, sink);   // for each datagram
//     exporters.flush(sink);                            // at the end: gaps not yet told
//
// Pure: no I/O, no clock. One thread at a time; several objects are independent of one another.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/address.hpp"
#include "base/byte_cursor.hpp"
#include "base/result.hpp"
#include "base/time.hpp"
#include "wire/exporter/limits.hpp"
#include "wire/exporter/sampling.hpp"
#include "wire/flow/flow_record.hpp"
#include "wire/flow/outcome.hpp"
#include "wire/flow/record_sink.hpp"

namespace octroi::exporter {

struct Datagram {
    ByteSpan octets;  // the payload of UDP, or one IPFIX message of a TCP session
    Address from;
    UtcTime received;
    std::uint16_t transport_session = 0;  // of a message of TCP: the exporter's port
};

// What happened, over all exporters since the beginning (or since the state was first saved). What
// was sent and is not among the records is in one of: unknown, malformed, over_limit, dropped,
// lost, refused.
struct Counters {
    std::uint64_t datagrams = 0;
    std::uint64_t octets = 0;
    std::uint64_t messages = 0;
    std::uint64_t records = 0;          // handed to the sink
    std::uint64_t options_records = 0;  // read, never handed over
    std::uint64_t templates = 0;        // announced, options templates with them
    std::uint64_t unknown = 0;          // datagrams that begin with no message known here
    // Messages, and samples of sFlow, that cannot be; what stood before was decoded.
    std::uint64_t malformed = 0;
    // Left out by a bound: templates, names, samplers, streams (whose losses are then not seen),
    // and all sets of a message whose domain has no room.
    std::uint64_t over_limit = 0;
    std::uint64_t pending = 0;         // sets put aside because their template was not there
    std::uint64_t resumed = 0;         // of these, decoded later
    std::uint64_t dropped = 0;         // of these, given up
    std::uint64_t duplicates = 0;      // datagrams that came twice
    std::uint64_t restarts = 0;        // of exporters
    std::uint64_t lost = 0;            // in the unit of each protocol, as handed to the sink
    std::uint64_t late = 0;            // messages that came after their successors
    std::uint64_t evicted = 0;         // exporters forgotten to make room
    std::uint64_t refused = 0;         // datagrams of a newcomer for whom there was no room
    std::uint64_t refused_agents = 0;  // datagrams of sFlow agents that are not allowed
};

// One exporter as people see it.
struct ExporterStatus {
    Address address;
    std::vector<flow::Protocol> protocols;
    std::vector<std::uint32_t> observation_domains;
    // Distinct rates that apply to its records, in ascending order: from options and v5 headers.
    std::vector<std::uint64_t> sampling;
    std::size_t templates = 0;
    std::size_t interfaces = 0;  // whose name is known
    UtcTime first_seen;
    UtcTime last_seen;
    UtcTime exported;  // the time in its last message's header: its clock against last_seen
    std::uint64_t messages = 0;
    std::uint64_t records = 0;
    std::uint64_t lost = 0;  // in the unit of its protocol
    std::uint64_t restarts = 0;
    std::uint64_t duplicates = 0;
    std::uint64_t pending_octets = 0;  // octets that wait for their template now
    std::uint64_t undecodable = 0;     // messages or sets given up
};

// As an exporter calls its interface in options data.
struct InterfaceName {
    Address exporter;
    std::uint32_t if_index = 0;
    std::string name;

    auto operator<=>(const InterfaceName&) const = default;
};

struct Settings {
    Limits limits;
    // Secret, so that nobody outside can aim at one place of the tables.
    std::uint64_t seed = 0;
    // Bits of flow::Field that are wanted; the others are not looked for. Bytes, packets and times
    // are always there.
    std::uint64_t wanted = ~std::uint64_t{0};
    // sFlow agents that are believed, whoever sent the datagram; empty: all. What names another one
    // is refused.
    std::vector<Prefix> agents;
};

class Exporters {
public:
    explicit Exporters(const Settings& settings = {});
    Exporters(Exporters&&) noexcept;
    Exporters& operator=(Exporters&&) noexcept;
    ~Exporters();

    // One datagram: all messages in it, whatever their protocol. The worst outcome of them.
    flow::Outcome decode(const Datagram& datagram, flow::RecordSink& sink);
    // One message of a TCP session (RFC 7011 section 10.4): IPFIX only, exactly one.
    flow::Outcome decode_message(const Datagram& message, flow::RecordSink& sink);
    // The TCP session has ended, and its templates with it.
    void end_transport_session(const Address& from, std::uint16_t session, flow::RecordSink& sink);
    // So have all: the process that held their sockets is gone. What they sent last, nobody knows:
    // a gap of unknown size for each.
    void end_all_transport_sessions(UtcTime now, flow::RecordSink& sink);
    // Tells the gaps that were still held because late messages might fill them. To be called at
    // the end of a file, and whenever a commit shall hold all losses.
    void flush(flow::RecordSink& sink);
    // What time alone decides, for exporters that fell silent: gaps are told 10 minutes after they
    // were seen, and data sets that waited for their template for 30 minutes are given up. To be
    // called now and then (at checkpoints) where datagrams come live.
    void expire(UtcTime now, flow::RecordSink& sink);

    // Rates known so far. Options may stand behind the data in a file: whoever can read it twice
    // gives the first pass's table to the second as what is asked last.
    [[nodiscard]] SamplingTable sampling() const;
    void set_fallback(SamplingTable table);

    // From options data (elements 10, 82, 83). "" when not known; valid until the next take.
    [[nodiscard]] std::string_view interface_name(const Address& exporter,
                                                  std::uint32_t if_index) const;

    [[nodiscard]] const Counters& counters() const noexcept;
    [[nodiscard]] std::vector<ExporterStatus> status() const;          // by address
    [[nodiscard]] std::vector<InterfaceName> interface_names() const;  // by exporter and ifIndex
    // Octets that are held now, and the most that can be with these limits.
    [[nodiscard]] std::size_t memory() const noexcept;
    [[nodiscard]] std::size_t memory_limit() const noexcept;

    // Everything above but the fallback, as octets. restore() refuses what save() did not write,
    // and what does not fit the limits.
    [[nodiscard]] std::string save() const;
    [[nodiscard]] static Result<Exporters> restore(std::string_view saved,
                                                   const Settings& settings = {});

private:
    class State;
    std::unique_ptr<State> state_;
};

}  // namespace octroi::exporter
