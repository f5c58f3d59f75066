// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// How the decoding of a message or a datagram ended.

#include <cstdint>

namespace octroi::flow {

// In the order of how much is wrong: of several messages the greatest stands for all.
enum class Outcome : std::uint8_t {
    ok = 0,
    incomplete,   // the octets end before what they announce; what was whole is decoded
    malformed,    // lengths or counts contradict each other; what stood before it is decoded
    unsupported,  // no protocol or version that is known here
    over_limit,   // a stated bound was reached; the rest was left out
};
[[nodiscard]] constexpr Outcome worse(Outcome a, Outcome b) noexcept { return a < b ? b : a; }

}  // namespace octroi::flow
