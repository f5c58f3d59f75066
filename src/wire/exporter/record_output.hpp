// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Collects the flow records of a message and hands them to the sink, many in one call, counted for
// the exporter and its observation domain. One object serves all messages: its memory is reused.

#include <utility>

#include "wire/exporter/counters.hpp"
#include "wire/exporter/decode_context.hpp"
#include "wire/ipfix/run.hpp"

namespace octroi::exporter {

class RecordOutput {
public:
    // `counters` must outlive the object.
    explicit RecordOutput(Counters& counters) : counters_(counters) {}

    [[nodiscard]] ipfix::Batch& batch() noexcept { return batch_; }
    // To be called when the batch is full, at the end of a message, and before records of another
    // message are added: one call of the sink is about one message.
    void flush(DecodeContext& context) {
        if (batch_.empty()) return;
        count(batch_.records().size(), context);
        context.sink.records(context.message, std::as_const(batch_).records());
        batch_.clear();
    }
    // Records that went to the sink another way (sFlow).
    void count(std::uint64_t records, DecodeContext& context) noexcept {
        counters_.records += records;
        context.exporter.records += records;
        if (context.observation_domain != nullptr) context.observation_domain->records += records;
    }

private:
    Counters& counters_;
    ipfix::Batch batch_;
};

}  // namespace octroi::exporter
