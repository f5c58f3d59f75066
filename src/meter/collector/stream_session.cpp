// SPDX-License-Identifier: GPL-3.0-or-later
#include "meter/collector/stream_session.hpp"

#include <cstring>
#include <utility>

namespace octroi::collector {
namespace {

// RFC 7011 section 3.1: version 10, then the length of the message, its header included.
constexpr std::uint16_t ipfix_version = 10;
constexpr std::size_t header_octets = 16;
constexpr std::size_t prefix_octets = 4;
// Two messages of the greatest length: the rest of one, and a whole one behind it.
constexpr std::size_t buffer_octets = std::size_t{128} << 10U;

}  // namespace

StreamSession::StreamSession(std::unique_ptr<StreamConnection> connection, Duration uptime)
    : connection_(std::move(connection)), buffer_(buffer_octets), last_message_(uptime) {}

Result<StreamSession::Progress> StreamSession::read(journal::Writer& journal, UtcTime now,
                                                    Duration uptime) {
    Progress progress;
    // First the messages in the buffer: the journal may have been full the last time.
    TRY_ASSIGN(progress.state, append_messages(journal, now, progress.messages));
    if (progress.state == State::readable) {
        std::memmove(buffer_.data(), buffer_.data() + begin_, end_ - begin_);
        end_ -= std::exchange(begin_, 0);
        const auto got = connection_->read(std::span(buffer_).subspan(end_));
        if (!got) {
            progress.state = State::failed;
            progress.error = got.error().text;
        } else if (*got == 0U) {
            progress.state = State::closed;
        } else if (!*got) {
            progress.state = State::waiting;
        } else {
            end_ += **got;
            TRY_ASSIGN(progress.state, append_messages(journal, now, progress.messages));
        }
    }
    if (progress.messages > 0) {
        last_message_ = uptime;
        messages_ += progress.messages;
    }
    return progress;
}

Result<StreamSession::State> StreamSession::append_messages(journal::Writer& journal, UtcTime now,
                                                            std::size_t& messages) {
    for (;;) {
        const ByteSpan rest(buffer_.data() + begin_, end_ - begin_);
        if (rest.size() < prefix_octets) return State::readable;
        const std::size_t length = load_be16(rest.data() + 2);
        if (load_be16(rest.data()) != ipfix_version || length < header_octets)
            return State::not_ipfix;
        if (rest.size() < length) return State::readable;
        TRY_ASSIGN(const bool appended,
                   journal.append({rest.first(length), connection_->peer(),
                                   connection_->peer_port(), now, journal::Transport::stream}));
        if (!appended) return State::waiting;
        begin_ += length;
        ++messages;
    }
}

Result<bool> StreamSession::append_end(journal::Writer& journal, UtcTime now, bool is_cut) const {
    if (!has_sent()) return true;
    const std::byte how = is_cut || begin_ != end_ ? journal::stream_cut : journal::stream_complete;
    return journal.append({ByteSpan(&how, 1), connection_->peer(), connection_->peer_port(), now,
                           journal::Transport::stream_end});
}

}  // namespace octroi::collector
