// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// From datagrams to messages, and from each message to records and gaps, whatever its protocol.

#include <cstddef>
#include <cstdint>

#include "base/address.hpp"
#include "base/byte_cursor.hpp"
#include "base/time.hpp"
#include "wire/exporter/counters.hpp"
#include "wire/exporter/datagram.hpp"
#include "wire/exporter/decode_context.hpp"
#include "wire/exporter/exporter_registry.hpp"
#include "wire/exporter/message_sequencer.hpp"
#include "wire/exporter/record_output.hpp"
#include "wire/exporter/sampling_rates.hpp"
#include "wire/exporter/set_decoder.hpp"
#include "wire/exporter/settings.hpp"
#include "wire/exporter/sflow_messages.hpp"
#include "wire/exporter/unknown_senders.hpp"

namespace octroi::exporter {

class MessageDecoder {
public:
    // All must outlive the object.
    MessageDecoder(const Settings& settings, const SamplingRates& fallback,
                   ExporterRegistry& registry, UnknownSenders& unknown, Counters& counters,
                   Notices& notices);

    // As Exporters::decode() and decode_message().
    flow::Outcome decode(const Datagram& datagram, flow::RecordSink& sink);
    flow::Outcome decode_message(const Datagram& message, flow::RecordSink& sink);

private:
    // The exporter that sent the datagram, its pending sets expired. nullptr: refused.
    [[nodiscard]] Exporter* exporter_of(const Datagram& datagram, flow::RecordSink& sink);
    // Decode the message that the octets begin with. Return its length; 0: there is no header, so
    // that its length is unknown.
    std::size_t decode_one(ByteSpan octets, DecodeContext& context);
    std::size_t decode_fixed(ByteSpan octets, DecodeContext& context);
    std::size_t decode_v9(ByteSpan octets, DecodeContext& context);
    std::size_t decode_ipfix(ByteSpan octets, DecodeContext& context);
    void count_message(DecodeContext& context);

    Counters& counters_;
    ExporterRegistry& registry_;
    UnknownSenders& unknown_;
    RecordOutput output_;
    MessageSequencer sequencer_;
    SetDecoder sets_;
    SflowMessages sflow_;
};

}  // namespace octroi::exporter
