// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Opens the sockets that a collector listens on.

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/address.hpp"
#include "base/result.hpp"
#include "host/datagrams.hpp"
#include "host/streams.hpp"
#include "host/tls.hpp"

namespace octroi::collector {

struct TcpOptions {
    Address address;  // empty: all, of both families
    std::uint16_t port = 0;
};

struct ListenOptions {
    std::vector<UdpOptions> udp;  // not used where sockets were inherited
    std::vector<TcpOptions> tcp;
    std::vector<TcpOptions> tls;
    TlsFiles tls_files;
};

struct Listeners {
    std::vector<std::unique_ptr<DatagramSource>> datagrams;
    std::vector<std::unique_ptr<StreamListener>> streams;
    // For people, a sentence each: receive buffers that the kernel made smaller than configured.
    std::vector<std::string> warnings;
};

// inherited: UDP sockets that another process opened (inherited_sockets()). Where there are any,
// ListenOptions::udp is not used. Errors: exists (a port is in use), permission, those of
// certificates.
[[nodiscard]] Result<Listeners> open_listeners(const ListenOptions& options,
                                               std::vector<Fd> inherited);

}  // namespace octroi::collector
