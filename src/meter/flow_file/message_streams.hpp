// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// IPFIX over TCP, seen from beside (a capture): one stream for each direction of a connection, cut
// into its messages (RFC 7011 10.4). A stream is known by its first segment beginning with a
// message; other connections are passed over.
//
// Bounded: connections, octets and segments held for each. Segments that come early wait for those
// before them; what is not seen at all is a gap, behind which reading goes on at the next segment
// that begins with a message.

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
    static constexpr std::size_t early_octets = 1 << 17;  // all of them

    // Called with each message that is whole, and who sent it; with an empty one where a connection
    // begins, and one before it from that port has ended.
    using Visit = std::function<void(const Address& from, std::uint16_t port, ByteSpan message)>;

    // The payload of a TCP segment, from its header on.
    void take(const packet::Packet& packet, const packet::Payload& segment, const Visit& visit);
    // No more segments will come: what waits is read.
    void finish(const Visit& visit);

    // How often octets of a stream were not seen.
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
        std::uint32_t next = 0;  // the sequence number expected
        bool in_step = true;     // false: the beginning of a message is looked for
        std::vector<std::byte> held;
        std::vector<Early> early;
        std::uint64_t used = 0;  // when, in segments
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
