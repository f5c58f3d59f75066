// SPDX-License-Identifier: GPL-3.0-or-later
#include "meter/collector/stream_intake.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

namespace octroi::collector {
namespace {

// RFC 7011 section 3.1: version 10, then the length of the message, its header included.
constexpr std::uint16_t ipfix_version = 10;
constexpr std::size_t header_octets = 16;
constexpr std::size_t prefix_octets = 4;
// Two messages of the greatest length.
constexpr std::size_t buffer_octets = std::size_t{128} << 10U;
// Reads of one connection before the next one has its turn.
constexpr int turns_of_connection = 16;

}  // namespace

StreamIntake::StreamIntake(std::vector<std::unique_ptr<StreamListener>> listeners,
                           std::vector<Prefix> allowed, journal::Journal& journal)
    : listeners_(std::move(listeners)), allowed_(std::move(allowed)), journal_(journal) {}

Status StreamIntake::accept_all(UtcTime now, Duration uptime) {
    if (uptime < accept_again_) return {};
    for (const auto& listener : listeners_) {
        // As many as there may be connections: nobody keeps this loop busy for ever.
        for (std::size_t i = 0; i < connections_max; ++i) {
            auto accepted = listener->accept();
            if (!accepted) accept_again_ = uptime + accept_pause;
            if (!accepted || *accepted == nullptr) break;
            TRY(let_in(*std::move(accepted), now, uptime));
        }
    }
    return {};
}

bool StreamIntake::is_welcome(const Address& peer) const {
    const bool is_allowed = allowed_.empty() || any_contains(allowed_, peer);
    const auto of_peer = std::count_if(connections_.begin(), connections_.end(),
                                       [&](const auto& c) { return c.stream->peer() == peer; });
    return is_allowed && static_cast<std::size_t>(of_peer) < connections_of_address_max;
}

Status StreamIntake::let_in(std::unique_ptr<StreamConnection> stream, UtcTime now,
                            Duration uptime) {
    if (!is_welcome(stream->peer())) {
        ++refused_;
        return {};
    }
    if (connections_.size() >= connections_max) {
        const auto least = std::min_element(
            connections_.begin(), connections_.end(), [](const auto& a, const auto& b) {
                return std::pair(a.spoke, a.heard) < std::pair(b.spoke, b.heard);
            });
        if (least->spoke) TRY(say_end(*least, now));
        connections_.erase(least);
    }
    Connection& connection = connections_.emplace_back();
    connection.stream = std::move(stream);
    connection.octets.resize(buffer_octets);
    connection.heard = uptime;
    return {};
}

Result<std::size_t> StreamIntake::step(UtcTime now, Duration uptime) {
    TRY(accept_all(now, uptime));
    std::size_t messages = 0;
    for (auto at = connections_.begin(); at != connections_.end();) {
        Next next = Next::go_on;
        for (int turn = 0; turn < turns_of_connection && next == Next::go_on; ++turn) {
            const std::size_t before = messages;
            TRY_ASSIGN(next, read(*at, now, messages));
            if (messages == before) continue;
            at->heard = uptime;
            at->spoke = true;
        }
        const Duration sink = uptime - at->heard;
        const bool gone = next == Next::close || sink > (at->spoke ? idle_max : first_message_max);
        if (gone && at->spoke) TRY(say_end(*at, now));
        at = gone ? connections_.erase(at) : std::next(at);
    }
    return messages;
}

// Where there is no room for it the session is forgotten later, as one that fell silent.
Status StreamIntake::say_end(const Connection& connection, UtcTime now) {
    constexpr std::byte nothing{0};
    const auto kept =
        journal_.append({ByteSpan(&nothing, 1), connection.stream->peer(),
                         connection.stream->peer_port(), now, journal::Transport::stream_end});
    if (!kept) return std::unexpected(kept.error());
    return {};
}

Result<StreamIntake::Next> StreamIntake::read(Connection& connection, UtcTime now,
                                              std::size_t& messages) {
    // First what is there already: the journal may have been full.
    TRY_ASSIGN(const Next taken, take_messages(connection, now, messages));
    if (taken != Next::go_on) return taken;
    std::memmove(connection.octets.data(), connection.octets.data() + connection.taken,
                 connection.filled - connection.taken);
    connection.filled -= connection.taken;
    connection.taken = 0;
    const auto got =
        connection.stream->read(std::span(connection.octets).subspan(connection.filled));
    if (!got || *got == 0U) return Next::close;
    if (!*got) return Next::wait;
    connection.filled += **got;
    return take_messages(connection, now, messages);
}

Result<StreamIntake::Next> StreamIntake::take_messages(Connection& connection, UtcTime now,
                                                       std::size_t& messages) {
    for (;;) {
        const ByteSpan rest(connection.octets.data() + connection.taken,
                            connection.filled - connection.taken);
        if (rest.size() < prefix_octets) return Next::go_on;
        const std::size_t length = load_be16(rest.data() + 2);
        if (load_be16(rest.data()) != ipfix_version || length < header_octets) {
            ++refused_;
            return Next::close;
        }
        if (rest.size() < length) return Next::go_on;
        TRY_ASSIGN(const bool kept, journal_.append({rest.first(length), connection.stream->peer(),
                                                     connection.stream->peer_port(), now,
                                                     journal::Transport::stream}));
        if (!kept) return Next::wait;
        connection.taken += length;
        ++messages;
    }
}

void StreamIntake::add_descriptors(std::vector<int>& descriptors, Duration uptime) const {
    if (uptime >= accept_again_)
        for (const auto& listener : listeners_) descriptors.push_back(listener->descriptor());
    for (const Connection& connection : connections_)
        descriptors.push_back(connection.stream->descriptor());
}

std::vector<std::string> StreamIntake::names() const {
    std::vector<std::string> names;
    for (const auto& listener : listeners_) names.push_back(listener->name());
    return names;
}

}  // namespace octroi::collector
