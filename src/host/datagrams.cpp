// SPDX-License-Identifier: GPL-3.0-or-later
#include "host/datagrams.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstdlib>
#include <cstring>

#include "host/os_error.hpp"
#include "host/socket_address.hpp"

namespace octroi {
namespace {

static_assert(sizeof(mmsghdr) == sizeof(DatagramHeader));
static_assert(alignof(mmsghdr) <= alignof(DatagramHeader));
static_assert(sizeof(sockaddr_in6) <= sizeof(DatagramOrigin::octets));

mmsghdr& kernel_header(DatagramHeader& header) noexcept {
    return *reinterpret_cast<mmsghdr*>(header.octets.data());
}

// SO_RCVBUFFORCE exceeds net.core.rmem_max and needs CAP_NET_ADMIN. Without the capability the
// kernel cuts the size to that limit. A small buffer only makes drops more likely, and drops are
// counted, so a failure here is not an error.
void grow_buffer(int fd, std::uint32_t octets) {
    const int wanted = static_cast<int>(std::min<std::uint32_t>(octets, 1U << 30U));
    if (::setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &wanted, sizeof wanted) != 0)
        static_cast<void>(::setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &wanted, sizeof wanted));
}

}  // namespace

std::uint32_t datagram_length(const DatagramHeader& header) noexcept {
    return reinterpret_cast<const mmsghdr*>(header.octets.data())->msg_len;
}

Address datagram_sender(const DatagramOrigin& origin) noexcept {
    return address_of(*reinterpret_cast<const sockaddr_in6*>(origin.octets.data()));
}

std::uint16_t datagram_port(const DatagramOrigin& origin) noexcept {
    return port_of(*reinterpret_cast<const sockaddr_in6*>(origin.octets.data()));
}

void write_datagram(DatagramHeader& header, DatagramOrigin& origin, std::uint32_t length,
                    const Address& sender, std::uint16_t port, UtcTime received) noexcept {
    const SocketAddress from = socket_address(sender, port);
    std::memcpy(origin.octets.data(), &from.storage, sizeof from.storage);
    origin.received_ns = received.ns;
    kernel_header(header).msg_len = length;
}

// The scatter lists of recvmmsg: two parts for each datagram. They are needed only during the call,
// so they are kept outside the caller's mapped file.
struct UdpSource::Scratch {
    std::array<std::array<iovec, 2>, datagram_batch> parts;
};

UdpSource::UdpSource(Fd socket, std::string name, std::uint16_t port)
    : socket_(std::move(socket)),
      name_(std::move(name)),
      port_(port),
      scratch_(std::make_unique<Scratch>()) {}
UdpSource::~UdpSource() = default;

Result<std::unique_ptr<UdpSource>> UdpSource::open(const UdpOptions& options) {
    Address at = options.address;
    TRY_ASSIGN(Fd fd, open_socket(at, SOCK_DGRAM));
    const SocketAddress own = socket_address(at, options.port);
    if (::bind(fd.get(), own.get(), own.length) != 0) {
        if (errno == EADDRINUSE)
            return fail(ErrorCode::exists,
                        fmt::format("UDP port {} is in use by another program; next: ss -ulpn "
                                    "'sport = {}' shows which",
                                    options.port, options.port));
        return os_failure(
            fmt::format("listen on UDP {} port {}", to_string(options.address), options.port));
    }
    return adopt(std::move(fd), options.buffer_octets);
}

Result<std::unique_ptr<UdpSource>> UdpSource::adopt(Fd socket, std::uint32_t buffer_octets) {
    int type = 0;
    socklen_t length = sizeof type;
    if (::getsockopt(socket.get(), SOL_SOCKET, SO_TYPE, &type, &length) != 0 || type != SOCK_DGRAM)
        return fail(ErrorCode::invalid,
                    "a socket that the service manager passed to this process is not a UDP socket; "
                    "next: use ListenDatagram= in the .socket unit");
    const int flags = ::fcntl(socket.get(), F_GETFL);
    if (flags < 0 || ::fcntl(socket.get(), F_SETFL, flags | O_NONBLOCK) != 0)
        return os_failure("make a socket non-blocking");
    grow_buffer(socket.get(), buffer_octets);
    SocketAddress own;
    if (::getsockname(socket.get(), own.get(), &own.length) != 0)
        return os_failure("read the address of a socket");
    return std::unique_ptr<UdpSource>(
        new UdpSource(std::move(socket), endpoint_text("udp", own.storage), port_of(own.storage)));
}

