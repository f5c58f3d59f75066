// SPDX-License-Identifier: GPL-3.0-or-later
#include "wire/exporter/unknown_senders.hpp"

#include "wire/exporter/snapshot_values.hpp"

namespace octroi::exporter {

void UnknownSenders::add(const Address& from, const UnknownMessage& message, UtcTime received) {
    Key key{from, message.kind, message.version};
    // Versions are numbers from outside: those of others are few.
    if (senders_.size() >= senders_max && !senders_.contains(key)) key = {};
    Count& count = senders_[key];
    ++count.datagrams;
    count.last_seen = received;
}

std::vector<UnknownSender> UnknownSenders::list() const {
    std::vector<UnknownSender> out;
    out.reserve(senders_.size());
    for (const auto& [key, count] : senders_)
        out.push_back({key.address, {key.kind, key.version}, count.datagrams, count.last_seen});
    return out;
}

void UnknownSenders::save(ByteWriter& to) const {
    to.be32(static_cast<std::uint32_t>(senders_.size()));
    for (const auto& [key, count] : senders_) {
        put(to, key.address);
        to.u8(static_cast<std::uint8_t>(key.kind));
        to.be32(key.version);
        to.be64(count.datagrams);
        put(to, count.last_seen);
    }
}

bool UnknownSenders::restore(ByteCursor& from) {
    std::uint32_t count = 0;
    if (!get_count(from, senders_max + 1, count)) return false;
    for (std::uint32_t i = 0; i < count; ++i) {
        Key key;
        std::uint8_t kind = 0;
        Count of;
        if (!get(from, key.address) || !from.u8(kind) || !from.be32(key.version)) return false;
        if (!from.be64(of.datagrams) || !get(from, of.last_seen)) return false;
        if (kind > static_cast<std::uint8_t>(UnknownMessage::Kind::damaged)) return false;
        key.kind = UnknownMessage::Kind{kind};
        if (!senders_.emplace(key, of).second) return false;
    }
    return true;
}

}  // namespace octroi::exporter
