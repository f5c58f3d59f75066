// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <iterator>
#include <string>
#include <string_view>

#include "host/file.hpp"

namespace octroi::testing {

// A client of a Unix socket that sends and reads only when the test calls it, so that it can
// misbehave.
class LocalClient {
public:
    explicit LocalClient(const std::string& path) : socket_(::socket(AF_UNIX, flags, 0)) {
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        path.copy(std::begin(address.sun_path), path.size());
        EXPECT_EQ(::connect(socket_.get(), reinterpret_cast<sockaddr*>(&address), sizeof address),
                  0);
    }
    void send(std::string_view text) const {
        EXPECT_EQ(::send(socket_.get(), text.data(), text.size(), MSG_NOSIGNAL),
                  static_cast<ssize_t>(text.size()));
    }
    // The octets that have arrived; "": none; "closed": the server has closed the connection.
    [[nodiscard]] std::string received() const {
        std::string text(4096, 0);
        const ssize_t got = ::recv(socket_.get(), text.data(), text.size(), 0);
        if (got == 0) return "closed";
        text.resize(got < 0 ? 0 : static_cast<std::size_t>(got));
        return text;
    }

private:
    static constexpr int flags = SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC;
    Fd socket_;
};

}  // namespace octroi::testing
