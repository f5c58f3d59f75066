// SPDX-License-Identifier: GPL-3.0-or-later
#include "wire/exporter/registry.hpp"

#include <algorithm>

#include "base/check.hpp"
#include "base/narrow.hpp"

namespace octroi::exporter {

Registry::Registry(const Limits& limits, std::uint64_t seed)
    : limits_(limits), seed_(seed), places_(rings), by_address_(0, SeededHash{seed}) {
    for (std::uint32_t list = 0; list < rings; ++list)
        places_[list].before = places_[list].after = list;
}

Exporter* Registry::find(const Address& address) noexcept {
    const auto found = by_address_.find(address);
    return found == by_address_.end() ? nullptr : places_[found->second].exporter.get();
}

const Exporter* Registry::find(const Address& address) const noexcept {
    const auto found = by_address_.find(address);
    return found == by_address_.end() ? nullptr : places_[found->second].exporter.get();
}

void Registry::unlink(std::uint32_t at) noexcept {
    places_[places_[at].before].after = places_[at].after;
    places_[places_[at].after].before = places_[at].before;
}

void Registry::append(std::uint32_t list, std::uint32_t at) noexcept {
    places_[at].before = places_[list].before;
    places_[at].after = list;
    places_[places_[list].before].after = at;
    places_[list].before = at;
}

Exporter& Registry::add(const Address& address) {
    std::uint32_t at = 0;
    if (free_.empty()) {
        at = narrow<std::uint32_t>(places_.size());
        places_.emplace_back();
    } else {
        at = free_.back();
        free_.pop_back();
    }
    places_[at].exporter = std::make_unique<Exporter>(address, seed_);
    places_[at].exporter->place = at;
    append(strangers, at);
    CHECK(by_address_.emplace(address, at).second);
    return *places_[at].exporter;
}

void Registry::touch(Exporter& exporter) noexcept {
    unlink(exporter.place);
    append(ring_of(exporter), exporter.place);
}

std::uint32_t Registry::ring_of(const Exporter& exporter) const noexcept {
    if (exporter.records == 0) return strangers;
    return exporter.records < limits_.few_records ? guests : deliverers;
}

Exporter* Registry::silent(std::uint32_t list, std::int64_t for_ns, UtcTime now,
                           const Exporter* except) noexcept {
    std::uint32_t at = places_[list].after;
    if (at != list && places_[at].exporter.get() == except) at = places_[at].after;
    if (at == list) return nullptr;
    Exporter* const first = places_[at].exporter.get();
    // Our clock was set back: who was heard of in the future was heard of now, so that nobody is
    // held for longer than from now on.
    if (first->last_seen > now)
        for (; at != list; at = places_[at].after) {
            Exporter& each = *places_[at].exporter;
            each.last_seen = std::min(each.last_seen, now);
        }
    return (now - first->last_seen).ns < for_ns ? nullptr : first;
}

Exporter* Registry::drop_priority(UtcTime now, const Exporter* except) noexcept {
    if (Exporter* stranger = silent(strangers, 0, now, except)) return stranger;
    const std::int64_t few = std::min(limits_.few_idle_ns, limits_.idle_ns);
    if (Exporter* guest = silent(guests, few, now, except)) return guest;
    return silent(deliverers, limits_.idle_ns, now, except);
}

void Registry::remove(Exporter& exporter) noexcept {
    const std::uint32_t at = exporter.place;
    unlink(at);
    by_address_.erase(exporter.address);
    places_[at].exporter.reset();
    free_.push_back(at);
}

}  // namespace octroi::exporter
