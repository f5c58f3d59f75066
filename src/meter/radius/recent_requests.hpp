// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Recognises a request that a client sent again: the same address, port, identifier and Request
// Authenticator (RFC 2866 section 2, RFC 5080 section 2.2.2). One thread.

#include <cstdint>
#include <deque>
#include <map>
#include <tuple>

#include "base/address.hpp"
#include "wire/radius/packet.hpp"

namespace octroi::radius_meter {

class RecentRequests {
public:
    // The last requests that are known; a client has at most 256 for each port.
    static constexpr std::size_t limit = 65'536;

    // Adds a request. False: it was sent before.
    [[nodiscard]] bool add(const Address& client, std::uint16_t port, const radius::Packet& packet);

private:
    using Key = std::tuple<Address, std::uint16_t, std::uint8_t>;
    std::map<Key, radius::Authenticator> known_;
    std::deque<Key> order_;  // of the first request with each key
};

}  // namespace octroi::radius_meter
