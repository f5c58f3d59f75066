// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// The connection tracking of this network namespace (nf_conntrack), through netlink: its table, and
// an event for each connection that begins or ends.

#include <cstdint>
#include <memory>

#include "base/byte_cursor.hpp"
#include "base/result.hpp"
#include "base/time.hpp"

namespace octroi {

// One thread at a time. No call blocks.
class ConnectionSource {
public:
    enum class Kind : std::uint8_t {
        listed,  // an entry of the table that list() asked for
        begun,
        ended,
    };
    // message: valid during the call only; decoded by wire/conntrack.
    using Handler = void (*)(void* context, Kind kind, ByteSpan message);

    virtual ~ConnectionSource() = default;
    // Asks for the whole table. A listing in progress begins again.
    [[nodiscard]] virtual Status list() = 0;
    [[nodiscard]] virtual bool is_listing() const = 0;
    // Calls the handler for the events that wait, and for a part of the listing. False: events were
    // lost, because too many waited. Then all events that were sent before the loss was noticed
    // have been read, and the caller lists the table again. After a call with fewer events than
    // events_of_a_read none waits that was sent before the call.
    static constexpr std::size_t events_of_a_read = 4096;
    [[nodiscard]] virtual Result<bool> read(Handler handler, void* context) = 0;
    // Blocks until read() has something, at most for `wait`. May return early; and with a large
    // buffer some milliseconds late, so that one call of read() has many events.
    virtual void wait(Duration wait) = 0;
};

struct ConnectionOptions {
    // Without it there is no Kind::begun: half the events.
    bool begun_events = true;
    // Of the socket for events: how many may wait. The kernel accounts about 1 KiB for an event.
    // The default holds those of a second with 40,000 new connections.
    std::uint32_t buffer_octets = 16U << 20U;
};

// Null: the kernel tracks no connections here, so it translates none. Errors: permission
// (CAP_NET_ADMIN), unsupported (the kernel has no netlink for it).
[[nodiscard]] Result<std::unique_ptr<ConnectionSource>> open_connections(
    const ConnectionOptions& options = {});

}  // namespace octroi
