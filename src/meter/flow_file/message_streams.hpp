// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// IPFIX over TCP in a capture: each direction of a connection is a stream, which is cut into
// messages (RFC 7011 section 10.4). A stream is recognised by a segment that begins with a message;
// other connections are ignored.
//
// Limits: the number of streams, and the octets and segments that wait for each. Segments that
// arrive early wait for those before them. Octets that are not in the capture are a gap; behind it
// reading continues at the next segment that begins with a message.

#include <cstdint>
#include <functional>
#include <vector>

#include "base/address.hpp"
#include "base/byte_cursor.hpp"
#include "wire/packet/payload.hpp"

namespace octroi::flow_file {

class MessageStreams {
public:
    static constexpr std::size_t connections_max = 64;
    static constexpr std::size_t early_max = 32;          // segments of a connection
    static constexpr std::size_t early_octets = 1 << 17;  // of these segments together

    // Called with each whole message and its sender. With an empty message where a connection
    // begins: an earlier one from that port has then ended.
    using Visit = std::function<void(const Address& from, std::uint16_t port, ByteSpan message)>;

    // Adds a segment. segment: from the TCP header on.
    void on_segment(const packet::Packet& packet, const packet::Payload& segment,
                    const Visit& visit);
    // There are no more segments: reads those that wait, behind gaps.
    void finish(const Visit& visit);

    // Gaps: how often octets of a stream were not in the capture.
    [[nodiscard]] std::uint64_t gaps() const noexcept { return gaps_; }

private:
    struct Key {
        Address src;
        Address dst;
        std::uint16_t sport = 0;
        std::uint16_t dport = 0;
        bool operator==(const Key&) const noexcept = default;
    };
    struct Early {
        std::uint32_t sequence = 0;
        std::vector<std::byte> octets;
    };
    struct Stream {
        Key key;
        std::uint32_t next = 0;       // the sequence number expected
        bool is_aligned = true;       // false: behind a gap, before the next beginning of a message
        std::vector<std::byte> held;  // the beginning of a message
        std::vector<Early> early;
        std::uint64_t used = 0;  // the segment count (clock_) of its last segment
    };
    [[nodiscard]] Stream* find(const Key& key);
    void begin(const Key& key, std::uint32_t sequence);
    void place(Stream& stream, std::uint32_t sequence, ByteSpan octets, const Visit& visit);
    [[nodiscard]] bool keep_early(Stream& stream, std::uint32_t sequence, ByteSpan octets) const;
    void append(Stream& stream, ByteSpan octets, const Visit& visit);
    void pass_gap(Stream& stream, const Visit& visit);
    void place_early(Stream& stream, const Visit& visit);

    std::vector<Stream> streams_;
    std::uint64_t clock_ = 0;
    std::uint64_t gaps_ = 0;
};

}  // namespace octroi::flow_file
