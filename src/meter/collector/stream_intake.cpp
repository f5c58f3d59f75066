// SPDX-License-Identifier: GPL-3.0-or-later
#include "meter/collector/stream_intake.hpp"

#include <algorithm>
#include <tuple>
#include <utility>

#include "host/process.hpp"

namespace octroi::collector {
namespace {

// Reads of one connection before the next one has its turn.
constexpr int reads_per_turn = 16;

}  // namespace

StreamIntake::StreamIntake(std::vector<std::unique_ptr<StreamListener>> listeners,
                           std::vector<Prefix> allowed, const std::string& meter,
                           journal::Writer& journal)
    : listeners_(std::move(listeners)),
      allowed_(std::move(allowed)),
      log_(meter),
      journal_(journal) {}

Status StreamIntake::accept_all(UtcTime now, Duration uptime) {
    if (uptime < accept_again_) return {};
    for (const auto& listener : listeners_) {
        // Not until there is none: a flood of connections must not keep this loop from reading.
        for (std::size_t i = 0; i < connections_max; ++i) {
            auto accepted = listener->accept();
            // The kernel keeps the connection, so poll(2) would return at once for ever.
            if (!accepted) {
                accept_again_ = uptime + accept_pause;
                log_.on_failed_accept(accepted.error().text);
            }
            if (!accepted || *accepted == nullptr) break;
            TRY(admit(*std::move(accepted), now, uptime));
        }
    }
    return {};
}

std::string_view StreamIntake::refusal(const Address& peer) const {
    if (!allowed_.empty() && !any_contains(allowed_, peer))
        return "`exporters` does not contain this address. Next: add it there if it is an exporter "
               "of yours";
    if (sessions_of(peer) >= connections_of_address_max)
        return "this address has too many connections. Next: have the exporter close those that it "
               "does not use";
    return "";
}

bool StreamIntake::is_full() const {
    return sessions_.size() >= connections_max || free_descriptors() < spare_descriptors;
}

std::size_t StreamIntake::sessions_of(const Address& peer) const {
    return static_cast<std::size_t>(std::ranges::count_if(
        sessions_, [&](const StreamSession& s) { return s.connection().peer() == peer; }));
}

// An attacker who only connects, or sends a few messages, cannot push out exporters, and one with
// many connections cannot keep them out.
Result<bool> StreamIntake::close_one_for(const Address& peer, UtcTime now, Duration uptime) {
    if (sessions_.empty()) return false;
    const auto least = std::ranges::min_element(sessions_, {}, [&](const StreamSession& s) {
        const std::size_t siblings = s.is_established() ? sessions_of(s.connection().peer()) : 0;
        return std::tuple(s.has_sent(), s.is_established(), -static_cast<std::int64_t>(siblings),
                          s.last_message());
    });
    const std::size_t siblings = sessions_of(least->connection().peer());
    const bool may_close = !least->is_established() ||
                           uptime - least->last_message() >= replace_after ||
                           (siblings >= many_of_address && siblings > sessions_of(peer) + 1);
    // The end of a session must be in the journal.
    if (!may_close || (least->has_sent() && journal_.is_full())) return false;
    StreamSession::Progress read{.state = StreamSession::State::readable};
    for (int i = 0; i < reads_per_turn && read.state == StreamSession::State::readable; ++i) {
        TRY_ASSIGN(read, least->read(journal_, now, uptime));
    }
    // The exporter may have more to send.
    const bool is_cut = read.state != StreamSession::State::closed;
    TRY_ASSIGN(const bool has_ended, least->append_end(journal_, now, is_cut));
    if (has_ended) sessions_.erase(least);
    return has_ended;
}

Status StreamIntake::admit(std::unique_ptr<StreamConnection> connection, UtcTime now,
                           Duration uptime) {
    if (const std::string_view why = refusal(connection->peer()); !why.empty()) {
        on_refused(*connection, why);
        return {};
    }
    if (is_full()) {
        TRY_ASSIGN(const bool has_closed, close_one_for(connection->peer(), now, uptime));
        if (!has_closed) {
            on_refused(*connection,
                       "there are too many connections. Next: list your exporters in `exporters`, "
                       "and raise the limit of open files (LimitNOFILE) if it is low");
            return {};
        }
    }
    sessions_.emplace_back(std::move(connection), uptime);
    return {};
}

Result<std::size_t> StreamIntake::step(UtcTime now, Duration uptime) {
    TRY(accept_all(now, uptime));
    std::size_t messages = 0;
    for (auto session = sessions_.begin(); session != sessions_.end();) {
        StreamSession::Progress read{.state = StreamSession::State::readable};
        for (int i = 0; i < reads_per_turn && read.state == StreamSession::State::readable; ++i) {
            TRY_ASSIGN(read, session->read(journal_, now, uptime));
            messages += read.messages;
        }
        // The end of a session must be in the journal.
        const bool can_end = !session->has_sent() || !journal_.is_full();
        bool ends = can_end && has_ended(*session, read, uptime);
        const bool is_cut = read.state == StreamSession::State::not_ipfix ||
                            read.state == StreamSession::State::failed;
        if (ends) {
            TRY_ASSIGN(ends, session->append_end(journal_, now, is_cut));
        }
        session = ends ? sessions_.erase(session) : std::next(session);
    }
    return messages;
}

bool StreamIntake::has_ended(const StreamSession& session, const StreamSession::Progress& progress,
                             Duration uptime) {
    switch (progress.state) {
        case StreamSession::State::closed:
            return true;
        case StreamSession::State::not_ipfix:
            on_refused(session.connection(),
                       "it sent something else than IPFIX. Next: over TCP, export IPFIX");
            return true;
        case StreamSession::State::failed:
            on_failed(session.connection(), progress.error);
            return true;
        default:
            break;
    }
    const Duration silence_max = session.has_sent() ? idle_max : first_message_max;
    if (uptime - session.last_message() <= silence_max) return false;
    on_failed(session.connection(), session.has_sent() ? "it was silent for too long"
                                                       : "it sent no whole message in time");
    return true;
}

void StreamIntake::on_refused(const StreamConnection& connection, std::string_view why) {
    refused_.fetch_add(1, std::memory_order_relaxed);
    log_.on_refused_connection(connection.peer(), connection.peer_port(), why);
}

void StreamIntake::on_failed(const StreamConnection& connection, std::string_view why) {
    failed_.fetch_add(1, std::memory_order_relaxed);
    log_.on_failed_connection(connection.peer(), connection.peer_port(), why);
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
