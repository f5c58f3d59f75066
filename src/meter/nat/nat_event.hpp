// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>

#include "record/translation.hpp"

namespace octroi::nat {

enum class MappingChange : std::uint8_t { created, deleted };

// A NAT device has created or deleted a mapping. The same value for all sources of such events:
// flow exports, conntrack, logs.
struct NatEvent {
    MappingChange change = MappingChange::created;
    // `valid` is not used. `device` is empty where the source does not state it, or is this
    // machine.
    Translation mapping;
};

}  // namespace octroi::nat
