// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Reassembles fragmented IP datagrams: some exporters send datagrams that are larger than the
// frames of the link.
//
// Limits: the number of datagrams at a time, of which the oldest is evicted; the octets and parts
// of each; and `timeout` of packet time, after which a datagram is dropped. Parts that overlap make
// their datagram invalid (RFC 5722), unless a part is repeated as it was.

#include <cstdint>
#include <optional>
#include <vector>

#include "base/address.hpp"
#include "base/time.hpp"
#include "wire/packet/payload.hpp"

namespace octroi::flow_file {

class Reassembly {
public:
    static constexpr std::size_t datagrams_max = 64;
    static constexpr std::size_t length_max = 65'535;
    // 64 KiB in parts of 512 octets. Links have larger MTUs: IPv4 hosts accept 576 (RFC 791).
    static constexpr std::size_t parts_max = 128;
    // RFC 8200 section 4.5: a datagram must be complete within 60 s.
    static constexpr Duration timeout = Duration::seconds(60);

    // Adds a fragment. Returns the payload of the datagram if it is complete with it; valid until
    // the next call. now: packet time.
    [[nodiscard]] std::optional<ByteSpan> on_fragment(const packet::Packet& packet,
                                                      const packet::Payload& part, UtcTime now);

    [[nodiscard]] std::uint64_t completed() const noexcept { return completed_; }
    // Datagrams that never became complete; those in the table count.
    [[nodiscard]] std::uint64_t incomplete() const noexcept { return dropped_ + datagrams_.size(); }

private:
    struct Key {
        Address src;
        Address dst;
        std::uint32_t id = 0;
        std::uint16_t vlan = 0;
        std::uint8_t proto = 0;
        bool operator==(const Key&) const noexcept = default;
    };
    struct Part {
        std::size_t begin = 0;
        std::size_t end = 0;
    };
    struct Datagram {
        Key key;
        UtcTime begun;
        std::vector<std::byte> octets;
        std::vector<Part> parts;
        std::size_t seen = 0;
        std::optional<std::size_t> length;  // known once the last part has arrived
    };

    [[nodiscard]] Datagram& find(const Key& key, UtcTime now);
    [[nodiscard]] static bool add(Datagram& datagram, const packet::Payload& part);
    void remove(const Datagram& datagram);

    std::vector<Datagram> datagrams_;
    std::vector<std::byte> whole_;
    std::uint64_t completed_ = 0;
    std::uint64_t dropped_ = 0;
};

}  // namespace octroi::flow_file
