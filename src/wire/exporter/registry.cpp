// SPDX-License-Identifier: GPL-3.0-or-later
#include "wire/exporter/registry.hpp"

#include "base/check.hpp"
#include "base/narrow.hpp"

namespace octroi::exporter {

Registry::Registry(const Limits& limits, std::uint64_t seed)
    : limits_(limits), seed_(seed), places_(2), by_address_(0, SeededHash{seed}) {
    places_[strangers].before = places_[strangers].after = strangers;
    places_[deliverers].before = places_[deliverers].after = deliverers;
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
    append(exporter.delivered ? deliverers : strangers, exporter.place);
}

void Registry::delivered(Exporter& exporter) noexcept {
    exporter.delivered = true;
    touch(exporter);
}

Exporter* Registry::dispensable(UtcTime now, const Exporter* except) noexcept {
    const auto oldest = [&](std::uint32_t list) -> Exporter* {
        std::uint32_t at = places_[list].after;
        if (at != list && places_[at].exporter.get() == except) at = places_[at].after;
        return at == list ? nullptr : places_[at].exporter.get();
    };
    if (Exporter* stranger = oldest(strangers)) return stranger;
    Exporter* silent = oldest(deliverers);
    if (silent == nullptr || (now - silent->last_seen).ns < limits_.idle_ns) return nullptr;
    return silent;
}

void Registry::remove(Exporter& exporter) noexcept {
    const std::uint32_t at = exporter.place;
    unlink(at);
    by_address_.erase(exporter.address);
    places_[at].exporter.reset();
    free_.push_back(at);
}

}  // namespace octroi::exporter
