// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// The way back: flow records to messages of an export protocol. One encoder is one exporter with
// one numbering; whoever sends to two collectors has two.
//
// What is exported of a record: ends, ports, protocol, TOS, TCP flags, ICMP type and code, bytes,
// packets, times, and where the protocol has a place for them MAC addresses, VLAN and the
// interfaces. Its counts are taken to be delta counts of all packets.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "base/time.hpp"
#include "wire/flow/flow_record.hpp"

namespace octroi::flow {

// Called with each message when it is full, on the encoder's thread.
class MessageSink {
public:
    virtual ~MessageSink() = default;
    // Valid during the call only: the payload of one datagram, or one message of a stream.
    virtual void message(std::string_view octets) = 0;
};

struct EncoderCounters {
    std::uint64_t messages = 0;
    std::uint64_t records = 0;   // data records, options left out
    std::uint64_t split = 0;     // records made beyond one for each given, where counts did not fit
    std::uint64_t left_out = 0;  // given, and without a place in the protocol
    std::uint64_t left_out_bytes = 0;
    std::uint64_t left_out_packets = 0;
};

struct EncoderSettings {
    // Observation domain, source id; version 5: its low 8 bits are the engine id.
    std::uint32_t observation_domain = 0;
    // Of one message. What fits a path of 1500 octets together with UDP's and IPv6's headers.
    std::size_t message_octets = 1400;
    // Templates are sent again after so long or so many messages, for a collector that began late
    // or lost one. 0: once, where the way is reliable.
    Duration template_interval = Duration::seconds(60);
    std::uint32_t template_messages = 256;
};

class Encoder {
public:
    virtual ~Encoder() = default;

    // `exported`: the time of the export, for the messages' headers; not before the records' ends,
    // and not before that of the call before.
    virtual void records(std::span<const FlowRecord> records, UtcTime exported,
                         MessageSink& out) = 0;
    // Sends what waits for a full message.
    virtual void flush(UtcTime exported, MessageSink& out) = 0;
    // Names of interfaces 1, 2, …, sent with the templates where the protocol can.
    virtual void name_interfaces(std::span<const std::string> names) = 0;
    // A new session with the collector: templates come first, numbering begins anew.
    virtual void restart() = 0;
    [[nodiscard]] virtual const EncoderCounters& counters() const noexcept = 0;
};

}  // namespace octroi::flow
