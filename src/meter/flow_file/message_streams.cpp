// SPDX-License-Identifier: GPL-3.0-or-later
#include "meter/flow_file/message_streams.hpp"

#include <algorithm>

namespace octroi::flow_file {
namespace {

constexpr std::size_t ipfix_header = 16;

// The length of the IPFIX message that begins here; 0: none does. Needs at least 4 octets.
std::size_t message_length(ByteSpan octets) noexcept {
    constexpr std::uint16_t ipfix = 10;
    const std::size_t length = load_be16(octets.data() + 2);
    return load_be16(octets.data()) == ipfix && length >= ipfix_header ? length : 0;
}

bool begins_message(ByteSpan octets) noexcept {
    return octets.size() >= ipfix_header && message_length(octets) != 0;
}

// How far `a` is ahead of `b`, modulo 2^32 (RFC 9293 section 3.4).
std::int32_t distance(std::uint32_t a, std::uint32_t b) noexcept {
    return static_cast<std::int32_t>(a - b);
}

}  // namespace

MessageStreams::Stream* MessageStreams::find(const Key& key) {
    const auto found = std::ranges::find(streams_, key, &Stream::key);
    return found == streams_.end() ? nullptr : &*found;
}

void MessageStreams::begin(const Key& key, std::uint32_t sequence) {
    if (streams_.size() == connections_max)
        streams_.erase(std::ranges::min_element(streams_, {}, &Stream::used));
    streams_.push_back({.key = key, .next = sequence, .held = {}, .early = {}});
}

void MessageStreams::append(Stream& stream, ByteSpan octets, const Visit& visit) {
    stream.next += static_cast<std::uint32_t>(octets.size());
    if (!stream.is_aligned && !begins_message(octets)) return;
    stream.is_aligned = true;
    stream.held.insert(stream.held.end(), octets.begin(), octets.end());
    std::size_t at = 0;
    while (stream.held.size() - at >= 4) {
        const ByteSpan rest = ByteSpan(stream.held).subspan(at);
        const std::size_t length = message_length(rest);
        // The length of the message before was wrong, or a gap was not noticed: align again.
        if (length == 0) {
            stream.is_aligned = false;
            at = stream.held.size();
            break;
        }
        if (rest.size() < length) break;
        visit(stream.key.src, stream.key.sport, rest.first(length));
        at += length;
    }
    stream.held.erase(stream.held.begin(), stream.held.begin() + static_cast<std::ptrdiff_t>(at));
}

// Appends the early segments that the stream has reached.
void MessageStreams::place_early(Stream& stream, const Visit& visit) {
    for (bool moved = true; moved;) {  // each round removes a segment
        const auto due = std::ranges::find_if(stream.early, [&stream](const Early& e) {
            return distance(e.sequence, stream.next) <= 0;
        });
        moved = due != stream.early.end();
        if (!moved) return;
        const Early segment = std::move(*due);
        stream.early.erase(due);
        const auto known = static_cast<std::size_t>(-distance(segment.sequence, stream.next));
        if (known < segment.octets.size())
            append(stream, ByteSpan(segment.octets).subspan(known), visit);
    }
}

bool MessageStreams::keep_early(Stream& stream, std::uint32_t sequence, ByteSpan octets) const {
    std::size_t total = octets.size();
    for (const Early& e : stream.early) total += e.octets.size();
    if (stream.early.size() == early_max || total > early_octets) return false;
    stream.early.push_back({sequence, {octets.begin(), octets.end()}});
    return true;
}

// The octets before the earliest waiting segment are missing: continues there.
void MessageStreams::pass_gap(Stream& stream, const Visit& visit) {
    ++gaps_;
    stream.held.clear();
    stream.is_aligned = false;
    const std::uint32_t origin = stream.next;
    const auto nearest = std::ranges::min_element(
        stream.early, {}, [origin](const Early& e) { return distance(e.sequence, origin); });
    stream.next = nearest->sequence;
    place_early(stream, visit);
}

void MessageStreams::place(Stream& stream, std::uint32_t sequence, ByteSpan octets,
                           const Visit& visit) {
    // Each round removes an early segment; without any, this one can be kept.
    while (distance(sequence, stream.next) > 0) {
        if (keep_early(stream, sequence, octets)) return;
        pass_gap(stream, visit);
    }
    const std::int64_t ahead = distance(sequence, stream.next);
    const auto known = static_cast<std::size_t>(-ahead);
    if (known >= octets.size()) return;  // sent again
    append(stream, octets.subspan(known), visit);
    place_early(stream, visit);
}

void MessageStreams::on_segment(const packet::Packet& packet, const packet::Payload& segment,
                                const Visit& visit) {
    constexpr std::uint8_t syn = 2;
    constexpr std::size_t header_min = 20;
    if (segment.octets.size() < header_min) return;
    const std::byte* const header = segment.octets.data();
    const std::size_t length = (static_cast<std::uint8_t>(header[12]) >> 4U) * std::size_t{4};
    if (length < header_min || length > segment.octets.size()) return;
    const auto flags = static_cast<std::uint8_t>(header[13]);
    const ByteSpan octets = segment.octets.subspan(length);
    const std::uint32_t sequence = load_be32(header + 4);
    const Key key{packet.key.src(), packet.key.dst(), load_be16(header), load_be16(header + 2)};
    // The port may be used again: octets of the connection before must not be mixed in.
    if ((flags & syn) != 0) {
        std::erase_if(streams_, [&](const Stream& s) { return s.key == key; });
        visit(key.src, key.sport, {});
    }
    if (!octets.empty() && find(key) == nullptr && begins_message(octets)) begin(key, sequence);
    Stream* const stream = find(key);
    if (stream == nullptr) return;
    stream->used = ++clock_;
    if (!octets.empty()) place(*stream, sequence, octets, visit);
}

void MessageStreams::finish(const Visit& visit) {
    for (Stream& stream : streams_)
        while (!stream.early.empty()) pass_gap(stream, visit);
}

}  // namespace octroi::flow_file
