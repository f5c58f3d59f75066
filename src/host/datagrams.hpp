// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Datagrams from UDP sockets, many with each system call, received into memory of the caller.
//
// The kernel itself writes the octets, the sender and, as the last step, the length of each
// datagram into that memory. If the memory is a mapped file, a datagram is in the file as soon as
// it has left the socket. This holds even if the process is killed inside recvmmsg(2): the call
// does not return, but every datagram that it removed from the socket is complete in the file.

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/address.hpp"
#include "base/result.hpp"
#include "base/time.hpp"
#include "host/file.hpp"

namespace octroi {

// The kernel's struct mmsghdr of one datagram. Opaque. All zero: no datagram.
struct alignas(8) DatagramHeader {
    std::array<std::byte, 64> octets;
};
// The sender (the kernel's struct sockaddr_in6), and the time at which the receiving call began.
struct alignas(8) DatagramOrigin {
    std::array<std::byte, 32> octets;
    std::int64_t received_ns;  // UTC, as UtcTime
};

[[nodiscard]] std::uint32_t datagram_length(const DatagramHeader& header) noexcept;  // 0: none
[[nodiscard]] Address datagram_sender(const DatagramOrigin& origin) noexcept;
[[nodiscard]] std::uint16_t datagram_port(const DatagramOrigin& origin) noexcept;  // of the sender
// Fills in both as the kernel would. For messages that do not come from a socket: of streams, of
// tests and of the simulator.
void write_datagram(DatagramHeader& header, DatagramOrigin& origin, std::uint32_t length,
                    const Address& sender, std::uint16_t port, UtcTime received) noexcept;

// The largest UDP payload.
inline constexpr std::size_t max_datagram = 65'535;
// Octets for the overflow of one datagram: whole pages, at least max_datagram.
inline constexpr std::size_t overflow_stride = 65'536;

// Memory of the caller for headers.size() datagrams. Datagram i has its first `slot` octets at
// data + i * slot, and the octets that do not fit there at overflow + i * overflow_stride. Most
// datagrams are short, so with a sparse file behind `overflow` its pages are rarely allocated.
struct DatagramBuffers {
    std::span<DatagramHeader> headers;  // all zero before the call
    DatagramOrigin* origins = nullptr;
    std::byte* data = nullptr;
    std::size_t slot = 0;
    std::byte* overflow = nullptr;
};

// The most datagrams that one call of receive() returns.
inline constexpr std::size_t datagram_batch = 256;

// One socket, or a replacement in a test. One thread at a time.
class DatagramSource {
public:
    virtual ~DatagramSource() = default;
    // Receives the datagrams that wait in the socket, as many as `buffers` has places for, and
    // returns their number. The places are filled from the first on. Does not block; 0: none
    // waited. `now` becomes the time of receipt.
    [[nodiscard]] virtual Result<std::size_t> receive(const DatagramBuffers& buffers,
                                                      UtcTime now) = 0;
    // Datagrams that the kernel dropped since the socket was opened because its buffer was full.
    // Counts modulo 2^32.
    [[nodiscard]] virtual std::uint32_t dropped() const = 0;
    // For poll(2): readable when datagrams wait. -1: this source cannot be polled.
    [[nodiscard]] virtual int descriptor() const = 0;
    // For people: "udp [::]:2055".
    [[nodiscard]] virtual std::string name() const = 0;
};

struct UdpOptions {
    Address address;         // :: and an empty address receive IPv4 and IPv6
    std::uint16_t port = 0;  // 0: the kernel chooses a free port
    std::uint32_t buffer_octets = 64U << 20U;
};

class UdpSource final : public DatagramSource {
public:
    // Errors: exists (the port is in use), permission, failed.
    [[nodiscard]] static Result<std::unique_ptr<UdpSource>> open(const UdpOptions& options);
    // For a socket that another process opened and bound: systemd, or a test. Error: invalid (not a
    // UDP socket).
    [[nodiscard]] static Result<std::unique_ptr<UdpSource>> adopt(Fd socket,
                                                                  std::uint32_t buffer_octets);
    ~UdpSource() override;

    [[nodiscard]] Result<std::size_t> receive(const DatagramBuffers& buffers, UtcTime now) override;
    [[nodiscard]] std::uint32_t dropped() const override;
    [[nodiscard]] int descriptor() const override { return socket_.get(); }
    [[nodiscard]] std::string name() const override { return name_; }
    [[nodiscard]] std::uint16_t port() const noexcept { return port_; }
    // The size that the kernel granted. It is smaller than requested where net.core.rmem_max is
    // smaller and the process has no CAP_NET_ADMIN. The kernel counts its own overhead in: it
    // returns twice the size that was set.
    [[nodiscard]] std::uint32_t buffer_octets() const;

private:
    struct Scratch;
    UdpSource(Fd socket, std::string name, std::uint16_t port);

    Fd socket_;
    std::string name_;
    std::uint16_t port_ = 0;
    std::unique_ptr<Scratch> scratch_;
};

// The sockets that the service manager passed to this process (sd_listen_fds(3): LISTEN_PID,
// LISTEN_FDS). They queue datagrams while the daemon restarts. The first call returns them and
// passes ownership to the caller; later calls return none.
[[nodiscard]] std::vector<Fd> inherited_sockets();
// Other descriptors of the same sockets, in their order. They are closed in programs that this
// process starts. Errors: those of fcntl(2), such as too many open files.
[[nodiscard]] Result<std::vector<Fd>> duplicates_of(std::span<const Fd> sockets);

// Blocks until one descriptor is readable, at most for `wait`. May return early.
void wait_readable(std::span<const int> descriptors, Duration wait);

}  // namespace octroi
