// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// sFlow datagrams: which agents are accepted, which datagrams and samples are missing. What a
// datagram holds is decoded by wire/sflow.

#include <cstddef>
#include <vector>

#include "wire/exporter/counters.hpp"
#include "wire/exporter/decode_context.hpp"
#include "wire/exporter/message_sequencer.hpp"
#include "wire/exporter/notices.hpp"
#include "wire/exporter/record_output.hpp"
#include "wire/sflow/sflow.hpp"

namespace octroi::exporter {

class SflowMessages {
public:
    // All must outlive the object. `agents`: as in Settings.
    SflowMessages(const std::vector<Prefix>& agents, MessageSequencer& sequencer,
                  RecordOutput& output, Counters& counters, Notices& notices)
        : agents_(agents),
          sequencer_(sequencer),
          output_(output),
          counters_(counters),
          notices_(notices) {}

    // Decodes the datagram that the octets begin with. Returns its length. The exporter of its
    // records is the agent that the datagram names (context.message).
    std::size_t decode(ByteSpan octets, DecodeContext& context);

private:
    [[nodiscard]] bool is_accepted(const Address& agent) const;
    void decode_samples(ByteSpan datagram, DecodeContext& context);
    void report_sample_drops(MessageStream& stream, DecodeContext& context);

    const std::vector<Prefix>& agents_;
    MessageSequencer& sequencer_;
    RecordOutput& output_;
    Counters& counters_;
    Notices& notices_;
    sflow::Counters sflow_counters_;
    sflow::SourceReports reports_;  // of the datagram being decoded: its memory is reused
};

}  // namespace octroi::exporter