Result<std::size_t> UdpSource::receive(const DatagramBuffers& buffers, UtcTime now) {
    const std::size_t count = std::min(buffers.headers.size(), datagram_batch);
    for (std::size_t i = 0; i < count; ++i) {
        scratch_->parts[i] = {{{buffers.data + i * buffers.slot, buffers.slot},
                               {buffers.overflow + i * overflow_stride, overflow_stride}}};
        buffers.origins[i].received_ns = now.ns;
        kernel_header(buffers.headers[i]) = {
            .msg_hdr = {.msg_name = buffers.origins[i].octets.data(),
                        .msg_namelen = sizeof(sockaddr_in6),
                        .msg_iov = scratch_->parts[i].data(),
                        .msg_iovlen = 2,
                        .msg_control = nullptr,
                        .msg_controllen = 0,
                        .msg_flags = 0},
            .msg_len = 0};
    }
    if (count == 0) return 0;
    int got = -1;
    for (int attempt = 0; attempt < 2 && got < 0; ++attempt) {
        got = ::recvmmsg(socket_.get(), &kernel_header(buffers.headers[0]),
                         static_cast<unsigned>(count), MSG_DONTWAIT, nullptr);
        // The second attempt: recvmmsg stores an error that occurred after its first datagram in
        // the socket and returns it once, with the next call. That may be an error of an earlier
        // process which had this socket.
        if (got < 0 && (errno == EAGAIN || errno == EINTR)) break;
    }
    // EFAULT: the disk was full when the kernel wrote the overflow of a long datagram. The datagram
    // is lost; the kernel counts it as dropped.
    if (got < 0 && (errno == EAGAIN || errno == EINTR || errno == EFAULT)) return 0;
    if (got < 0) return os_failure("receive from " + name_);
    return static_cast<std::size_t>(got);
}

std::uint32_t UdpSource::dropped() const {
    std::array<std::uint32_t, SK_MEMINFO_VARS> info{};
    socklen_t length = sizeof info;
    // SO_MEMINFO exists since Linux 4.12. Older kernels: no drops can be stated.
    if (::getsockopt(socket_.get(), SOL_SOCKET, SO_MEMINFO, info.data(), &length) != 0) return 0;
    return info[SK_MEMINFO_DROPS];
}

std::uint32_t UdpSource::buffer_octets() const {
    int granted = 0;
    socklen_t length = sizeof granted;
    if (::getsockopt(socket_.get(), SOL_SOCKET, SO_RCVBUF, &granted, &length) != 0) return 0;
    return static_cast<std::uint32_t>(granted);
}

Result<std::vector<Fd>> duplicates_of(std::span<const Fd> sockets) {
    std::vector<Fd> copies;
    for (const Fd& socket : sockets) {
        copies.emplace_back(::fcntl(socket.get(), F_DUPFD_CLOEXEC, 0));
        if (copies.back().get() < 0) return os_failure("duplicate a socket");
    }
    return copies;
}

std::vector<Fd> inherited_sockets() {
    constexpr int first = 3;  // sd_listen_fds(3)
    const auto number = [](const char* name) {
        const char* text = std::getenv(name);
        int value = 0;
        if (text != nullptr) std::from_chars(text, text + std::strlen(text), value);
        return value;
    };
    std::vector<Fd> sockets;
    if (number("LISTEN_PID") != ::getpid()) return sockets;
    for (int i = 0; i < number("LISTEN_FDS"); ++i) {
        static_cast<void>(::fcntl(first + i, F_SETFD, FD_CLOEXEC));
        sockets.emplace_back(first + i);
    }
    // A second call, and programs that this process starts, must not use the descriptors again.
    static_cast<void>(::unsetenv("LISTEN_PID"));
    return sockets;
}

void wait_readable(std::span<const int> descriptors, Duration wait) {
    std::vector<pollfd> polled;
    for (const int fd : descriptors) polled.push_back({fd, POLLIN, 0});
    static_cast<void>(::poll(polled.data(), polled.size(), static_cast<int>(wait.ns / 1'000'000)));
}

}  // namespace octroi
