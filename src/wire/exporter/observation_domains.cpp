// SPDX-License-Identifier: GPL-3.0-or-later
#include "wire/exporter/observation_domains.hpp"

#include <algorithm>
#include <tuple>

#include "base/check.hpp"
#include "wire/exporter/snapshot_values.hpp"

namespace octroi::exporter {
namespace {

// An exporter that floods us with templates must not cause a walk over all of them each time.
constexpr Duration between_expiries = Duration::minutes(1);

}  // namespace

ObservationDomains::Admission ObservationDomains::admission(StreamKey key, UtcTime now) noexcept {
    const std::uint16_t session = transport_session_of(key);
    std::size_t alike = 0;         // domains of UDP, or of this transport session
    std::size_t of_sessions = 0;   // domains of all transport sessions
    auto victim = domains_.end();  // the first to go of those that may
    const auto order = [&](const auto& entry) {
        // Over TCP a domain without records may have just begun: only silence counts.
        return std::tuple(session == 0 && entry.second->records != 0, entry.second->last_seen,
                          entry.first);
    };
    for (auto at = domains_.begin(); at != domains_.end(); ++at) {
        // Our clock may have been set back since: a time in the future protects no domain.
        at->second->last_seen = std::min(at->second->last_seen, now);
        const std::uint16_t other = transport_session_of(at->first);
        if (other == session) ++alike;
        if (other != 0) ++of_sessions;
        const bool may_go = session == 0 ? other == 0 : other != 0 && other != session;
        if (may_go && (victim == domains_.end() || order(*at) < order(*victim))) victim = at;
    }
    using Verdict = Admission::Verdict;
    if (session != 0) {
        if (alike >= limits_.observation_domains) return {Verdict::refused};
        if (of_sessions < limits_.transport_session_domains) return {Verdict::free};
        if (victim == domains_.end()) return {Verdict::refused};
        return {Verdict::drop_session, victim->first};
    }
    if (alike < limits_.observation_domains) return {Verdict::free};
    if (victim == domains_.end()) return {Verdict::refused};
    const ObservationDomain& oldest = *victim->second;
    const bool in_use = oldest.records != 0 && (now - oldest.last_seen).ns < limits_.idle_ns;
    if (in_use) return {Verdict::refused};
    return {Verdict::drop_domain, victim->first};
}

ObservationDomain& ObservationDomains::add(StreamKey key) {
    const auto [entry, fresh] =
        domains_.emplace(key, std::make_unique<ObservationDomain>(seed_, usage_));
    CHECK(fresh);
    memory_.charge(ObservationDomain::cost);
    return *entry->second;
}

void ObservationDomains::drop(StreamKey key) noexcept {
    CHECK(domains_.erase(key) == 1);
    memory_.release(ObservationDomain::cost);
}

void ObservationDomains::expire_templates(UtcTime now) {
    if (now >= last_expiry_ && (now - last_expiry_).ns < between_expiries.ns) return;
    last_expiry_ = now;
    for (const auto& [key, domain] : domains_) {
        const bool reliable = transport_session_of(key) != 0;
        domain->templates.expire(now, reliable ? domain->last_seen : UtcTime::min());
    }
}

void ObservationDomains::save(ByteWriter& to) const {
    to.be32(static_cast<std::uint32_t>(domains_.size()));
    for (const auto& [key, domain] : domains_) {
        to.be64(key);
        domain->start.save(to);
        put(to, domain->last_seen);
        to.be64(domain->records);
        domain->templates.save(to);
    }
}

bool ObservationDomains::restore(ByteCursor& from, std::uint64_t wanted, std::uint32_t version) {
    std::uint32_t count = 0;
    if (!get_count(from, limits_.observation_domains + limits_.transport_session_domains, count))
        return false;
    for (std::uint32_t i = 0; i < count; ++i) {
        StreamKey key = 0;
        if (!from.be64(key) || find(key) != nullptr) return false;
        ObservationDomain& domain = add(key);
        if (!domain.start.restore(from, version >= 6)) return false;
        if (!get(from, domain.last_seen) || !from.be64(domain.records)) return false;
        if (!domain.templates.restore(from, limits_, wanted)) return false;
    }
    return true;
}

}  // namespace octroi::exporter
