// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// TCP connections that others open to us. Nothing here waits.

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>

#include "base/address.hpp"
#include "base/result.hpp"
#include "host/file.hpp"

namespace octroi {

// One thread at a time.
class StreamConnection {
public:
    virtual ~StreamConnection() = default;
    // What is there, at most into.size() octets; 0: the other side has closed; nothing: there is
    // nothing at the moment. An error ends the connection.
    [[nodiscard]] virtual Result<std::optional<std::size_t>> read(std::span<std::byte> into) = 0;
    [[nodiscard]] virtual const Address& peer() const = 0;
    [[nodiscard]] virtual std::uint16_t peer_port() const = 0;
    // To wait for octets with poll(2).
    [[nodiscard]] virtual int descriptor() const = 0;
};

class StreamListener {
public:
    virtual ~StreamListener() = default;
    // The next connection that waits to be taken; null: there is none.
    [[nodiscard]] virtual Result<std::unique_ptr<StreamConnection>> accept() = 0;
    [[nodiscard]] virtual int descriptor() const = 0;
    // "tcp [::]:4739"
    [[nodiscard]] virtual const std::string& name() const = 0;
    [[nodiscard]] virtual std::uint16_t port() const = 0;
};

// address: empty for all, of both families; port 0: any free one. Errors: exists (the port is in
// use), permission, failed.
[[nodiscard]] Result<std::unique_ptr<StreamListener>> listen_tcp(const Address& address,
                                                                 std::uint16_t port);

}  // namespace octroi
