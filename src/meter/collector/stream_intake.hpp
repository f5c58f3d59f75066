// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// IPFIX over TCP and TLS: accepts the connections of exporters, within limits, and reads them in
// turn (stream_session.hpp). One thread, except where another is stated.
//
// A kill loses what the kernel has acknowledged and this process has not read. The exporter's
// sequence numbers show how much that was.

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <list>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/address.hpp"
#include "base/time.hpp"
#include "host/streams.hpp"
#include "meter/collector/input_log.hpp"
#include "meter/collector/stream_session.hpp"
#include "meter/journal/writer.hpp"

namespace octroi::collector {

class StreamIntake {
public:
    // Connections at a time, of all addresses and of one. A new one beyond the second limit is
    // refused. Beyond the first it replaces another one: of those without a message the one that
    // was silent longest, else of those with few messages, else one that was silent for
    // replace_after, or one of an address with many_of_address or more, if the new one's has fewer.
    // If there is none, the new one is refused.
    static constexpr std::size_t connections_max = 256;
    static constexpr std::size_t connections_of_address_max = 32;
    static constexpr std::size_t many_of_address = 8;
    static constexpr Duration replace_after = Duration::hours(1);
    // With fewer free descriptors than spare_descriptors (host/process.hpp), a new connection is as
    // one beyond connections_max.
    // A connection without a message for this time is closed: exporters send their templates more
    // often. A new one has less time for its first message.
    static constexpr Duration idle_max = Duration::hours(24);
    static constexpr Duration first_message_max = Duration::seconds(60);
    // The pause after a failed accept(2). It fails when the process has too many open files.
    static constexpr Duration accept_pause = Duration::seconds(1);

    // allowed: the addresses that may connect; empty: all. meter: its name, for the log. The writer
    // must outlive the intake.
    StreamIntake(std::vector<std::unique_ptr<StreamListener>> listeners,
                 std::vector<Prefix> allowed, const std::string& meter, journal::Writer& journal);

    // Accepts connections, reads the messages that have arrived on all of them, and returns their
    // number. Does not wait. now, uptime: of the clock. Errors: those of the journal's files.
    [[nodiscard]] Result<std::size_t> step(UtcTime now, Duration uptime);
    // Adds the descriptors that step() would read at that time.
    void add_descriptors(std::vector<int>& descriptors, Duration uptime) const;
    // The listening sockets. From any thread.
    [[nodiscard]] std::vector<std::string> names() const;
    [[nodiscard]] std::size_t connections() const noexcept { return sessions_.size(); }
    // Connections that were refused (not allowed, too many of one address) or closed because they
    // sent something else than IPFIX. From any thread.
    [[nodiscard]] std::uint64_t refused() const noexcept {
        return refused_.load(std::memory_order_relaxed);
    }
    // Connections that ended with an error, or sent no message in time. From any thread.
    [[nodiscard]] std::uint64_t failed() const noexcept {
        return failed_.load(std::memory_order_relaxed);
    }

private:
    using Sessions = std::list<StreamSession>;
    [[nodiscard]] Status accept_all(UtcTime now, Duration uptime);
    [[nodiscard]] Status admit(std::unique_ptr<StreamConnection> connection, UtcTime now,
                               Duration uptime);
    // Why the peer may not connect; empty: it may.
    [[nodiscard]] std::string_view refusal(const Address& peer) const;
    [[nodiscard]] bool is_full() const;
    [[nodiscard]] std::size_t sessions_of(const Address& peer) const;
    // Closes one, so that there is a place for a new one of that address. False: none may be closed
    // for it.
    [[nodiscard]] Result<bool> close_one_for(const Address& peer, UtcTime now, Duration uptime);
    void on_refused(const StreamConnection& connection, std::string_view why);
    void on_failed(const StreamConnection& connection, std::string_view why);
    // Counts and logs the reason where a session ends that should not.
    [[nodiscard]] bool has_ended(const StreamSession& session,
                                 const StreamSession::Progress& progress, Duration uptime);

    std::vector<std::unique_ptr<StreamListener>> listeners_;
    std::vector<Prefix> allowed_;
    InputLog log_;
    journal::Writer& journal_;
    Duration accept_again_;  // uptime before which accept(2) is not called
    Sessions sessions_;
    std::atomic<std::uint64_t> refused_{0};
    std::atomic<std::uint64_t> failed_{0};
};

}  // namespace octroi::collector
