// SPDX-License-Identifier: GPL-3.0-or-later
#include "host/sender.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <netdb.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <vector>

#include "host/clock.hpp"
#include "host/file.hpp"
#include "host/os_error.hpp"

namespace octroi {
namespace {

// Octets that are queued for a receiver that reads slower than we send.
constexpr std::size_t unsent_max = 1U << 20U;
// After a connection failed, send() returns an error at once for this long: each attempt may block.
constexpr Duration retry_interval = Duration::seconds(5);

struct Destination {
    sockaddr_storage address{};
    socklen_t length = 0;
};

Result<std::vector<Destination>> resolve(const std::string& host, std::uint16_t port, int type) {
    addrinfo wanted{};
    wanted.ai_family = AF_UNSPEC;
    wanted.ai_socktype = type;
    addrinfo* found = nullptr;
    const int outcome = ::getaddrinfo(host.c_str(), std::to_string(port).c_str(), &wanted, &found);
    if (outcome != 0)
        return fail(ErrorCode::not_found,
                    fmt::format("host {}: {}", host, ::gai_strerror(outcome)));
    std::vector<Destination> all;
    for (const addrinfo* each = found; each != nullptr; each = each->ai_next) {
        Destination destination;
        std::memcpy(&destination.address, each->ai_addr, each->ai_addrlen);
        destination.length = each->ai_addrlen;
        all.push_back(destination);
    }
    ::freeaddrinfo(found);
    return all;
}

// Whether the socket can be written to within the time.
bool writable(int socket, Duration wait) {
    pollfd polled{socket, POLLOUT, 0};
    return ::poll(&polled, 1, static_cast<int>(wait.ns / 1'000'000)) > 0;
}

class UdpSender final : public Sender {
public:
    UdpSender(Fd socket, std::string to) : socket_(std::move(socket)), to_(std::move(to)) {}

    Status send(std::string_view message) override {
        // The kernel reports the ICMP "port unreachable" for an earlier message with this call, and
        // does not send this message. The second attempt sends it.
        bool refused = false;
        for (int attempt = 0; attempt < 2; ++attempt) {
            if (::send(socket_.get(), message.data(), message.size(), 0) >= 0) {
                if (!refused) return {};
                return fail(ErrorCode::failed,
                            to_ + ": no program listens there; a message was refused");
            }
            refused = refused || errno == ECONNREFUSED;
            if (errno != ECONNREFUSED && errno != EINTR) break;
        }
        return os_failure("send to " + to_);
    }
    Status finish() override { return {}; }  // send(2) has passed every message to the kernel

private:
    Fd socket_;
    std::string to_;
};

class TcpSender final : public Sender {
public:
    TcpSender(std::vector<Destination> at, std::string to, Duration timeout)
        : destinations_(std::move(at)), to_(std::move(to)), timeout_(timeout) {}

    Status connect() {
        const Duration now = clock_.uptime();
        if (tried_ && now < tried_at_ + retry_interval)
            return fail(ErrorCode::failed, to_ + ": not connected");
        tried_ = true;
        tried_at_ = now;
        Status outcome = fail(ErrorCode::failed, to_ + ": the name has no address");
        for (const Destination& destination : destinations_) {
            outcome = connect(destination);
            if (!outcome) continue;
            tried_ = false;
            return {};
        }
        return outcome;
    }

