// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Moves messages from sockets into the journal, and does nothing else: it must never be busy when
// datagrams arrive, since what the kernel's buffers cannot hold is lost. One thread, except where
// another is stated.

#include <memory>
#include <string>
#include <vector>

#include "host/clock.hpp"
#include "host/datagrams.hpp"
#include "meter/collector/socket_drops.hpp"
#include "meter/collector/stream_intake.hpp"
#include "meter/journal/writer.hpp"

namespace octroi::collector {

class Intake {
public:
    // allowed: the exporters that may open connections; empty: all. meter: its name, for the log.
    // The writer and the clock must outlive the intake.
    Intake(std::vector<std::unique_ptr<DatagramSource>> sources,
           std::vector<std::unique_ptr<StreamListener>> listeners, std::vector<Prefix> allowed,
           const std::string& meter, journal::Writer& journal, const Clock& clock);

    // Receives the messages that have arrived, from all sockets in turn, and returns their number.
    // Does not wait. Errors: those of sockets and of the journal's files.
    [[nodiscard]] Result<std::size_t> step();
    // Waits until a socket may have something, at most for `wait`. While the journal is full it
    // waits for all of `wait`: nothing can be received.
    void wait(Duration wait) const;

    // The sockets: "udp [::]:2055", "tcp [::]:4739". From any thread.
    [[nodiscard]] std::vector<std::string> names() const;
    // From any thread.
    [[nodiscard]] std::vector<SocketDrops> drops() const;
    // StreamIntake::refused(). From any thread.
    [[nodiscard]] std::uint64_t refused_connections() const noexcept { return streams_.refused(); }
    // StreamIntake::failed(). From any thread.
    [[nodiscard]] std::uint64_t failed_connections() const noexcept { return streams_.failed(); }

private:
    std::vector<std::unique_ptr<DatagramSource>> sources_;
    StreamIntake streams_;
    journal::Writer& journal_;
    const Clock& clock_;
};

}  // namespace octroi::collector
