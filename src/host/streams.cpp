// SPDX-License-Identifier: GPL-3.0-or-later
#include "host/streams.hpp"

#include <fmt/format.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>

#include "host/os_error.hpp"
#include "host/socket_address.hpp"

namespace octroi {
namespace {

// Connections that the kernel queues before accept(); it refuses further ones.
constexpr int stream_backlog = 64;

class TcpConnection final : public StreamConnection {
public:
    TcpConnection(Fd socket, const Address& peer, std::uint16_t port)
        : socket_(std::move(socket)), peer_(peer), port_(port) {}

    [[nodiscard]] Result<std::optional<std::size_t>> read(std::span<std::byte> into) override {
        const ssize_t got = ::recv(socket_.get(), into.data(), into.size(), MSG_DONTWAIT);
        if (got >= 0) return static_cast<std::size_t>(got);
        if (errno == EAGAIN || errno == EINTR) return std::nullopt;
        return os_failure("read from " + to_string(peer_));
    }
    [[nodiscard]] const Address& peer() const override { return peer_; }
    [[nodiscard]] std::uint16_t peer_port() const override { return port_; }
    [[nodiscard]] int descriptor() const override { return socket_.get(); }

private:
    Fd socket_;
    Address peer_;
    std::uint16_t port_;
};

class TcpListener final : public StreamListener {
public:
    TcpListener(Fd socket, const sockaddr_in6& own)
        : socket_(std::move(socket)), name_(endpoint_text("tcp", own)), port_(port_of(own)) {}

    [[nodiscard]] Result<std::unique_ptr<StreamConnection>> accept() override {
        SocketAddress peer;
        Fd socket(::accept4(socket_.get(), peer.get(), &peer.length, SOCK_CLOEXEC | SOCK_NONBLOCK));
        if (socket.get() >= 0)
            return std::make_unique<TcpConnection>(std::move(socket), address_of(peer.storage),
                                                   port_of(peer.storage));
        // Other errors belong to the peer: accept(2) also reports errors of the new connection, for
        // example ECONNABORTED.
        if (errno != EMFILE && errno != ENFILE && errno != ENOMEM) return nullptr;
        return os_failure("accept a connection at " + name_);
    }
    [[nodiscard]] int descriptor() const override { return socket_.get(); }
    [[nodiscard]] const std::string& name() const override { return name_; }
    [[nodiscard]] std::uint16_t port() const override { return port_; }

private:
    Fd socket_;
    std::string name_;
    std::uint16_t port_;
};

}  // namespace

Result<std::unique_ptr<StreamListener>> listen_tcp(const Address& address, std::uint16_t port) {
    Address at = address;
    TRY_ASSIGN(Fd fd, open_socket(at, SOCK_STREAM));
    const int on = 1;
    // A restarted daemon can bind while connections of its predecessor are in TIME_WAIT.
    static_cast<void>(::setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on));
    SocketAddress own = socket_address(at, port);
    const bool bound = ::bind(fd.get(), own.get(), own.length) == 0;
    if (!bound && errno == EADDRINUSE)
        return fail(ErrorCode::exists,
                    fmt::format("TCP port {} is in use by another program; next: ss -ltnp "
                                "'sport = {}' shows which",
                                port, port));
    if (!bound || ::listen(fd.get(), stream_backlog) != 0)
        return os_failure(fmt::format("listen on TCP {} port {}", to_string(address), port));
    if (::getsockname(fd.get(), own.get(), &own.length) != 0)
        return os_failure("read the address of a socket");
    return std::make_unique<TcpListener>(std::move(fd), own.storage);
}

}  // namespace octroi
