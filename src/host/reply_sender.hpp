// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Answers datagrams from the socket that received them: clients check the address and port of an
// answer.

#include <cstdint>
#include <string_view>

#include "base/address.hpp"
#include "base/result.hpp"

namespace octroi {

// One thread at a time.
class ReplySender {
public:
    virtual ~ReplySender() = default;
    // Sends one datagram and does not wait. Errors: failed (no route, the buffer is full): nothing
    // was sent.
    [[nodiscard]] virtual Status send(const Address& to, std::uint16_t port,
                                      std::string_view octets) = 0;
};

class SocketReplySender final : public ReplySender {
public:
    // descriptor: of a bound UDP socket, which must outlive this object.
    explicit SocketReplySender(int descriptor) : descriptor_(descriptor) {}
    [[nodiscard]] Status send(const Address& to, std::uint16_t port,
                              std::string_view octets) override;

private:
    int descriptor_;
};

}  // namespace octroi
