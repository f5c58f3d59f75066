// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Local times as text, for people.

#include <string>

#include "host/zone.hpp"

namespace octroi {

// "2026-11-21 13:05" in the zone; with_seconds: "2026-11-21 13:05:27".
[[nodiscard]] std::string local_text(UtcTime t, const Zone& zone, bool with_seconds = false);
// "+01:00", "+00:00"
[[nodiscard]] std::string offset_text(UtcTime t, const Zone& zone);

}  // namespace octroi
