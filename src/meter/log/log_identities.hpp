// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Lines that state who held an address become events: of user, MAC address and address those that
// the line has. One thread.
//
//     user, MAC address and address    address → MAC address, MAC address → user
//     user and MAC address             MAC address → user
//     MAC address and address          address → MAC address
//     user and address                 address → user
//
// A statement holds until a later line contradicts it. A line without a user says nothing about the
// user of its MAC address.

#include <cstdint>
#include <vector>

#include "record/identity_event.hpp"
#include "record/reading_sink.hpp"
#include "wire/log/entry.hpp"

namespace octroi::logs {

class LogIdentities {
public:
    // An entry of a line of LineKind::identity. Names that no identity can have are left out.
    void add(const logline::Entry& entry, UtcTime time);
    // Hands the events over.
    void flush(ReadingSink& sink);

    // Lines since the begin.
    [[nodiscard]] std::uint64_t lines() const noexcept { return lines_; }

private:
    std::vector<IdentityEvent> events_;
    std::uint64_t lines_ = 0;
};

}  // namespace octroi::logs
