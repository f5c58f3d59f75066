// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Incoming TCP connections. No call blocks.

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>

#include "base/address.hpp"
#include "base/result.hpp"
#include "host/file.hpp"

namespace octroi {

// One thread at a time. The destructor closes the connection.
class StreamConnection {
public:
    virtual ~StreamConnection() = default;
    // Reads the octets that have arrived, at most into.size(). 0: the peer has closed. nullopt:
    // none have arrived. After an error the connection cannot be used any more.
    [[nodiscard]] virtual Result<std::optional<std::size_t>> read(std::span<std::byte> into) = 0;
    [[nodiscard]] virtual const Address& peer() const = 0;
    [[nodiscard]] virtual std::uint16_t peer_port() const = 0;
    // For poll(2): readable when octets have arrived.
    [[nodiscard]] virtual int descriptor() const = 0;
};

// One thread at a time.
class StreamListener {
public:
    virtual ~StreamListener() = default;
    // The next waiting connection; null: none waits. Errors: only those of this process (too many
    // open files, no memory). A peer that closed before it was accepted is not an error.
    [[nodiscard]] virtual Result<std::unique_ptr<StreamConnection>> accept() = 0;
    // For poll(2): readable when a connection waits.
    [[nodiscard]] virtual int descriptor() const = 0;
    // For people: "tcp [::]:4739".
    [[nodiscard]] virtual const std::string& name() const = 0;
    [[nodiscard]] virtual std::uint16_t port() const = 0;
};

// address: empty means any address of both families. port: 0 means that the kernel chooses a free
// port. Errors: exists (the port is in use), permission, failed.
[[nodiscard]] Result<std::unique_ptr<StreamListener>> listen_tcp(const Address& address,
                                                                 std::uint16_t port);

}  // namespace octroi
