// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Datagrams from UDP sockets, received many at a time straight into memory that the caller keeps.
//
// The kernel itself writes octets, sender and, last, the length of each datagram into the caller's
// memory. Where that is a mapped file, a datagram is kept from the moment the kernel hands it over,
// even if the process is killed inside the system call: recvmmsg(2) does not return to a killed
// process, but what it took from the socket stands whole in the file.

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

// What the kernel writes of one datagram: its struct mmsghdr. Opaque; all zero: none.
struct alignas(8) DatagramHeader {
    std::array<std::byte, 64> octets;
};
// Who sent it (the kernel's struct sockaddr_in6), and when the call began that received it.
struct alignas(8) DatagramOrigin {
    std::array<std::byte, 32> octets;
    std::int64_t received_ns;
};

[[nodiscard]] std::uint32_t datagram_length(const DatagramHeader& header) noexcept;  // 0: none
[[nodiscard]] Address datagram_sender(const DatagramOrigin& origin) noexcept;
[[nodiscard]] std::uint16_t datagram_port(const DatagramOrigin& origin) noexcept;  // the sender's
// As if the kernel had written it: for streams, tests and the simulator.
void write_datagram(DatagramHeader& header, DatagramOrigin& origin, std::uint32_t length,
                    const Address& sender, std::uint16_t port, UtcTime received) noexcept;

// The largest UDP payload.
inline constexpr std::size_t max_datagram = 65'535;
// A stride that holds the longest rest of one, in whole pages.
inline constexpr std::size_t rest_stride = 65'536;

// Room for datagrams, arrays of as many: datagram i has its first octets at data + i * slot, and
// what does not fit there at rest + i * rest_stride.
struct DatagramRoom {
    std::span<DatagramHeader> headers;  // lengths are 0
    DatagramOrigin* origins = nullptr;
    std::byte* data = nullptr;
    std::size_t slot = 0;  // octets for each
    std::byte* rest = nullptr;
};

inline constexpr std::size_t datagram_batch = 256;

// One socket, or what stands for one in a test. One thread at a time.
class DatagramSource {
public:
    virtual ~DatagramSource() = default;
    // Takes what is there, at most as much as there is room for, and returns how many places were
    // used, from the first on. Does not wait.
    [[nodiscard]] virtual Result<std::size_t> receive(const DatagramRoom& room, UtcTime now) = 0;
    // Datagrams that the kernel dropped because the socket's buffer was full, since it was opened:
    // modulo 2^32.
    [[nodiscard]] virtual std::uint32_t dropped() const = 0;
    // To wait for datagrams with poll(2); -1: none.
    [[nodiscard]] virtual int descriptor() const = 0;
    // "udp [::]:2055"
    [[nodiscard]] virtual std::string name() const = 0;
};

struct UdpOptions {
    Address address;         // :: takes IPv4 too
    std::uint16_t port = 0;  // 0: any free one
    std::uint32_t buffer_octets = 64U << 20U;
};

class UdpSource final : public DatagramSource {
public:
    // Errors: exists (the port is in use), permission, failed.
    [[nodiscard]] static Result<std::unique_ptr<UdpSource>> open(const UdpOptions& options);
    // A socket that was opened by somebody else: given on by systemd, or by a test.
    [[nodiscard]] static Result<std::unique_ptr<UdpSource>> adopt(Fd socket,
                                                                  std::uint32_t buffer_octets);
    ~UdpSource() override;

    [[nodiscard]] Result<std::size_t> receive(const DatagramRoom& room, UtcTime now) override;
    [[nodiscard]] std::uint32_t dropped() const override;
    [[nodiscard]] int descriptor() const override { return socket_.get(); }
    [[nodiscard]] std::string name() const override { return name_; }
    [[nodiscard]] std::uint16_t port() const noexcept { return port_; }
    // What the kernel granted: less than was asked for where net.core.rmem_max is less and the
    // process may not exceed it.
    [[nodiscard]] std::uint32_t buffer_octets() const;

private:
    struct Scratch;
    UdpSource(Fd socket, std::string name, std::uint16_t port);

    Fd socket_;
    std::string name_;
    std::uint16_t port_ = 0;
    std::unique_ptr<Scratch> scratch_;
};

// Sockets that the service manager holds for this process (sd_listen_fds(3): LISTEN_PID,
// LISTEN_FDS): they go on receiving while the daemon is restarted. Each socket is taken once.
[[nodiscard]] std::vector<Fd> inherited_sockets();

// Waits until one of them has something to read, at most for `wait`.
void wait_readable(std::span<const int> descriptors, Duration wait);

}  // namespace octroi
