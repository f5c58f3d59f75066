// SPDX-License-Identifier: GPL-3.0-or-later
#include "host/local_socket.hpp"

#include <fmt/format.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "host/clock.hpp"
#include "host/os_error.hpp"

namespace octroi {
namespace {

// Connections that the kernel queues before accept(). Further clients get EAGAIN and try again.
constexpr int backlog = 16;
constexpr mode_t owner_only = S_IRUSR | S_IWUSR;
constexpr Duration connect_interval = Duration::milliseconds(20);

Result<sockaddr_un> local_address(const std::string& path) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    // The kernel wants the final zero octet too.
    if (path.size() >= sizeof address.sun_path)
        return fail(ErrorCode::over_limit,
                    fmt::format("{}: a socket's path may have {} octets at most", path,
                                sizeof address.sun_path - 1));
    std::copy(path.begin(), path.end(), std::begin(address.sun_path));
    return address;
}

Result<Fd> local_socket() {
    Fd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    if (fd.get() < 0) return os_failure("open a Unix socket");
    return fd;
}

// connect(2), with errno as it leaves it. EAGAIN: the queue of the listener is full.
bool try_connect(const Fd& fd, const sockaddr_un& address) {
    return ::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
}

Result<FileStatus> socket_status_of(const std::string& path) {
    struct stat status{};
    if (::lstat(path.c_str(), &status) != 0) return os_failure("examine " + path);
    return FileStatus{status.st_dev, status.st_ino, 0, S_ISREG(status.st_mode), {}};
}

// Removes the socket file of a process that has ended.
Status remove_stale(const std::string& path, const sockaddr_un& address) {
    struct stat status{};
    if (::lstat(path.c_str(), &status) != 0) {
        if (errno == ENOENT) return {};
        return os_failure("examine " + path);
    }
    if (!S_ISSOCK(status.st_mode))
        return fail(ErrorCode::exists, path + " exists and is not a socket");
    TRY_ASSIGN(const Fd probe, local_socket());
    // Only a refused connection proves that no process listens.
    if (try_connect(probe, address) || errno != ECONNREFUSED)
        return fail(ErrorCode::exists, fmt::format("{}: another process listens there", path));
    if (::unlink(path.c_str()) != 0 && errno != ENOENT) return os_failure("remove " + path);
    return {};
}

// The client's side of exchange_line: every wait ends at the same moment.
class Exchange {
public:
    Exchange(std::string path, Duration timeout)
        : path_(std::move(path)), timeout_(timeout), end_(clock_.uptime() + timeout) {}

    Status connect() {
        TRY_ASSIGN(const sockaddr_un address, local_address(path_));
        TRY_ASSIGN(socket_, local_socket());
        while (!try_connect(socket_, address)) {
            if (errno == ECONNREFUSED)
                return fail(ErrorCode::not_found, path_ + ": no process listens there");
            if (errno != EAGAIN && errno != EINTR) return os_failure("connect to " + path_);
            if (clock_.uptime() >= end_) return late();
            ::poll(nullptr, 0, static_cast<int>(connect_interval.ns / 1'000'000));
        }
        return {};
    }
    Status send(std::string_view octets) {
        while (!octets.empty()) {
            const ssize_t sent =
                ::send(socket_.get(), octets.data(), octets.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
            if (sent >= 0)
                octets.remove_prefix(static_cast<std::size_t>(sent));
            else if (errno == EAGAIN)
                TRY(wait(POLLOUT));
            else if (errno == EPIPE || errno == ECONNRESET)
                return {};  // the other side reads no more: what it answered can still be read
            else if (errno != EINTR)
                return os_failure("send to " + path_);
        }
        return {};
    }
    Result<std::string> receive_line(std::size_t limit) {
        std::string text;
        std::array<char, 4096> part{};
        for (;;) {
            TRY(wait(POLLIN));
            const ssize_t got = ::recv(socket_.get(), part.data(), part.size(), MSG_DONTWAIT);
            if (got < 0 && (errno == EAGAIN || errno == EINTR)) continue;
            if (got < 0) return os_failure("read from " + path_);
            if (got == 0)
                return fail(ErrorCode::failed, path_ + ": the connection ended without an answer");
            text.append(part.data(), static_cast<std::size_t>(got));
            const std::size_t line_end = text.find('\n');
            if (line_end != std::string::npos) {
                text.resize(line_end);
                return text;
            }
            if (text.size() > limit)
                return fail(ErrorCode::over_limit,
                            fmt::format("{}: the answer is longer than {} octets", path_, limit));
        }
    }

private:
    [[nodiscard]] std::unexpected<Error> late() const {
        return fail(ErrorCode::busy,
                    fmt::format("{}: no answer within {}", path_, to_string(timeout_)));
    }
    Status wait(short events) {
        const Duration left = end_ - clock_.uptime();
        if (left <= Duration{}) return late();
        pollfd polled{socket_.get(), events, 0};
        static_cast<void>(::poll(&polled, 1, static_cast<int>(left.ns / 1'000'000) + 1));
        return {};
    }

    std::string path_;
    Duration timeout_;
    SystemClock clock_;
    Duration end_;  // in uptime
    Fd socket_;
};

}  // namespace

Result<std::optional<std::size_t>> LocalConnection::read(std::span<char> into) {
    const ssize_t got = ::recv(socket_.get(), into.data(), into.size(), MSG_DONTWAIT);
    if (got >= 0) return static_cast<std::size_t>(got);
    if (errno == EAGAIN || errno == EINTR) return std::nullopt;
    return os_failure("read from a Unix socket");
}

Result<std::size_t> LocalConnection::write(std::string_view octets) {
    const ssize_t sent =
        ::send(socket_.get(), octets.data(), octets.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent >= 0) return static_cast<std::size_t>(sent);
    if (errno == EAGAIN || errno == EINTR) return 0U;
    return os_failure("write to a Unix socket");
}

Result<std::unique_ptr<LocalListener>> LocalListener::open(const std::string& path) {
    TRY_ASSIGN(const sockaddr_un address, local_address(path));
    TRY_ASSIGN(Fd fd, local_socket());
    TRY(remove_stale(path, address));
    // bind(2) makes the file with the mode of the socket, so it never exists with another one.
    if (::fchmod(fd.get(), owner_only) != 0) return os_failure("set the mode of " + path);
    if (::bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
        return os_failure("bind a socket to " + path);
    TRY_ASSIGN(const FileStatus file, socket_status_of(path));
    std::unique_ptr<LocalListener> listener(new LocalListener(std::move(fd), path, file));
    // For file systems that do not honour the mode of the socket.
    if (::chmod(path.c_str(), owner_only) != 0) return os_failure("set the mode of " + path);
    if (::listen(listener->socket_.get(), backlog) != 0) return os_failure("listen at " + path);
    return listener;
}

LocalListener::~LocalListener() {
    // Device and inode tell whether the file at the path is still the one of this socket.
    const auto now = socket_status_of(path_);
    if (now && now->device == file_.device && now->inode == file_.inode) ::unlink(path_.c_str());
}

std::optional<LocalConnection> LocalListener::accept() {
    Fd socket(::accept4(socket_.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
    if (socket.get() < 0) return std::nullopt;
    return LocalConnection(std::move(socket));
}

Result<std::string> exchange_line(const std::string& path, std::string_view line,
                                  std::size_t answer_max, Duration timeout) {
    Exchange exchange(path, timeout);
    TRY(exchange.connect());
    TRY(exchange.send(std::string(line) + "\n"));
    return exchange.receive_line(answer_max);
}

}  // namespace octroi
