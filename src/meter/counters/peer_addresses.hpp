// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Which peer of a tunnel may use which inner address, and the identity events that follow. No clock
// and no socket. One thread.

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "base/address.hpp"
#include "base/time.hpp"
#include "record/identity_event.hpp"

namespace octroi::counters {

// A prefix and the key of the peer that may use it.
struct PeerPrefix {
    Prefix prefix;
    std::string peer;
};

class PeerAddresses {
public:
    // Shorter prefixes, such as 0.0.0.0/0 of a tunnel to the internet, are no addresses of a peer.
    static constexpr std::uint8_t v4_length_min = 8;
    static constexpr std::uint8_t v6_length_min = 16;
    // More are not used.
    static constexpr std::size_t prefixes_max = 65'536;
    // An event holds that long, in case that the meter stops. It is repeated when half of the time
    // has passed.
    static constexpr Duration valid_for = Duration::hours(24);

    // All prefixes of all peers at this moment. Of two peers with one prefix the first one counts.
    // uptime: of a clock that never steps back. Returns the events that follow.
    [[nodiscard]] std::vector<IdentityEvent> update(const std::vector<PeerPrefix>& present,
                                                    UtcTime wall, Duration uptime);
    // Prefixes of the last update that were not used.
    [[nodiscard]] std::size_t refused() const noexcept { return refused_; }

private:
    struct Stated {
        std::string peer;
        Duration at;  // uptime
    };
    std::map<Prefix, Stated> stated_;
    std::size_t refused_ = 0;
};

}  // namespace octroi::counters
