// SPDX-License-Identifier: GPL-3.0-or-later
#include "meter/collector/stream_intake.hpp"

#include <algorithm>
#include <utility>

namespace octroi::collector {
namespace {

// Reads of one connection before the next one has its turn.
constexpr int reads_per_turn = 16;

}  // namespace

StreamIntake::StreamIntake(std::vector<std::unique_ptr<StreamListener>> listeners,
                           std::vector<Prefix> allowed, journal::Writer& journal)
    : listeners_(std::move(listeners)), allowed_(std::move(allowed)), journal_(journal) {}

Status StreamIntake::accept_all(UtcTime now, Duration uptime) {
    if (uptime < accept_again_) return {};
    for (const auto& listener : listeners_) {
        // Not until there is none: a flood of connections must not keep this loop from reading.
        for (std::size_t i = 0; i < connections_max; ++i) {
            auto accepted = listener->accept();
            // The kernel keeps the connection, so poll(2) would return at once for ever.
            if (!accepted) accept_again_ = uptime + accept_pause;
            if (!accepted || *accepted == nullptr) break;
            TRY(admit(*std::move(accepted), now, uptime));
        }
    }
    return {};
}

bool StreamIntake::may_connect(const Address& peer) const {
    const bool is_allowed = allowed_.empty() || any_contains(allowed_, peer);
    const auto of_peer = std::ranges::count_if(
        sessions_, [&](const StreamSession& s) { return s.connection().peer() == peer; });
    return is_allowed && static_cast<std::size_t>(of_peer) < connections_of_address_max;
}

// First one that has sent nothing: an attacker who only connects cannot push out exporters.
Status StreamIntake::close_most_silent(UtcTime now) {
    const auto silent = std::ranges::min_element(sessions_, {}, [](const StreamSession& s) {
        return std::pair(s.has_sent(), s.last_message());
    });
    TRY(silent->append_end(journal_, now));
    sessions_.erase(silent);
    return {};
}

Status StreamIntake::admit(std::unique_ptr<StreamConnection> connection, UtcTime now,
                           Duration uptime) {
    if (!may_connect(connection->peer())) {
        count_refused();
        return {};
    }
    if (sessions_.size() >= connections_max) TRY(close_most_silent(now));
    sessions_.emplace_back(std::move(connection), uptime);
    return {};
}

Result<std::size_t> StreamIntake::step(UtcTime now, Duration uptime) {
    using State = StreamSession::State;
    TRY(accept_all(now, uptime));
    std::size_t messages = 0;
    for (auto session = sessions_.begin(); session != sessions_.end();) {
        State state = State::readable;
        for (int i = 0; i < reads_per_turn && state == State::readable; ++i) {
            TRY_ASSIGN(const StreamSession::Progress read, session->read(journal_, now, uptime));
            state = read.state;
            messages += read.messages;
        }
        if (state == State::not_ipfix) count_refused();
        const Duration silence = uptime - session->last_message();
        const Duration silence_max = session->has_sent() ? idle_max : first_message_max;
        const bool ends =
            state == State::closed || state == State::not_ipfix || silence > silence_max;
        if (ends) TRY(session->append_end(journal_, now));
        session = ends ? sessions_.erase(session) : std::next(session);
    }
    return messages;
}

void StreamIntake::add_descriptors(std::vector<int>& descriptors, Duration uptime) const {
    if (uptime >= accept_again_)
        for (const auto& listener : listeners_) descriptors.push_back(listener->descriptor());
    for (const StreamSession& session : sessions_)
        descriptors.push_back(session.connection().descriptor());
}

std::vector<std::string> StreamIntake::names() const {
    std::vector<std::string> names;
    for (const auto& listener : listeners_) names.push_back(listener->name());
    return names;
}

}  // namespace octroi::collector
