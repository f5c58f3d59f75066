// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "wire/flow/record_sink.hpp"

namespace octroi::flow {

// Drops the records: for readers that want only what the decoder counts and keeps.
class NullSink final : public RecordSink {
public:
    void records(const MessageContext& /*context*/,
                 std::span<const FlowRecord> /*records*/) override {}
    void gap(const MessageContext& /*context*/, const SequenceGap& /*gap*/) override {}
};

}  // namespace octroi::flow