    Status send(std::string_view message) override {
        if (socket_.get() < 0) TRY(connect());
        if (unsent_.size() + message.size() > unsent_max) TRY(drain(timeout_));
        if (unsent_.size() + message.size() > unsent_max)
            return fail(ErrorCode::busy,
                        to_ + ": the receiver reads slower than messages are sent");
        unsent_ += message;
        return drain(Duration{});
    }
    Status finish() override {
        TRY(drain(timeout_));
        if (unsent_.empty()) return {};
        return fail(ErrorCode::busy,
                    fmt::format("{}: the receiver did not read the last {} octets within {}", to_,
                                unsent_.size(), to_string(timeout_)));
    }

private:
    Status connect(const Destination& destination) {
        Fd socket(
            ::socket(destination.address.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
        if (socket.get() < 0) return os_failure("open a socket for " + to_);
        const auto* address = reinterpret_cast<const sockaddr*>(&destination.address);
        if (::connect(socket.get(), address, destination.length) != 0 && errno != EINPROGRESS)
            return os_failure("connect to " + to_);
        // The socket does not block, so that the timeout applies to connecting too. When it becomes
        // writable, SO_ERROR has the result of the connection.
        int error = ETIMEDOUT;
        socklen_t length = sizeof error;
        if (writable(socket.get(), timeout_))
            ::getsockopt(socket.get(), SOL_SOCKET, SO_ERROR, &error, &length);
        errno = error;
        if (error != 0) return os_failure("connect to " + to_);
        socket_ = std::move(socket);
        return {};
    }
    // Sends queued octets until the queue is empty or `wait` has passed. Not all sent is no error.
    Status drain(Duration wait) {
        const Duration end = clock_.uptime() + wait;
        while (!unsent_.empty()) {
            const auto sent = ::send(socket_.get(), unsent_.data(), unsent_.size(), MSG_NOSIGNAL);
            if (sent > 0) {
                unsent_.erase(0, static_cast<std::size_t>(sent));
                continue;
            }
            if (errno == EINTR) continue;
            if (errno != EAGAIN) return drop_connection();
            const Duration left = end - clock_.uptime();
            if (left <= Duration{} || !writable(socket_.get(), left)) return {};
        }
        return {};
    }
    // Unsent octets are dropped with the connection: they may begin in the middle of a message.
    Status drop_connection() {
        Status why = os_failure("send to " + to_);
        socket_ = Fd();
        unsent_.clear();
        return why;
    }

    std::vector<Destination> destinations_;
    std::string to_;
    Duration timeout_;
    SystemClock clock_;
    Fd socket_;
    std::string unsent_;
    bool tried_ = false;
    Duration tried_at_;
};

class FileSender final : public Sender {
public:
    FileSender(Fd file, std::string path) : file_(std::move(file)), path_(std::move(path)) {}

    Status send(std::string_view message) override {
        unsent_ += message;
        return unsent_.size() < unsent_max ? Status{} : write();
    }
    Status finish() override {
        TRY(write());
        // EINVAL: a pipe or a terminal, which cannot be synced.
        if (::fsync(file_.get()) != 0 && errno != EINVAL) return os_failure("sync " + path_);
        return {};
    }

private:
    Status write() {
        while (!unsent_.empty()) {
            const auto written = ::write(file_.get(), unsent_.data(), unsent_.size());
            if (written < 0 && errno == EINTR) continue;
            if (written < 0) return os_failure("write " + path_);
            unsent_.erase(0, static_cast<std::size_t>(written));
        }
        return {};
    }

    Fd file_;
    std::string path_;
    std::string unsent_;
};

}  // namespace

Result<std::unique_ptr<Sender>> open_udp_sender(const std::string& host, std::uint16_t port) {
    TRY_ASSIGN(const auto all, resolve(host, port, SOCK_DGRAM));
    const std::string to = fmt::format("{} port {}", host, port);
    // The first address that this machine has a route to.
    for (const Destination& destination : all) {
        Fd socket(::socket(destination.address.ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0));
        const auto* address = reinterpret_cast<const sockaddr*>(&destination.address);
        if (socket.get() >= 0 && ::connect(socket.get(), address, destination.length) == 0)
            return std::make_unique<UdpSender>(std::move(socket), to);
    }
    return os_failure("send to " + to);
}

Result<std::unique_ptr<Sender>> open_tcp_sender(const std::string& host, std::uint16_t port,
                                                Duration timeout) {
    TRY_ASSIGN(auto all, resolve(host, port, SOCK_STREAM));
    return std::make_unique<TcpSender>(std::move(all), fmt::format("{} port {}", host, port),
                                       timeout);
}

Result<std::unique_ptr<Sender>> open_file_sender(const std::string& path) {
    Fd file(::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644));
    if (file.get() < 0) return os_failure("write " + path);
    return std::make_unique<FileSender>(std::move(file), path);
}

}  // namespace octroi
