// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// The sampling rates that one exporter stated in options data (RFC 5477 section 8, RFC 3954 section
// 6). Each is charged to the exporter.
//
// One datagram with a forged source address must not multiply a bill. So a rate that is known
// changes only when another message states the new one again, before one states the old one; and a
// rate for something that had none may be held back in the same way (Trust::confirm).

#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/byte_cursor.hpp"
#include "base/time.hpp"
#include "wire/exporter/memory_budget.hpp"
#include "wire/exporter/sampling_rates.hpp"
#include "wire/exporter/seeded_table.hpp"

namespace octroi::exporter {

// What a rate applies to, within one exporter.
struct SamplerId {
    std::uint32_t observation_domain = 0;
    std::uint16_t transport_session = 0;  // as in MessageContext
    SamplerScope scope = SamplerScope::observation_domain;
    std::uint64_t id = 0;

    bool operator==(const SamplerId&) const noexcept = default;
};

class SamplerTable {
public:
    // A rate from before a restart of the exporter, if it is not stated again within this time, is
    // dropped: the exporter samples no longer.
    static constexpr Duration lifetime_after_restart = Duration::minutes(30);

    // `memory` must outlive the object.
    SamplerTable(std::uint64_t seed, MemoryShare& memory)
        : memory_(memory), rates_(0, IdHash{SeededHash{seed}}), shared_(0, IdHash{{seed}}) {}

    // Octets charged for one rate.
    [[nodiscard]] static constexpr std::size_t cost() noexcept {
        return entry_octets<SamplerId, Stated> + entry_octets<SamplerId, Shared> + 16;
    }

    // How much a message is believed.
    enum class Trust : std::uint8_t {
        full,     // over TCP: a rate applies at once
        usual,    // a new rate applies at once, a changed one when it was repeated
        confirm,  // each applies when it was repeated
    };
    struct Statement {
        std::uint64_t rate = 0;
        UtcTime received;
        std::uint64_t message = 0;  // a number of the message within the exporter
        Trust trust = Trust::usual;
    };
    enum class Effect : std::uint8_t {
        none,         // it applied already
        added,        // it applies from now on; there was none
        changed,      // it applies from now on, in the place of another one
        unconfirmed,  // it does not apply yet
    };
    [[nodiscard]] bool knows(const SamplerId& id) const noexcept { return rates_.contains(id); }
    Effect state(const SamplerId& id, const Statement& statement);

    // The rate that applies. nullptr: none. Valid until the table changes.
    [[nodiscard]] const std::uint64_t* find(const SamplerId& id) const noexcept {
        const auto found = rates_.find(id);
        return found == rates_.end() || found->second.rate == 0 ? nullptr : &found->second.rate;
    }
    // Samplers and interfaces belong to the device, and some devices describe them in another
    // observation domain than the one of the flows: the rate that all domains state which know this
    // id. 0: none does, or they differ.
    [[nodiscard]] std::uint64_t find_in_any_domain(const SamplerId& id) const noexcept;

    void drop_transport_session(std::uint16_t transport_session) noexcept;
    // The exporter was restarted at that time: rates of the domain from before may change at once.
    void on_restart(UtcTime time, std::uint32_t observation_domain,
                    std::uint16_t transport_session) noexcept;
    // Drops rates from before a restart. Returns how many.
    std::size_t expire(UtcTime now) noexcept;

    [[nodiscard]] bool empty() const noexcept { return rates_.empty(); }
    [[nodiscard]] std::size_t size() const noexcept { return rates_.size(); }
    // visit(id, rate, candidate): the rate that applies, and the one that waits for its
    // confirmation; 0: none.
    template <typename Visit>
    void each(Visit&& visit) const {
        for (const auto& [id, stated] : rates_) visit(id, stated.rate, stated.candidate);
    }

    void save(ByteWriter& to) const;
    // Into an empty object, at most `most` rates. False: not what save() wrote, or too many.
    [[nodiscard]] bool restore(ByteCursor& from, std::size_t most);

private:
    struct IdHash {
        using is_avalanching = void;
        SeededHash hash;
        [[nodiscard]] std::size_t operator()(const SamplerId& key) const noexcept {
            const std::uint64_t first = std::uint64_t{key.transport_session} << 40U |
                                        std::uint64_t{key.observation_domain} << 8U |
                                        static_cast<std::uint64_t>(key.scope);
            return hash(hash(first) ^ key.id);
        }
    };
    struct Stated {
        std::uint64_t rate = 0;  // 0: none applies
        UtcTime received;        // when it was stated last
        // Stated once instead of `rate`; 0: none.
        std::uint64_t candidate = 0;
        std::uint64_t candidate_message = 0;
        UtcTime restarted;  // the exporter was restarted after `received`; 1970: it was not
    };
    // The observation domains that state a rate for one id, and the rate if they agree.
    struct Shared {
        std::vector<std::uint32_t> domains;
        std::uint64_t rate = 0;
    };
    [[nodiscard]] static bool is_shared(SamplerScope scope) noexcept {
        return scope == SamplerScope::selector || scope == SamplerScope::interface;
    }
    // The key of `shared_`: any domain.
    [[nodiscard]] static SamplerId in_any_domain(SamplerId id) noexcept {
        id.observation_domain = 0;
        return id;
    }
    void share(const SamplerId& id);
    void unshare(const SamplerId& id) noexcept;
    void agree(const SamplerId& id) noexcept;
    template <typename Condition>
    std::size_t drop_if(Condition&& condition) noexcept;

    MemoryShare& memory_;
    boost::unordered_flat_map<SamplerId, Stated, IdHash> rates_;
    boost::unordered_flat_map<SamplerId, Shared, IdHash> shared_;
};

}  // namespace octroi::exporter
