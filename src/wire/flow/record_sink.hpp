// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Where decoders of flow exports hand over what they found.

#include <cstdint>
#include <span>

#include "base/address.hpp"
#include "base/time.hpp"
#include "wire/flow/flow_record.hpp"

namespace octroi::flow {

// The message that records came in.
struct MessageContext {
    Address exporter;  // who sent it; sFlow: the agent address in the datagram
    Protocol protocol = Protocol::unknown;
    // IPFIX observation domain, v9 source id, v5 and v7: engine type << 8 | engine id, sFlow: sub
    // agent.
    std::uint32_t observation_domain = 0;
    UtcTime exported;  // by the exporter's clock, from the message header; sFlow: none (received)
    UtcTime received;  // by ours
    // IPFIX over TCP: the exporter's port, which stands for the session. What came so may be late
    // though nobody's clock is off. 0: a datagram.
    std::uint16_t transport_session = 0;
};

// A gap in an exporter's sequence numbers.
struct SequenceGap {
    enum class Unit : std::uint8_t { records, messages, samples };
    Unit unit = Unit::records;
    std::uint64_t lost = 0;  // 0: nobody knows how many, if any
    // Between the message before the gap and the one after it (ours: receive times).
    Interval interval;
};

// Called on the decoder's thread, in the order of the messages, except for those that waited for
// their template: they come when it does, with the context of their own message.
class RecordSink {
public:
    virtual ~RecordSink() = default;
    // Valid during the call only. One call for many records.
    virtual void records(const MessageContext& context, std::span<const FlowRecord> records) = 0;
    virtual void gap(const MessageContext& context, const SequenceGap& gap) = 0;
};

}  // namespace octroi::flow
