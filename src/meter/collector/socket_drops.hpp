// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Datagrams that the kernel dropped because the buffer of a socket was full. The kernel counts them
// for each socket since it was opened; this turns the counts into losses, each datagram once, also
// over restarts.

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/time.hpp"
#include "record/transfer.hpp"

namespace octroi::collector {

struct SocketDrops {
    std::string socket;         // "udp [::]:2055"; sockets of one name are one entry
    std::uint32_t dropped = 0;  // since it was opened, modulo 2^32
};

class SocketLosses {
public:
    // The counts that losses stand for already, as a snapshot kept them.
    void restore(std::vector<SocketDrops> reported) { reported_ = std::move(reported); }
    [[nodiscard]] const std::vector<SocketDrops>& reported() const noexcept { return reported_; }

    // The counts when this process has its sockets. A socket that was inherited from the process
    // before continues its count; a new one starts at 0.
    void on_start(std::span<const SocketDrops> now);
    // Datagrams were dropped since the last add_losses().
    [[nodiscard]] bool has_new(std::span<const SocketDrops> now) const;
    // Adds a loss for each socket that dropped datagrams since the last call. missing: messages of
    // exporters in the gaps that `losses` has already (export_gap), with the exporter and a bound
    // in octets: as many of the dropped datagrams are no second loss.
    void add_losses(std::vector<SocketDrops> now, const Interval& interval, std::uint64_t missing,
                    std::vector<Loss>& losses);

private:
    std::vector<SocketDrops> reported_;
};

}  // namespace octroi::collector
