// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Sends messages over UDP, over TCP, or into a file.

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "base/time.hpp"

namespace octroi {

// One thread at a time.
class Sender {
public:
    virtual ~Sender() = default;
    // Sends one message as a whole, or returns an error and sends nothing. busy: the queue is full
    // and the receiver did not read within the timeout; the same message may be sent again later.
    // Other errors: UDP: the network refused this message or an earlier one. TCP: the connection is
    // lost, with all messages that were queued; the next call opens a new connection, on which the
    // receiver knows nothing of the old one (templates must be sent again).
    [[nodiscard]] virtual Status send(std::string_view message) = 0;
    // Returns when everything that was sent has left the process: to the kernel (UDP, TCP) or to
    // the disk (file). busy: the receiver did not read within the timeout.
    [[nodiscard]] virtual Status finish() = 0;
};

// Errors: not_found (the host name), failed.
[[nodiscard]] Result<std::unique_ptr<Sender>> open_udp_sender(const std::string& host,
                                                              std::uint16_t port);
// Resolves the name, but does not connect: the first send() does, and after a failure later ones
// try again. timeout: the longest time that one call waits for a connection or for the receiver.
[[nodiscard]] Result<std::unique_ptr<Sender>> open_tcp_sender(const std::string& host,
                                                              std::uint16_t port, Duration timeout);
// Overwrites an existing file.
[[nodiscard]] Result<std::unique_ptr<Sender>> open_file_sender(const std::string& path);

}  // namespace octroi
