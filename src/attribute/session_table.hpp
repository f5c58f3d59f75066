// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Who held which address, prefix or MAC address at which time, from the events of all sources: the
// sessions (docs/decisions/0610-identities-over-time.md). A holder is an identity; the directory
// says which account it is bound to.
//
// Immutable; any thread may call it. A table with more events shares all but the changed parts with
// the one before, so that an event costs some microseconds, whatever the number of sessions.
// Memory: some 500 octets for each held identity with one event, 150 for each further event.

#include <array>
#include <boost/unordered/unordered_flat_map.hpp>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/address.hpp"
#include "base/hash.hpp"
#include "record/identity_event.hpp"

namespace octroi {

// An event with its place in the ledger. source: name of the meter that handed it over.
struct SessionInput {
    std::uint64_t number = 0;
    std::string source;
    IdentityEvent event;
};

// What can be held: a prefix (a single address has the full length), or a MAC address in the first
// octets of `address`.
struct HeldKey {
    Address address;
    std::uint8_t length = 0;
    bool is_mac = false;

    bool operator==(const HeldKey&) const = default;

    [[nodiscard]] static HeldKey of(const Prefix& prefix) noexcept {
        return {prefix.address, prefix.length, false};
    }
    [[nodiscard]] static HeldKey of(const Mac& mac) noexcept;
    // nullopt: nobody can hold such an identity.
    [[nodiscard]] static std::optional<HeldKey> of(const Identity& identity);
    [[nodiscard]] bool is_single() const noexcept { return !is_mac && length == address.bits(); }
};

// All sessions of one held identity.
struct HeldSessions {
    struct Event {
        UtcTime at;
        UtcTime until;
        Identity holder;           // empty value: nobody
        std::uint32_t source = 0;  // index of SessionTable::sources()
        std::uint64_t number = 0;
    };
    // A holder, and the event that states it.
    struct Holder {
        Identity identity;
        Mac mac;                  // of a MAC address
        std::uint32_t event = 0;  // place in `events`
    };
    // From a moment until the next segment: holders[begin, end), the one that decides first.
    struct Segment {
        std::int64_t from_ns = 0;
        std::uint32_t begin = 0;
        std::uint32_t end = 0;
    };

    Identity held;
    HeldKey key;
    // A number of this identity in all tables that were made from one another; and the same as an
    // address, as a key of SeenParties.
    std::uint32_t number = 0;
    Address party_key;
    std::vector<Event> events;  // by source, then time, then number
    std::vector<Segment> segments;
    std::vector<Holder> holders;

    // The holders at the time. Narrows `valid` to the segment.
    [[nodiscard]] std::span<const Holder> at(UtcTime time, Interval& valid) const noexcept;
    // The interval in which the event holds: until the next one of its source, or its end.
    [[nodiscard]] Interval interval_of(std::size_t event) const noexcept;
};

class SessionTable;
using SessionsPtr = std::shared_ptr<const SessionTable>;

class SessionTable {
public:
    using HeldPtr = std::shared_ptr<const HeldSessions>;

    // Without events. seed: of the hash tables; secret, so that nobody can choose addresses that
    // collide.
    [[nodiscard]] static SessionsPtr without_events(std::uint64_t seed);
    // Adds events; a number that the table has already, or one with an identity that nobody can
    // hold, is left out. number: of the newest event that was looked at (0: the greatest of the
    // events).
    // before: null: without events and seed.
    [[nodiscard]] static SessionsPtr with(const SessionsPtr& before,
                                          std::span<const SessionInput> inputs,
                                          std::uint64_t number = 0);

    // Without the events that hold at no time from `since` on. Takes time for all sessions, some
    // 0.1 s for a million. The numbers of the others stay; numbers are not used again.
    // before: not null.
    [[nodiscard]] static SessionsPtr without_ended(const SessionsPtr& before, UtcTime since);

    // nullptr: there are none.
    [[nodiscard]] const HeldSessions* find(const HeldKey& key) const noexcept;
    [[nodiscard]] const HeldSessions* find(const Address& address) const noexcept {
        return address.empty() ? nullptr
                               : find(HeldKey{address, static_cast<std::uint8_t>(address.bits())});
    }
    // Lengths of held prefixes of more than one address, the longest first.
    [[nodiscard]] std::span<const std::uint8_t> prefix_lengths(Family family) const noexcept {
        return family == Family::v4 ? v4_lengths_ : v6_lengths_;
    }
    [[nodiscard]] bool empty() const noexcept { return held_ == 0; }
    [[nodiscard]] std::size_t held() const noexcept { return held_; }
    // The number of the newest event in it.
    [[nodiscard]] std::uint64_t number() const noexcept { return number_; }
    [[nodiscard]] const std::vector<std::string>& sources() const noexcept { return *sources_; }

    template <typename Visit>  // const HeldSessions&
    void each(Visit visit) const {
        for (const auto& shard : shards_) {
            if (!shard) continue;
            for (const auto& [key, held] : *shard) visit(*held);
        }
    }

private:
    struct Hash {
        std::uint64_t seed = 0;

        std::size_t operator()(const HeldKey& key) const noexcept {
            const auto [high, low] = key.address.words();
            return mix(high ^ mix_a ^ key.length, mix(low ^ seed ^ mix_b, mix_c) ^ key.is_mac);
        }
    };
    using Shard = boost::unordered_flat_map<HeldKey, HeldPtr, Hash>;
    static constexpr std::size_t shard_count = 1024;
    class Maker;

    [[nodiscard]] std::size_t place_of(const HeldKey& key) const noexcept {
        return (Hash{seed_}(key) >> 40U) % shard_count;
    }
    void note_length(const HeldKey& key);

    std::array<std::shared_ptr<const Shard>, shard_count> shards_;
    std::shared_ptr<const std::vector<std::string>> sources_ =
        std::make_shared<const std::vector<std::string>>();
    std::vector<std::uint8_t> v4_lengths_;
    std::vector<std::uint8_t> v6_lengths_;
    std::uint64_t seed_ = 0;
    std::size_t held_ = 0;
    std::uint32_t next_number_ = 1;  // of held identities
    std::uint64_t number_ = 0;
};

}  // namespace octroi
