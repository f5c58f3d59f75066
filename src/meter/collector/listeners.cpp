// SPDX-License-Identifier: GPL-3.0-or-later
#include "meter/collector/listeners.hpp"

#include <fmt/format.h>

namespace octroi::collector {
namespace {

// setsockopt(2) reports no error for a buffer above net.core.rmem_max; it makes the buffer smaller.
// Only the size afterwards shows that. The kernel doubles the size for its own bookkeeping.
void add(std::unique_ptr<UdpSource> source, std::uint32_t wanted, Listeners& listeners) {
    if (source->buffer_octets() < wanted)
        listeners.warnings.push_back(fmt::format(
            "{}: the kernel grants a buffer of {} octets instead of {}: bursts may be lost. "
            "Next: run as root, or sysctl net.core.rmem_max={}",
            source->name(), source->buffer_octets() / 2, wanted, wanted));
    listeners.datagrams.push_back(std::move(source));
}

}  // namespace

Result<Listeners> open_listeners(const ListenOptions& options, std::vector<Fd> inherited) {
    Listeners listeners;
    const std::uint32_t wanted =
        options.udp.empty() ? UdpOptions{}.buffer_octets : options.udp[0].buffer_octets;
    if (inherited.empty()) {
        for (const UdpOptions& udp : options.udp) {
            TRY_ASSIGN(auto source, UdpSource::open(udp));
            add(std::move(source), wanted, listeners);
        }
    }
    for (Fd& socket : inherited) {
        TRY_ASSIGN(auto source, UdpSource::adopt(std::move(socket), wanted));
        add(std::move(source), wanted, listeners);
    }
    for (const TcpOptions& tcp : options.tcp) {
        TRY_ASSIGN(listeners.streams.emplace_back(), listen_tcp(tcp.address, tcp.port));
    }
    for (const TcpOptions& tls : options.tls) {
        TRY_ASSIGN(listeners.streams.emplace_back(),
                   listen_tls(tls.address, tls.port, options.tls_files));
    }
    return listeners;
}

}  // namespace octroi::collector
