// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Flow records to messages of an export protocol. One encoder is one exporter with one sequence of
// messages: to send to two collectors, make two.
//
// Exported fields: addresses, ports, protocol, TOS, TCP flags, ICMP type and code, bytes, packets,
// times, and where the protocol can hold them MAC addresses, VLAN and interfaces. The counts of a
// record must be delta counts of all packets: no sampling rate is exported.
//
// Used by one thread at a time. No I/O, no clock.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "base/time.hpp"
#include "wire/flow/flow_record.hpp"

namespace octroi::flow {

// Gets each message when it is full, on the caller's thread.
class MessageSink {
public:
    virtual ~MessageSink() = default;
    // `octets`: one whole message, the payload of one datagram. Valid during the call only.
    virtual void message(std::string_view octets) = 0;
};

struct EncoderCounters {
    std::uint64_t messages = 0;
    std::uint64_t records = 0;   // data records written, without options
    std::uint64_t split = 0;     // of these, additional ones because counts did not fit one record
    std::uint64_t left_out = 0;  // records that the protocol cannot hold
    std::uint64_t left_out_bytes = 0;    // of these
    std::uint64_t left_out_packets = 0;  // of these
};

struct EncoderSettings {
    // IPFIX: observation domain; v9: source id; v5: its low 8 bits are the engine id.
    std::uint32_t observation_domain = 0;
    // Longest message. The default fits a path MTU of 1500 octets with headers of UDP and IPv6.
    std::size_t message_octets = 1400;
    // Templates are sent again after this time or this many messages, for a collector that started
    // late or lost one. Both 0: only once, for reliable transports and files.
    Duration template_interval = Duration::seconds(60);
    std::uint32_t template_messages = 256;
};

class Encoder {
public:
    virtual ~Encoder() = default;

    // Adds records to the message being filled. `exported`: the export time of the messages; not
    // before the end of any record, and not before that of the last call.
    virtual void records(std::span<const FlowRecord> records, UtcTime exported,
                         MessageSink& out) = 0;
    // Hands over the message being filled, if it holds a record.
    virtual void flush(UtcTime exported, MessageSink& out) = 0;
    // The names of interfaces 1, 2, …; sent as options data with the templates (v9, IPFIX).
    virtual void name_interfaces(std::span<const std::string> names) = 0;
    // A new transport session: the next message begins with the templates, numbering with 0.
    virtual void restart() = 0;
    [[nodiscard]] virtual const EncoderCounters& counters() const noexcept = 0;
};

}  // namespace octroi::flow
