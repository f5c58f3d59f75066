// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// All exporters, by address, and in the order in which they fell silent: so that room for a
// newcomer is found without looking at all of them. Addresses can be invented; who never gave a
// record goes before anybody who did, and who gave few before who gave many.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "wire/exporter/exporter_state.hpp"
#include "wire/exporter/limits.hpp"

namespace octroi::exporter {

class Registry {
public:
    Registry(const Limits& limits, std::uint64_t seed);

    [[nodiscard]] Exporter* find(const Address& address) noexcept;
    [[nodiscard]] const Exporter* find(const Address& address) const noexcept;
    // There must be room.
    Exporter& add(const Address& address);
    // Who was heard of just now.
    void touch(Exporter& exporter) noexcept;
    [[nodiscard]] bool full() const noexcept { return by_address_.size() >= limits_.exporters; }
    // Who may go to make room at that time; nullptr: nobody. Never `except`.
    [[nodiscard]] Exporter* drop_priority(UtcTime now, const Exporter* except) noexcept;
    void remove(Exporter& exporter) noexcept;

    [[nodiscard]] std::size_t size() const noexcept { return by_address_.size(); }
    // Longest silent first: strangers, then those who delivered few records, then the others.
    template <typename Visit>
    void each(Visit&& visit) const {
        for (const std::uint32_t list : {strangers, guests, deliverers})
            for (std::uint32_t at = places_[list].after; at != list; at = places_[at].after)
                visit(*places_[at].exporter);
    }

private:
    // Three rings through places_, each with an empty place as its beginning and end.
    static constexpr std::uint32_t strangers = 0;
    static constexpr std::uint32_t guests = 1;  // who delivered few records
    static constexpr std::uint32_t deliverers = 2;
    static constexpr std::uint32_t rings = 3;
    struct Place {
        std::unique_ptr<Exporter> exporter;
        std::uint32_t before = 0;
        std::uint32_t after = 0;
    };
    [[nodiscard]] std::uint32_t ring_of(const Exporter& exporter) const noexcept;
    // Who has been silent longest of that ring and for so long; nullptr: nobody.
    [[nodiscard]] Exporter* silent(std::uint32_t list, std::int64_t for_ns, UtcTime now,
                                   const Exporter* except) noexcept;
    void unlink(std::uint32_t at) noexcept;
    void append(std::uint32_t list, std::uint32_t at) noexcept;

    const Limits limits_;
    const std::uint64_t seed_;
    std::vector<Place> places_;
    std::vector<std::uint32_t> free_;
    Table<Address, std::uint32_t> by_address_;
};

}  // namespace octroi::exporter
