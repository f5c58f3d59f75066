// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>
#include <string_view>

#include "base/result.hpp"
#include "meter/journal/position.hpp"

namespace octroi::radius_meter {

// Cursor::position: all requests before `at` are in the ledger, and the state file has the sessions
// of that moment.
struct RadiusPosition {
    journal::Position at;
    std::string state;  // file name in the folder of the journal; empty: there is none yet
};

[[nodiscard]] std::string encode(const RadiusPosition& position);
// Errors: unsupported (another version of octroi wrote it).
[[nodiscard]] Result<RadiusPosition> decode_radius_position(std::string_view octets);

}  // namespace octroi::radius_meter
