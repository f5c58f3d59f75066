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

// What waits for a TCP connection that is slower than we are.
constexpr std::size_t most_waiting = 1U << 20U;
// A connection that failed is not tried for so long.
constexpr Duration retry_interval = Duration::seconds(5);

struct Place {
    sockaddr_storage address{};
    socklen_t length = 0;
};

Result<std::vector<Place>> places(const std::string& host, std::uint16_t port, int type) {
    addrinfo wanted{};
    wanted.ai_family = AF_UNSPEC;
    wanted.ai_socktype = type;
    addrinfo* found = nullptr;
    const int outcome = ::getaddrinfo(host.c_str(), std::to_string(port).c_str(), &wanted, &found);
    if (outcome != 0)
        return fail(ErrorCode::not_found,
                    fmt::format("cannot find the host {}: {}", host, ::gai_strerror(outcome)));
    std::vector<Place> all;
    for (const addrinfo* each = found; each != nullptr; each = each->ai_next) {
        Place place;
        std::memcpy(&place.address, each->ai_addr, each->ai_addrlen);
        place.length = each->ai_addrlen;
        all.push_back(place);
    }
    ::freeaddrinfo(found);
    return all;
}

// True: the socket can be written to; false: not within the time.
bool writable(int socket, Duration wait) {
    pollfd polled{socket, POLLOUT, 0};
    return ::poll(&polled, 1, static_cast<int>(wait.ns / 1'000'000)) > 0;
}

class UdpSender final : public Sender {
public:
    UdpSender(Fd socket, std::string to) : socket_(std::move(socket)), to_(std::move(to)) {}

    Status send(std::string_view message) override {
        // "Refused" is about a message before, and is told instead of sending this one.
        bool refused = false;
        for (int attempt = 0; attempt < 2; ++attempt) {
            if (::send(socket_.get(), message.data(), message.size(), 0) >= 0) {
                if (!refused) return {};
                return fail(ErrorCode::failed, fmt::format("nobody listens at {}: a message was "
                                                           "refused",
                                                           to_));
            }
            refused = refused || errno == ECONNREFUSED;
            if (errno != ECONNREFUSED && errno != EINTR) break;
        }
        return os_failure("send to " + to_);
    }
    Status finish() override { return {}; }

private:
    Fd socket_;
    std::string to_;
};

class TcpSender final : public Sender {
public:
    TcpSender(std::vector<Place> at, std::string to, Duration patience)
        : places_(std::move(at)), to_(std::move(to)), patience_(patience) {}

    Status connect() {
        const Duration now = clock_.uptime();
        if (tried_ && now < tried_at_ + retry_interval)
            return fail(ErrorCode::failed, "no connection to " + to_);
        tried_ = true;
        tried_at_ = now;
        Status outcome = fail(ErrorCode::failed, "no address of " + to_);
        for (const Place& place : places_) {
            outcome = connect(place);
            if (!outcome) continue;
            tried_ = false;
            return {};
        }
        return outcome;
    }

    Status send(std::string_view message) override {
        if (socket_.get() < 0) TRY(connect());
        if (waiting_.size() + message.size() > most_waiting) TRY(drain(patience_));
        if (waiting_.size() + message.size() > most_waiting)
            return fail(ErrorCode::busy, to_ + " takes messages slower than they are made");
        waiting_ += message;
        return drain(Duration{});
    }
    Status finish() override {
        TRY(drain(patience_));
        if (waiting_.empty()) return {};
        return fail(ErrorCode::busy, fmt::format("{} did not take the last {} octets within {}",
                                                 to_, waiting_.size(), to_string(patience_)));
    }

private:
    Status connect(const Place& place) {
        Fd socket(::socket(place.address.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
        if (socket.get() < 0) return os_failure("make a socket for " + to_);
        const auto* address = reinterpret_cast<const sockaddr*>(&place.address);
        if (::connect(socket.get(), address, place.length) != 0 && errno != EINPROGRESS)
            return os_failure("connect to " + to_);
        int error = ETIMEDOUT;
        socklen_t length = sizeof error;
        if (writable(socket.get(), patience_))
            ::getsockopt(socket.get(), SOL_SOCKET, SO_ERROR, &error, &length);
        errno = error;
        if (error != 0) return os_failure("connect to " + to_);
        socket_ = std::move(socket);
        return {};
    }
    // Sends what waits, as long as there is room or the time lasts.
    Status drain(Duration wait) {
        const Duration end = clock_.uptime() + wait;
        while (!waiting_.empty()) {
            const auto sent = ::send(socket_.get(), waiting_.data(), waiting_.size(), MSG_NOSIGNAL);
            if (sent > 0) {
                waiting_.erase(0, static_cast<std::size_t>(sent));
                continue;
            }
            if (errno == EINTR) continue;
            if (errno != EAGAIN) return lose_connection();
            const Duration left = end - clock_.uptime();
            if (left <= Duration{} || !writable(socket_.get(), left)) return {};
        }
        return {};
    }
    Status lose_connection() {
        Status why = os_failure("send to " + to_);
        socket_ = Fd();
        waiting_.clear();
        return why;
    }

    std::vector<Place> places_;
    std::string to_;
    Duration patience_;
    SystemClock clock_;
    Fd socket_;
    std::string waiting_;
    bool tried_ = false;
    Duration tried_at_;
};

class FileSender final : public Sender {
public:
    FileSender(Fd file, std::string path) : file_(std::move(file)), path_(std::move(path)) {}

    Status send(std::string_view message) override {
        waiting_ += message;
        return waiting_.size() < most_waiting ? Status{} : write();
    }
    Status finish() override {
        TRY(write());
        // A pipe has nothing to be synced.
        if (::fsync(file_.get()) != 0 && errno != EINVAL) return os_failure("sync " + path_);
        return {};
    }

private:
    Status write() {
        while (!waiting_.empty()) {
            const auto written = ::write(file_.get(), waiting_.data(), waiting_.size());
            if (written < 0 && errno == EINTR) continue;
            if (written < 0) return os_failure("write " + path_);
            waiting_.erase(0, static_cast<std::size_t>(written));
        }
        return {};
    }

    Fd file_;
    std::string path_;
    std::string waiting_;
};

}  // namespace

Result<std::unique_ptr<Sender>> open_udp_sender(const std::string& host, std::uint16_t port) {
    TRY_ASSIGN(const auto all, places(host, port, SOCK_DGRAM));
    const std::string to = fmt::format("{} port {}", host, port);
    for (const Place& place : all) {
        Fd socket(::socket(place.address.ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0));
        const auto* address = reinterpret_cast<const sockaddr*>(&place.address);
        if (socket.get() >= 0 && ::connect(socket.get(), address, place.length) == 0)
            return std::make_unique<UdpSender>(std::move(socket), to);
    }
    return os_failure("send to " + to);
}

Result<std::unique_ptr<Sender>> open_tcp_sender(const std::string& host, std::uint16_t port,
                                                Duration patience) {
    TRY_ASSIGN(auto all, places(host, port, SOCK_STREAM));
    return std::make_unique<TcpSender>(std::move(all), fmt::format("{} port {}", host, port),
                                       patience);
}

Result<std::unique_ptr<Sender>> open_file_sender(const std::string& path) {
    Fd file(::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644));
    if (file.get() < 0) return os_failure("write " + path);
    return std::make_unique<FileSender>(std::move(file), path);
}

}  // namespace octroi
