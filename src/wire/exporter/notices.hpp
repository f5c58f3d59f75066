// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// What an exporter stated that changes or limits its figures, for the log of the caller. Bounded:
// beyond the limit notices are dropped; Counters count all of them.

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "base/address.hpp"

namespace octroi::exporter {

struct Notice {
    enum class Kind : std::uint8_t {
        rate_changed,       // a sampling rate took the place of another one
        rate_unconfirmed,   // a sampling rate does not apply until it is stated again
        rate_refused,       // a sampling rate cannot be right
        start_unconfirmed,  // a start of the exporter does not apply until it is stated again
        start_changed,      // a start took the place of another one
        unread_counts,      // a template with counts in private elements only
    };
    Kind kind = Kind::rate_changed;
    Address exporter;
    std::uint32_t observation_domain = 0;
    // Of rates: 1 in so many packets; 0: none, or, of a refused one, not known here.
    std::uint64_t rate = 0;
    std::uint64_t rate_before = 0;
    std::string elements;  // of the template: "256: 9/12345, 9/12346"
};

class Notices {
public:
    static constexpr std::size_t notices_max = 16;

    void add(Notice notice) {
        if (notices_.size() < notices_max) notices_.push_back(std::move(notice));
    }
    [[nodiscard]] bool empty() const noexcept { return notices_.empty(); }
    // Those since the last call.
    [[nodiscard]] std::vector<Notice> drain() { return std::exchange(notices_, {}); }

private:
    std::vector<Notice> notices_;
};

}  // namespace octroi::exporter
