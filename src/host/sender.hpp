// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Messages to somebody else: by UDP, by TCP, into a file.

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
    // One message, whole or not at all (by UDP, the error may be about the one before). busy: there
    // was no room within the patience. Other errors: it was not sent, and a TCP session with all
    // that the other side knew of us is over; the next message begins a new one.
    [[nodiscard]] virtual Status send(std::string_view message) = 0;
    // All that was sent has left us: into the kernel, onto the disk.
    [[nodiscard]] virtual Status finish() = 0;
};

// Errors: not_found (the name), failed.
[[nodiscard]] Result<std::unique_ptr<Sender>> open_udp_sender(const std::string& host,
                                                              std::uint16_t port);
// patience: how long one call may wait for a connection or for room. The other side need not be
// there yet: then the first send tries again.
[[nodiscard]] Result<std::unique_ptr<Sender>> open_tcp_sender(const std::string& host,
                                                              std::uint16_t port,
                                                              Duration patience);
// An existing file is written anew.
[[nodiscard]] Result<std::unique_ptr<Sender>> open_file_sender(const std::string& path);

}  // namespace octroi
