// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Puts fragmented IP datagrams together: export datagrams larger than the link's frames occur.
//
// Bounded: so many datagrams at once, the oldest of which makes room; each of 65535 octets in so
// many parts at most; one that is older than `timeout` of packet time is given up. Parts that
// overlap spoil their datagram (RFC 5722), unless they are the same part once more.

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
    // 64 KiB in parts of the least size that every IPv4 link carries.
    static constexpr std::size_t parts_max = 128;
    // RFC 8200 4.5 gives a datagram 60 s to be whole.
    static constexpr Duration timeout = Duration::seconds(60);

    // The payload of the whole datagram, if this was the part that was missing; valid until the
    // next call.
    [[nodiscard]] std::optional<ByteSpan> take(const packet::Packet& packet,
                                               const packet::Payload& part, UtcTime now);

    [[nodiscard]] std::uint64_t completed() const noexcept { return completed_; }
    // Datagrams of which parts came and that never were whole; those in the table count.
    [[nodiscard]] std::uint64_t incomplete() const noexcept {
        return given_up_ + datagrams_.size();
    }

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
        std::optional<std::size_t> length;  // known since the last part came
    };

    [[nodiscard]] Datagram& find(const Key& key, UtcTime now);
    [[nodiscard]] static bool add(Datagram& datagram, const packet::Payload& part);
    void forget(const Datagram& datagram);

    std::vector<Datagram> datagrams_;
    std::vector<std::byte> whole_;
    std::uint64_t completed_ = 0;
    std::uint64_t given_up_ = 0;
};

}  // namespace octroi::flow_file
