// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Where decoders of flow exports hand over records and gaps.

#include <cstdint>
#include <span>

#include "base/address.hpp"
#include "base/time.hpp"
#include "wire/flow/flow_record.hpp"

namespace octroi::flow {

// The message that records come from.
struct MessageContext {
    Address exporter;  // the source address; sFlow: the agent address in the datagram
    Protocol protocol = Protocol::unknown;
    // IPFIX observation domain, v9 source id, v5 and v7: engine type << 8 | engine id, sFlow: sub
    // agent.
    std::uint32_t observation_domain = 0;
    UtcTime exported;  // export time in the header, by the exporter's clock; sFlow has none: 1970
    UtcTime received;  // by our clock
    // IPFIX over TCP: the exporter's port, which identifies the transport session. 0: UDP. TCP may
    // delay messages, so records may be late although both clocks are right.
    std::uint16_t transport_session = 0;
    // The source address of the message. Differs from `exporter` in sFlow only: limits are per
    // sender, because a sender can name any number of agents.
    Address sender;
    std::uint16_t port = 0;  // the source port of a datagram; 0: not known, or over TCP
};

// Missing sequence numbers of one stream.
struct SequenceGap {
    enum class Unit : std::uint8_t { records, messages, samples };
    Unit unit = Unit::records;
    std::uint64_t lost = 0;      // in units; 0: how many cannot be known, perhaps none
    Interval interval;           // receive times of the messages before and after the gap
    std::uint64_t messages = 0;  // how many messages are missing, at least; 0: not known
};

// Called by the decoder on its caller's thread, in the order of the messages. Records that had to
// wait for their template come when it arrives, with the context of their own message. A sink must
// not call the decoder.
class RecordSink {
public:
    virtual ~RecordSink() = default;
    // One call for many records of one message, at least one. All references, and the texts in the
    // records, are valid during the call only.
    virtual void records(const MessageContext& context, std::span<const FlowRecord> records) = 0;
    virtual void gap(const MessageContext& context, const SequenceGap& gap) = 0;
};

}  // namespace octroi::flow
