// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// The message streams of one exporter. A stream is a series of messages that are numbered together:
// a v5 engine, a v9 source, an IPFIX observation domain of one transport session, an sFlow sub
// agent. Each is charged to the exporter.

#include <cstddef>
#include <cstdint>
#include <list>
#include <memory>

#include "base/byte_cursor.hpp"
#include "base/time.hpp"
#include "wire/exporter/memory_budget.hpp"
#include "wire/exporter/sample_drops.hpp"
#include "wire/exporter/seeded_table.hpp"
#include "wire/exporter/sequence_tracker.hpp"
#include "wire/exporter/snapshot_values.hpp"
#include "wire/exporter/stream_key.hpp"
#include "wire/flow/record_sink.hpp"

namespace octroi::exporter {

struct MessageStream {
    // Messages behind a restart that confirm it.
    static constexpr std::uint32_t confirming = 8;

    SequenceTracker sequence;
    flow::MessageContext context;  // of the last message
    std::uint64_t sampling = 0;    // v5: the rate in the header, 1 in so many packets; 0: none
    SampleDrops drops;             // sFlow only
    // A restart that is not confirmed yet: a forged message, or two exporters behind one address,
    // look like one for a moment.
    UtcTime restarted;                     // when the exporter started
    std::uint32_t unconfirmed = 0;         // messages that must go on in order until it is; 0: none
    std::list<StreamKey>::iterator place;  // in MessageStreams: the order of the last message

    // Octets charged for one, with its entry, all gaps and all data sources it may hold.
    static constexpr std::size_t cost = 4096;
};
static_assert(sizeof(MessageStream) + SequenceTracker::max_gaps * sizeof(Gap) +
                  2 * SampleDrops::octets_max <
              MessageStream::cost);

class MessageStreams {
public:
    // `memory` must outlive the object.
    MessageStreams(std::uint64_t seed, MemoryShare& memory)
        : memory_(memory), streams_(0, SeededHash{seed}) {}

    // nullptr: not known. Valid until the stream is dropped.
    [[nodiscard]] MessageStream* find(StreamKey key) const noexcept {
        const auto found = streams_.find(key);
        return found == streams_.end() ? nullptr : found->second.get();
    }
    // A message of the stream was received.
    void touch(MessageStream& stream) noexcept {
        by_silence_.splice(by_silence_.end(), by_silence_, stream.place);
    }
    // The key must not be known.
    MessageStream& add(StreamKey key, Numbering numbering);
    // The key must be known.
    void drop(StreamKey key) noexcept;
    [[nodiscard]] std::size_t size() const noexcept { return streams_.size(); }
    // The stream that was touched or added before all others. There must be one.
    [[nodiscard]] StreamKey longest_silent() const noexcept { return by_silence_.front(); }
    // The longest silent first.
    template <typename Visit>
    void each(Visit&& visit) const {
        for (const StreamKey key : by_silence_) visit(key, *find(key));
    }

    void save(ByteWriter& to) const;
    // Into an empty object, at most `most` streams. False: not what save() wrote, or too many.
    [[nodiscard]] bool restore(ByteCursor& from, std::size_t most,
                               std::uint32_t version = snapshot_version);

private:
    MemoryShare& memory_;
    SeededTable<StreamKey, std::unique_ptr<MessageStream>> streams_;
    std::list<StreamKey> by_silence_;  // the longest silent first
};

}  // namespace octroi::exporter
