// SPDX-License-Identifier: GPL-3.0-or-later
#include "wire/exporter/message_streams.hpp"

#include "base/check.hpp"
#include "wire/exporter/snapshot_values.hpp"

namespace octroi::exporter {

MessageStream& MessageStreams::add(StreamKey key, Numbering numbering) {
    const auto [entry, fresh] = streams_.emplace(key, std::make_unique<MessageStream>());
    CHECK(fresh);
    memory_.charge(MessageStream::cost);
    entry->second->sequence = SequenceTracker(numbering);
    entry->second->place = by_silence_.insert(by_silence_.end(), key);
    return *entry->second;
}

void MessageStreams::drop(StreamKey key) noexcept {
    const auto found = streams_.find(key);
    CHECK(found != streams_.end());
    by_silence_.erase(found->second->place);
    streams_.erase(found);
    memory_.release(MessageStream::cost);
}

void MessageStreams::save(ByteWriter& to) const {
    to.be32(static_cast<std::uint32_t>(streams_.size()));
    each([&](StreamKey key, const MessageStream& stream) {
        to.be64(key);
        put(to, stream.context);
        to.be64(stream.sampling);
        put(to, stream.restarted);
        to.be32(stream.unconfirmed);
        stream.sequence.save(to);
        stream.drops.save(to);
    });
}

bool MessageStreams::restore(ByteCursor& from, std::size_t most, std::uint32_t version) {
    std::uint32_t count = 0;
    if (!get_count(from, most, count)) return false;
    for (std::uint32_t i = 0; i < count; ++i) {
        StreamKey key = 0;
        if (!from.be64(key) || find(key) != nullptr) return false;
        // Any numbering: the restored sequence replaces it.
        MessageStream& stream = add(key, Numbering::messages);
        if (!get(from, stream.context) || !from.be64(stream.sampling)) return false;
        if (!get(from, stream.restarted) || !from.be32(stream.unconfirmed)) return false;
        if (!stream.sequence.restore(from, version) || !stream.drops.restore(from)) return false;
    }
    return true;
}

}  // namespace octroi::exporter
