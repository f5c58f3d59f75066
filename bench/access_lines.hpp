// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// The access log of a web server with many sites on one address, in Apache's format vhost_combined,
// made from a seed: some 270 octets a line; 300 sites, a few of them busy; 100,000 visitors, of
// which 300 are on a site at the same time with 1 to 23 requests each.

#include <cstdint>
#include <map>
#include <string>

#include "base/result.hpp"

namespace octroi::bench {

struct AccessLog {
    std::uint64_t lines = 0;
    std::uint64_t octets = 0;                       // of the file
    std::map<std::string, std::uint64_t> by_vhost;  // octets of the answers
};

// Lines of a second; the log begins at 2026-01-01T00:00:00Z.
inline constexpr std::uint64_t lines_per_second = 115;

// Writes the file. Errors: failed (the file cannot be written).
[[nodiscard]] Result<AccessLog> make_access_log(const std::string& path, std::uint64_t lines,
                                                std::uint64_t seed);

}  // namespace octroi::bench
