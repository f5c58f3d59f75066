// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// All exporters, by address, and in the order in which they fell silent: so that room for a
// newcomer is found without looking at all of them. Addresses can be invented; who never gave a
// record goes before anybody who did.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "wire/exporter/limits.hpp"
#include "wire/exporter/remembered.hpp"

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
    // Its first record came.
    void delivered(Exporter& exporter) noexcept;
    [[nodiscard]] bool full() const noexcept { return by_address_.size() >= limits_.exporters; }
    // Who may go to make room at that time; nullptr: nobody. Never `except`.
    [[nodiscard]] Exporter* dispensable(UtcTime now, const Exporter* except) noexcept;
    void remove(Exporter& exporter) noexcept;

    [[nodiscard]] std::size_t size() const noexcept { return by_address_.size(); }
    // Longest silent first: strangers, then those who delivered.
    template <typename Visit>
    void each(Visit&& visit) const {
        for (const std::uint32_t list : {strangers, deliverers})
            for (std::uint32_t at = places_[list].after; at != list; at = places_[at].after)
                visit(*places_[at].exporter);
    }

private:
    // Two rings through places_, each with an empty place as its beginning and end.
    static constexpr std::uint32_t strangers = 0;
    static constexpr std::uint32_t deliverers = 1;
    struct Place {
        std::unique_ptr<Exporter> exporter;
        std::uint32_t before = 0;
        std::uint32_t after = 0;
    };
    void unlink(std::uint32_t at) noexcept;
    void append(std::uint32_t list, std::uint32_t at) noexcept;

    const Limits limits_;
    const std::uint64_t seed_;
    std::vector<Place> places_;
    std::vector<std::uint32_t> free_;
    Table<Address, std::uint32_t> by_address_;
};

}  // namespace octroi::exporter
