// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Sends datagrams to a socket of a daemon as fast as the daemon receives them, so that the kernel
// drops none.

#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <array>
#include <cstdint>
#include <string_view>

#include "host/socket_address.hpp"
#include "support/process.hpp"

namespace octroi::support {

class PacedSender {
public:
    // receiver: a descriptor of the receiving socket, which this process shares with the daemon.
    PacedSender(int receiver, std::uint32_t own_address, std::uint16_t port)
        : receiver_(receiver), socket_(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0)) {
        const SocketAddress own = socket_address(Address::v4(own_address), 0);
        const SocketAddress to = socket_address(Address::v4(INADDR_LOOPBACK), port);
        good_ = ::bind(socket_.get(), own.get(), own.length) == 0 &&
                ::connect(socket_.get(), to.get(), to.length) == 0;
    }
    [[nodiscard]] bool send(std::string_view octets) {
        if (sent_++ % check_interval == 0 && !wait_for_place()) return false;
        return good_ && ::send(socket_.get(), octets.data(), octets.size(), 0) ==
                            static_cast<ssize_t>(octets.size());
    }
    // Waits until the receive buffer is at most a quarter full.
    [[nodiscard]] bool wait_for_place() const {
        return wait_until(
            [&] {
                std::array<std::uint32_t, SK_MEMINFO_VARS> memory{};
                socklen_t length = sizeof memory;
                return ::getsockopt(receiver_, SOL_SOCKET, SO_MEMINFO, memory.data(), &length) ==
                           0 &&
                       memory[SK_MEMINFO_RMEM_ALLOC] < memory[SK_MEMINFO_RCVBUF] / 4;
            },
            std::chrono::seconds(60));
    }

private:
    // With datagrams below 1 kB so many fit into the other three quarters of the buffer.
    static constexpr std::uint64_t check_interval = 64;

    int receiver_;
    Fd socket_;
    bool good_ = false;
    std::uint64_t sent_ = 0;
};

}  // namespace octroi::support
