// SPDX-License-Identifier: GPL-3.0-or-later
// Who and what makes room. Octets are charged as they are kept and released as they go, so that the
// sum is known without looking.

#include <algorithm>
#include <memory>
#include <tuple>
#include <utility>
#include <vector>

#include "wire/exporter/state.hpp"

namespace octroi::exporter {
namespace {

// Exporters over UDP repeat their templates within minutes (RFC 7011 section 8.4: 10 by default).
constexpr Duration template_lifetime = Duration::minutes(30);
constexpr Duration between_expiries = Duration::minutes(1);
// Whose template does not come within the time in which it should be repeated.
constexpr Duration longest_wait = Duration::minutes(30);
// A template of the greatest size takes the place of so many at the most.
constexpr int strangers_at_once = 64;

}  // namespace

void Exporters::State::charge(Exporter& exporter, std::size_t octets) noexcept {
    exporter.octets += octets;
    octets_ += octets;
}

void Exporters::State::release(Exporter& exporter, std::size_t octets) noexcept {
    exporter.octets -= octets;
    octets_ -= octets;
}

void Exporters::State::over_limit(DecodeContext& context) noexcept {
    ++counters_.over_limit;
    context.over_limit = true;
}

bool Exporters::State::make_room(std::size_t octets, const Exporter& exporter,
                                 flow::RecordSink& sink) {
    const std::size_t limit = settings_.limits.memory_octets;
    for (int i = 0; i < strangers_at_once && octets_ + octets > limit; ++i) {
        Exporter* silent = registry_.drop_priority(exporter.last_seen, &exporter);
        if (silent == nullptr) return false;
        forget(*silent, sink);
    }
    return octets_ + octets <= limit;
}

void Exporters::State::forget(Exporter& exporter, flow::RecordSink& sink) {
    for (auto& [key, stream] : exporter.streams) tell_gaps(exporter, *stream, true, sink);
    ++counters_.evicted;
    exporter.waiting.each([&](const WaitingSet&) { ++counters_.dropped; });
    waiting_octets_ -= exporter.waiting.octets();
    octets_ -= exporter.octets;
    registry_.remove(exporter);
}

void Exporters::State::forget_template(Exporter& exporter, ObservationDomain& domain,
                                       std::uint16_t id) {
    const auto found = domain.templates.find(id);
    if (found == domain.templates.end()) return;
    const std::size_t octets = found->second->octets();
    release(exporter, octets);
    exporter.template_octets -= octets;
    --exporter.templates;
    if (domain.last == found->second.get()) domain.last = nullptr;
    domain.templates.erase(found);
}

void Exporters::State::forget_domain(Exporter& exporter, std::uint64_t key) {
    const auto found = exporter.domains.find(key);
    ObservationDomain& domain = *found->second;
    while (!domain.templates.empty())
        forget_template(exporter, domain, domain.templates.begin()->second->from.id);
    release(exporter, ObservationDomain::cost);
    exporter.domains.erase(found);
}

void Exporters::State::forget_session(Exporter& exporter, std::uint16_t session,
                                      flow::RecordSink& sink) {
    const auto keys_of = [&](const auto& table) {
        std::vector<std::uint64_t> keys;
        for (const auto& [key, value] : table)
            if (session_of(key) == session) keys.push_back(key);
        return keys;
    };
    for (const std::uint64_t key : keys_of(exporter.streams)) {
        tell_gaps(exporter, *exporter.streams.find(key)->second, true, sink);
        exporter.streams.erase(key);
        release(exporter, Stream::cost);
    }
    for (const std::uint64_t key : keys_of(exporter.domains)) {
        drop_waiting(exporter, key);
        forget_domain(exporter, key);
    }
    const std::size_t rates = erase_if(exporter.samplers, [&](const auto& entry) {
        return entry.first.transport_session == session;
    });
    release(exporter, rates * sampler_cost);
}

bool Exporters::State::make_room_for_domain(std::uint64_t key, DecodeContext& context) {
    Exporter& exporter = context.exporter;
    const UtcTime now = context.message.received;
    const std::uint16_t session = session_of(key);
    std::size_t mine = 0;      // of UDP, or of this session
    std::size_t sessions = 0;  // of all sessions
    auto least = exporter.domains.end();
    // The longest silent goes: of those that never gave a record, if there are any. Over TCP, where
    // nothing is said twice, what gave none may have just begun: the longest silent session goes.
    const auto worth = [&](const auto& entry) {
        return std::tuple(session == 0 && entry.second->records != 0, entry.second->last_seen,
                          entry.first);
    };
    for (auto at = exporter.domains.begin(); at != exporter.domains.end(); ++at) {
        // What was heard of in the future, before our clock was set back, was heard of now.
        at->second->last_seen = std::min(at->second->last_seen, now);
        const std::uint16_t other = session_of(at->first);
        if (other == session) ++mine;
        if (other != 0) ++sessions;
        const bool may_go = session == 0 ? other == 0 : other != 0 && other != session;
        if (may_go && (least == exporter.domains.end() || worth(*at) < worth(*least))) least = at;
    }
    if (session != 0) {
        if (mine >= settings_.limits.observation_domains) return false;
        if (sessions < settings_.limits.transport_session_domains) return true;
        if (least == exporter.domains.end()) return false;
        forget_session(exporter, session_of(least->first), context.sink);
        return true;
    }
    if (mine < settings_.limits.observation_domains) return true;
    const bool in_use = least->second->records != 0 &&
                        (now - least->second->last_seen).ns < settings_.limits.idle_ns;
    if (in_use) return false;
    forget_domain(exporter, least->first);
    return true;
}

ObservationDomain* Exporters::State::domain_of(std::uint64_t key, DecodeContext& context) {
    Exporter& exporter = context.exporter;
    const auto found = exporter.domains.find(key);
    if (found != exporter.domains.end()) return found->second.get();
    if (!make_room_for_domain(key, context) ||
        !make_room(ObservationDomain::cost, exporter, context.sink)) {
        over_limit(context);
        return nullptr;
    }
    charge(exporter, ObservationDomain::cost);
    return exporter.domains.emplace(key, std::make_unique<ObservationDomain>(settings_.seed))
        .first->second.get();
}

Stream* Exporters::State::stream_of(std::uint64_t key, Counted counted, DecodeContext& context) {
    Exporter& exporter = context.exporter;
    const auto found = exporter.streams.find(key);
    if (found != exporter.streams.end()) return found->second.get();
    if (exporter.streams.size() >= settings_.limits.streams) {
        // As above.
        const auto heard = [&](const Stream& stream) {
            return std::min(stream.sequence.last_received(), context.message.received);
        };
        const auto silent = std::min_element(
            exporter.streams.begin(), exporter.streams.end(), [&](const auto& a, const auto& b) {
                return std::pair(heard(*a.second), a.first) < std::pair(heard(*b.second), b.first);
            });
        tell_gaps(exporter, *silent->second, true, context.sink);
        exporter.streams.erase(silent);
        release(exporter, Stream::cost);
    }
    // Without a place the message is decoded all the same, only its losses are not seen.
    if (!make_room(Stream::cost, exporter, context.sink)) {
        over_limit(context);
        return nullptr;
    }
    charge(exporter, Stream::cost);
    auto stream = std::make_unique<Stream>();
    stream->sequence = Sequence(counted);
    return exporter.streams.emplace(key, std::move(stream)).first->second.get();
}

// Those that were not announced again for long.
void Exporters::State::expire_templates(Exporter& exporter, UtcTime now) {
    if (now >= exporter.expired && (now - exporter.expired).ns < between_expiries.ns) return;
    exporter.expired = now;
    for (auto& [key, domain] : exporter.domains) {
        std::vector<std::uint16_t> old;
        for (const auto& [id, known] : domain->templates) {
            // What came in the future, before our clock was set back, came now.
            known->announced = std::min(known->announced, now);
            // Over TCP they are said once, and hold as long as the session.
            const UtcTime said = session_of(key) == 0
                                     ? known->announced
                                     : std::max(known->announced, domain->last_seen);
            if ((now - said).ns > template_lifetime.ns) old.push_back(known->from.id);
        }
        for (const std::uint16_t id : old) forget_template(exporter, *domain, id);
    }
}

void Exporters::State::given_up(Exporter& exporter, std::size_t octets_before,
                                std::size_t dropped) noexcept {
    const std::size_t octets = octets_before - exporter.waiting.octets();
    waiting_octets_ -= octets;
    release(exporter, octets);
    counters_.dropped += dropped;
    exporter.undecodable += dropped;
}

void Exporters::State::expire_waiting(Exporter& exporter, UtcTime now) {
    if (exporter.waiting.empty()) return;
    const std::size_t before = exporter.waiting.octets();
    given_up(exporter, before, exporter.waiting.expire(now, longest_wait));
}

void Exporters::State::forget_rates(Exporter& exporter, const flow::MessageContext& of,
                                    UtcTime before) {
    const std::size_t count = erase_if(exporter.samplers, [&](const auto& entry) {
        return entry.first.observation_domain == of.observation_domain &&
               entry.first.transport_session == of.transport_session &&
               entry.second.learned < before;
    });
    release(exporter, count * sampler_cost);
}

void Exporters::State::drop_waiting(Exporter& exporter, std::uint64_t stream) {
    if (exporter.waiting.empty()) return;
    const std::size_t before = exporter.waiting.octets();
    given_up(exporter, before, exporter.waiting.drop_stream(stream));
}

bool Exporters::State::drop_oldest_waiting(Exporter& exporter) {
    const std::size_t before = exporter.waiting.octets();
    const bool dropped = exporter.waiting.drop_oldest();
    given_up(exporter, before, dropped ? 1 : 0);
    return dropped;
}

bool Exporters::State::room_for_template(std::size_t octets, DecodeContext& context) {
    Exporter& exporter = context.exporter;
    const Limits& limits = settings_.limits;
    const auto fits = [&] {
        return exporter.templates < limits.templates &&
               exporter.template_octets + octets <= limits.template_octets;
    };
    if (!fits()) expire_templates(exporter, context.message.received);
    return fits() && make_room(octets, exporter, context.sink);
}

std::size_t Exporters::State::memory() const noexcept {
    return octets_ + sizeof(State) + fallback_.entries().size() * sizeof(SamplingTable::Entry);
}

std::size_t Exporters::State::memory_limit() const noexcept {
    // A newcomer is let in before anybody asks what it will need.
    return settings_.limits.memory_octets + settings_.limits.exporters * Exporter::cost +
           sizeof(State) + fallback_.entries().size() * sizeof(SamplingTable::Entry);
}

}  // namespace octroi::exporter
