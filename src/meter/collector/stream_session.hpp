// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// One connection of an exporter, cut into IPFIX messages (RFC 7011 section 10.4), which go into the
// journal. One thread.

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "base/time.hpp"
#include "host/streams.hpp"
#include "meter/journal/writer.hpp"

namespace octroi::collector {

class StreamSession {
public:
    enum class State {
        readable,   // there may be more: call read() again
        waiting,    // nothing more is there, or the journal is full
        closed,     // the exporter has closed the connection
        failed,     // an error of the connection, of the TLS handshake for example
        not_ipfix,  // it sent something else: close it, its octets cannot be cut into messages
    };
    static constexpr std::uint64_t few_messages = 8;
    struct Progress {
        State state = State::waiting;
        std::size_t messages = 0;  // appended to the journal
        std::string error;         // of State::failed
    };

    // uptime: of the clock, when the connection was accepted.
    StreamSession(std::unique_ptr<StreamConnection> connection, Duration uptime);

    // Appends the messages that were received before, reads once, and appends again. While the
    // journal is full it reads nothing: TCP flow control makes the exporter wait. Errors: those of
    // the journal's files.
    [[nodiscard]] Result<Progress> read(journal::Writer& journal, UtcTime now, Duration uptime);
    // Records in the journal that the session has ended, if it has sent a message. False: the
    // journal is full, and nothing was recorded. is_cut: octets may be lost that the exporter has
    // sent; without it they are if a message is not complete.
    [[nodiscard]] Result<bool> append_end(journal::Writer& journal, UtcTime now, bool is_cut) const;

    // Whether a whole message was received.
    [[nodiscard]] bool has_sent() const noexcept { return messages_ > 0; }
    // It sent more than anybody sends only to use up connections.
    [[nodiscard]] bool is_established() const noexcept { return messages_ >= few_messages; }
    // The uptime of the last message, or before the first one, of the connection.
    [[nodiscard]] Duration last_message() const noexcept { return last_message_; }
    [[nodiscard]] const StreamConnection& connection() const noexcept { return *connection_; }

private:
    [[nodiscard]] Result<State> append_messages(journal::Writer& journal, UtcTime now,
                                                std::size_t& messages);

    std::unique_ptr<StreamConnection> connection_;
    std::vector<std::byte> buffer_;  // octets [begin_, end_) are not in the journal yet
    std::size_t begin_ = 0;
    std::size_t end_ = 0;
    Duration last_message_;
    std::uint64_t messages_ = 0;  // whole ones
};

}  // namespace octroi::collector
