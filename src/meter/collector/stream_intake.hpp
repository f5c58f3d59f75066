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
#include "meter/journal/journal.hpp"

namespace octroi::collector {

class StreamIntake {
public:
    // Connections at a time, in all and of one address. A newcomer takes the place of the one that
    // was silent longest.
    static constexpr std::size_t connections_max = 256;
    static constexpr std::size_t connections_of_address_max = 32;
    // One that has been silent for so long is closed: exporters send templates more often. One that
    // never sent a message has less time.
    static constexpr Duration idle_max = Duration::hours(24);
    static constexpr Duration first_message_max = Duration::seconds(60);
    // After a connection could not be taken (too many open files), the next try.
    static constexpr Duration accept_pause = Duration::seconds(1);

    // allowed: who may connect; empty: everybody. The journal must outlive it.
    StreamIntake(std::vector<std::unique_ptr<StreamListener>> listeners,
                 std::vector<Prefix> allowed, journal::Journal& journal);

    // Takes what all connections have at the moment; how many messages that was. now, uptime: of
    // the clock. An error is the journal's.
    [[nodiscard]] Result<std::size_t> step(UtcTime now, Duration uptime);
    // What step() would read at that time.
    void add_descriptors(std::vector<int>& descriptors, Duration uptime) const;
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
        bool spoke = false;  // a whole message came
    };
    enum class Next { go_on, wait, close };
    [[nodiscard]] Status accept_all(UtcTime now, Duration uptime);
    [[nodiscard]] Status let_in(std::unique_ptr<StreamConnection> stream, UtcTime now,
                                Duration uptime);
    [[nodiscard]] bool is_welcome(const Address& peer) const;
    [[nodiscard]] Result<Next> read(Connection& connection, UtcTime now, std::size_t& messages);
    [[nodiscard]] Status say_end(const Connection& connection, UtcTime now);
    [[nodiscard]] Result<Next> take_messages(Connection& connection, UtcTime now,
                                             std::size_t& messages);

    std::vector<std::unique_ptr<StreamListener>> listeners_;
    std::vector<Prefix> allowed_;
    journal::Journal& journal_;
    Duration accept_again_;
    std::list<Connection> connections_;
    std::uint64_t refused_ = 0;
};

}  // namespace octroi::collector
