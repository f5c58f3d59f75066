// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Who sends datagrams that cannot be read, how many, and what they seem to be. Addresses can be
// forged: the table is bounded, and those beyond it share one entry.

#include <cstddef>
#include <cstdint>
#include <map>
#include <vector>

#include "base/address.hpp"
#include "base/byte_cursor.hpp"
#include "base/time.hpp"
#include "wire/exporter/unknown_message.hpp"

namespace octroi::exporter {

struct UnknownSender {
    Address address;  // empty: other senders, or a file that states none
    UnknownMessage message;
    std::uint64_t datagrams = 0;
    UtcTime last_seen;
};

class UnknownSenders {
public:
    static constexpr std::size_t senders_max = 256;

    void add(const Address& from, const UnknownMessage& message, UtcTime received);
    // By address and message, ascending.
    [[nodiscard]] std::vector<UnknownSender> list() const;

    void save(ByteWriter& to) const;
    // Into an empty object. False: not what save() wrote.
    [[nodiscard]] bool restore(ByteCursor& from);

private:
    struct Key {
        Address address;
        UnknownMessage::Kind kind = UnknownMessage::Kind::other;
        std::uint32_t version = 0;
        auto operator<=>(const Key&) const noexcept = default;
    };
    struct Count {
        std::uint64_t datagrams = 0;
        UtcTime last_seen;
    };
    std::map<Key, Count> senders_;
};

}  // namespace octroi::exporter
