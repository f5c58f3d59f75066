// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Relates each message to its stream before and after it is decoded: finds duplicates, restarts and
// gaps, and counts them.

#include <cstdint>

#include "wire/exporter/counters.hpp"
#include "wire/exporter/decode_context.hpp"
#include "wire/exporter/exporter_registry.hpp"
#include "wire/exporter/limits.hpp"
#include "wire/exporter/sequence_tracker.hpp"
#include "wire/exporter/stream_key.hpp"

namespace octroi::exporter {

class MessageSequencer {
public:
    // All three must outlive the object.
    MessageSequencer(const Limits& limits, ExporterRegistry& registry, Counters& counters)
        : limits_(limits), registry_(registry), counters_(counters) {}

    struct Place {
        MessageStream* stream = nullptr;  // nullptr: there is no memory for it, losses are not seen
        bool duplicate = false;           // do not decode the message
        bool late = false;
    };
    // Before the message is decoded. `numbering`: as its protocol numbers messages.
    [[nodiscard]] Place begin(StreamKey key, Numbering numbering, const NumberedMessage& message,
                              DecodeContext& context);
    // After a message that was no duplicate. Hands gaps that are closed to the sink.
    void end(const Place& place, DecodeContext& context);

private:
    [[nodiscard]] MessageStream* stream_of(StreamKey key, Numbering numbering,
                                           DecodeContext& context);
    void on_restart(MessageStream& stream, const NumberedMessage& message, DecodeContext& context);
    void on_continued(MessageStream& stream, DecodeContext& context);

    const Limits& limits_;
    ExporterRegistry& registry_;
    Counters& counters_;
};

}  // namespace octroi::exporter
