// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// When an exporter started, as its options data state it (element 160,
// systemInitTimeMilliseconds): times of IPFIX records that are uptimes count from there.
//
// One datagram with a forged source address must not move the times of what follows. So a start
// that is known changes only when a second message states the new one, before one states the old
// one, or after a restart that following messages confirmed. Until then the exporter may have
// restarted or not: no start is used, and records with uptimes get the receive time.

#include <cstdint>
#include <cstdlib>

#include "base/byte_cursor.hpp"
#include "base/time.hpp"
#include "wire/exporter/snapshot_values.hpp"

namespace octroi::exporter {

class ExporterStart {
public:
    // Exporters compute it from their clock, which is adjusted from time to time.
    static constexpr std::int64_t slack_ms = 10'000;

    struct Statement {
        std::int64_t ms = 0;  // since 1970; more than 0
        UtcTime received;
        std::uint64_t message = 0;  // a number of the message within the exporter
        bool is_believed = false;   // over TCP: it applies at once
        bool is_usual = true;       // the first one applies at once, a changed one when repeated
    };
    enum class Effect : std::uint8_t { none, added, changed, unconfirmed };

    // The start to compute times with, in milliseconds since 1970; 0: none is known for sure.
    [[nodiscard]] std::int64_t ms() const noexcept { return candidate_.ms == 0 ? ms_ : 0; }

    Effect state(const Statement& stated) noexcept {
        // Not stored: many small differences would add up to a large one.
        if (ms_ != 0 && is_same(stated.ms, ms_)) {
            candidate_ = {};
            return Effect::none;
        }
        const bool is_repeated = candidate_.ms != 0 && is_same(stated.ms, candidate_.ms) &&
                                 stated.message != candidate_.message;
        const bool is_first = ms_ == 0;
        if (stated.is_believed || (is_first && stated.is_usual) || is_repeated) {
            ms_ = stated.ms;
            candidate_ = {};
            return is_first ? Effect::added : Effect::changed;
        }
        candidate_ = {stated.ms, stated.message, stated.received};
        return Effect::unconfirmed;
    }
    // Messages confirmed that the exporter restarted at that time. A start that was stated before
    // then is not the one of this restart.
    void on_restart(UtcTime restarted) noexcept {
        if (candidate_.ms == 0 || candidate_.received < restarted) return;
        ms_ = candidate_.ms;
        candidate_ = {};
    }

    void save(ByteWriter& to) const {
        to.be64(static_cast<std::uint64_t>(ms_));
        to.be64(static_cast<std::uint64_t>(candidate_.ms));
        to.be64(candidate_.message);
        put(to, candidate_.received);
    }
    // has_candidate: as save() writes it. Snapshots before version 6 have the start alone.
    [[nodiscard]] bool restore(ByteCursor& from, bool has_candidate) noexcept {
        if (!get_ms(from, ms_)) return false;
        if (!has_candidate) return true;
        return get_ms(from, candidate_.ms) && from.be64(candidate_.message) &&
               get(from, candidate_.received);
    }

private:
    // Stated once instead of `ms_`.
    struct Candidate {
        std::int64_t ms = 0;  // 0: none
        std::uint64_t message = 0;
        UtcTime received;
    };
    [[nodiscard]] static bool is_same(std::int64_t a, std::int64_t b) noexcept {
        return std::abs(a - b) <= slack_ms;
    }
    [[nodiscard]] static bool get_ms(ByteCursor& from, std::int64_t& ms) noexcept {
        std::uint64_t value = 0;
        if (!from.be64(value) || value > static_cast<std::uint64_t>(INT64_MAX)) return false;
        ms = static_cast<std::int64_t>(value);
        return true;
    }

    std::int64_t ms_ = 0;  // 0: not stated
    Candidate candidate_;
};

}  // namespace octroi::exporter
