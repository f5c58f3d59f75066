// SPDX-License-Identifier: GPL-3.0-or-later
#include "meter/flow_file/reassembly.hpp"

#include <algorithm>
#include <cstring>

namespace octroi::flow_file {

Reassembly::Datagram& Reassembly::find(const Key& key, UtcTime now) {
    const auto before = datagrams_.size();
    std::erase_if(datagrams_, [now](const Datagram& d) { return now - d.begun > timeout; });
    dropped_ += before - datagrams_.size();
    // A linear search: export traffic has few fragments, and datagrams_max is small.
    const auto found = std::ranges::find(datagrams_, key, &Datagram::key);
    if (found != datagrams_.end()) return *found;
    if (datagrams_.size() == datagrams_max) {
        datagrams_.erase(std::ranges::min_element(datagrams_, {}, &Datagram::begun));
        ++dropped_;
    }
    return datagrams_.emplace_back(
        Datagram{.key = key, .begun = now, .octets = {}, .parts = {}, .length = std::nullopt});
}

// False: the part contradicts an earlier one, so the datagram is invalid.
bool Reassembly::add(Datagram& datagram, const packet::Payload& part) {
    const Part place{part.offset, part.offset + part.octets.size()};
    for (const Part& other : datagram.parts) {
        if (place.end <= other.begin || other.end <= place.begin) continue;
        return place.begin == other.begin && place.end == other.end &&
               std::ranges::equal(
                   part.octets,
                   std::span(datagram.octets).subspan(place.begin, part.octets.size()));
    }
    if (datagram.parts.size() == parts_max) return false;
    if (!part.more) {
        if (datagram.length) return false;
        datagram.length = place.end;
    }
    if (datagram.octets.size() < place.end) datagram.octets.resize(place.end);
    std::memcpy(datagram.octets.data() + place.begin, part.octets.data(), part.octets.size());
    datagram.parts.push_back(place);
    datagram.seen += part.octets.size();
    return !datagram.length || datagram.octets.size() == *datagram.length;
}

void Reassembly::remove(const Datagram& datagram) {
    datagrams_.erase(datagrams_.begin() + (&datagram - datagrams_.data()));
}

std::optional<ByteSpan> Reassembly::on_fragment(const packet::Packet& packet,
                                                const packet::Payload& part, UtcTime now) {
    // A part that the capture has cut off cannot be completed. All parts but the last have whole
    // units of 8 octets (RFC 791, RFC 8200).
    if (part.octets.empty() || part.cut() || (part.more && part.octets.size() % 8 != 0) ||
        part.offset + part.octets.size() > length_max)
        return std::nullopt;
    // In IPv6 the header after the fragment header may differ from part to part (RFC 8200 section
    // 4.5), so the protocol is no part of the key.
    const bool four = packet.key.family() == Family::v4;
    Datagram& datagram = find({.src = packet.key.src(),
                               .dst = packet.key.dst(),
                               .id = part.fragment_id,
                               .vlan = packet.key.vlan(),
                               .proto = four ? part.proto : std::uint8_t{0}},
                              now);
    if (!add(datagram, part)) {
        remove(datagram);
        ++dropped_;
        return std::nullopt;
    }
    if (!datagram.length || datagram.seen != *datagram.length) return std::nullopt;
    // Moved, so that the octets outlive the entry until the next call.
    whole_ = std::move(datagram.octets);
    remove(datagram);
    ++completed_;
    return ByteSpan(whole_);
}

}  // namespace octroi::flow_file
