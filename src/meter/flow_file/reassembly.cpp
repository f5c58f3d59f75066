// SPDX-License-Identifier: GPL-3.0-or-later
#include "meter/flow_file/reassembly.hpp"

#include <algorithm>
#include <cstring>

namespace octroi::flow_file {

Reassembly::Datagram& Reassembly::find(const Key& key, UtcTime now) {
    const auto before = datagrams_.size();
    std::erase_if(datagrams_, [now](const Datagram& d) { return now - d.begun > timeout; });
    given_up_ += before - datagrams_.size();
    const auto found = std::ranges::find(datagrams_, key, &Datagram::key);
    if (found != datagrams_.end()) return *found;
    if (datagrams_.size() == datagrams_max) {
        datagrams_.erase(std::ranges::min_element(datagrams_, {}, &Datagram::begun));
        ++given_up_;
    }
    return datagrams_.emplace_back(
        Datagram{.key = key, .begun = now, .octets = {}, .parts = {}, .length = std::nullopt});
}

// false: the part contradicts what came before, and the datagram cannot be believed.
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

void Reassembly::forget(const Datagram& datagram) {
    datagrams_.erase(datagrams_.begin() + (&datagram - datagrams_.data()));
}

std::optional<ByteSpan> Reassembly::take(const packet::Packet& packet, const packet::Payload& part,
                                         UtcTime now) {
    // What the capture cut off is missing for good. All parts but the last fill units of 8 octets.
    if (part.octets.empty() || part.cut() || (part.more && part.octets.size() % 8 != 0) ||
        part.offset + part.octets.size() > length_max)
        return std::nullopt;
    // The header after the fragment header of IPv6 may differ from part to part (RFC 8200 4.5).
    const bool four = packet.key.family() == Family::v4;
    Datagram& datagram = find({.src = packet.key.src(),
                               .dst = packet.key.dst(),
                               .id = part.fragment_id,
                               .vlan = packet.key.vlan(),
                               .proto = four ? part.proto : std::uint8_t{0}},
                              now);
    if (!add(datagram, part)) {
        forget(datagram);
        ++given_up_;
        return std::nullopt;
    }
    if (!datagram.length || datagram.seen != *datagram.length) return std::nullopt;
    whole_ = std::move(datagram.octets);
    forget(datagram);
    ++completed_;
    return ByteSpan(whole_);
}

}  // namespace octroi::flow_file
