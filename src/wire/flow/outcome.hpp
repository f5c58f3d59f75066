// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// How the decoding of a message ended. Whatever the outcome, the decoded records have been handed
// over: the caller has nothing to undo.

#include <cstdint>

namespace octroi::flow {

// Ascending by severity: of several messages the greatest stands for all.
enum class Outcome : std::uint8_t {
    ok = 0,
    incomplete,   // the octets end too early; the complete part is decoded
    malformed,    // lengths or counts contradict each other; the part before is decoded
    unsupported,  // not a known protocol or version
    over_limit,   // a limit was reached; the rest was left out
};
[[nodiscard]] constexpr Outcome worse(Outcome a, Outcome b) noexcept { return a < b ? b : a; }

}  // namespace octroi::flow
