// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// IPFIX over TCP (RFC 7011 section 10.4) into the journal, message by message. While the journal is
// full nothing is read: TCP makes the exporter wait, and nothing is lost.
//
// What the kernel has acknowledged and this process has not yet taken is gone if it is killed; the
// exporter's sequence numbers tell how much that was.

#include <cstddef>
#include <list>
#include <memory>
#include <vector>

#include "base/time.hpp"
#include "host/streams.hpp"
#include "meter/collector/journal.hpp"

namespace octroi::collector {

class StreamIntake {
public:
    // Connections at a time; further ones wait in the kernel.
    static constexpr std::size_t connections_max = 1024;
    // One that has been silent for so long is closed: exporters send templates more often.
    static constexpr Duration idle_max = Duration::hours(24);

    // The journal must outlive it.
    StreamIntake(std::vector<std::unique_ptr<StreamListener>> listeners, Journal& journal);

    // Takes what all connections have at the moment; how many messages that was. now, uptime: of
    // the clock. An error is the journal's.
    [[nodiscard]] Result<std::size_t> step(UtcTime now, Duration uptime);
    // What step() would read.
    void add_descriptors(std::vector<int>& descriptors) const;
    [[nodiscard]] std::vector<std::string> names() const;
    [[nodiscard]] std::size_t connections() const noexcept { return connections_.size(); }
    // Connections that sent something else than IPFIX, and were closed for it.
    [[nodiscard]] std::uint64_t refused() const noexcept { return refused_; }

private:
    struct Connection {
        std::unique_ptr<StreamConnection> stream;
        std::vector<std::byte> octets;  // [taken, filled) is not in the journal yet
        std::size_t taken = 0;
        std::size_t filled = 0;
        Duration heard;
    };
    enum class Next { go_on, wait, close };
    void accept_all(Duration uptime);
    [[nodiscard]] Result<Next> read(Connection& connection, UtcTime now, std::size_t& messages);
    [[nodiscard]] Result<Next> take_messages(Connection& connection, UtcTime now,
                                             std::size_t& messages);

    std::vector<std::unique_ptr<StreamListener>> listeners_;
    Journal& journal_;
    std::list<Connection> connections_;
    std::uint64_t refused_ = 0;
};

}  // namespace octroi::collector
