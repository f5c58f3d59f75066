// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// When an exporter started, as its options data state it (element 160,
// systemInitTimeMilliseconds): times of IPFIX records that are uptimes count from there.
//
// One datagram with a forged source address must not move the times of what follows. So a start
// that is known changes only when a second message states the new one, before one states the old
// one, or after a restart that following messages confirmed.

#include <cstdint>
#include <cstdlib>

namespace octroi::exporter {

class ExporterStart {
public:
    // Exporters compute it from their clock, which is adjusted from time to time.
    static constexpr std::int64_t slack_ms = 10'000;

    // Milliseconds since 1970; 0: not stated.
    [[nodiscard]] std::int64_t ms() const noexcept { return ms_; }
    void restore(std::int64_t ms) noexcept { ms_ = ms; }

    // ms: more than 0. message: a number of the message within the exporter. is_believed: over TCP.
    void state(std::int64_t ms, std::uint64_t message, bool is_believed) noexcept {
        const bool is_repeated =
            candidate_ms_ != 0 && is_same(ms, candidate_ms_) && message != candidate_message_;
        if (ms_ == 0 || is_believed || is_same(ms, ms_) || is_repeated) {
            ms_ = ms;
            candidate_ms_ = 0;
            return;
        }
        candidate_ms_ = ms;
        candidate_message_ = message;
    }
    void on_restart() noexcept {
        if (candidate_ms_ != 0) ms_ = candidate_ms_;
        candidate_ms_ = 0;
    }

private:
    [[nodiscard]] static bool is_same(std::int64_t a, std::int64_t b) noexcept {
        return std::abs(a - b) <= slack_ms;
    }

    std::int64_t ms_ = 0;
    // Stated once instead of `ms_`; 0: none. Not saved.
    std::int64_t candidate_ms_ = 0;
    std::uint64_t candidate_message_ = 0;
};

}  // namespace octroi::exporter
