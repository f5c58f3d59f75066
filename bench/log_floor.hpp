// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// The floor of the benchmark of logs: the least that a program can do that sums octets by virtual
// host. It trusts the file: no line is checked, nothing but the two fields is read.

#include <cstdint>
#include <map>
#include <string>

#include "base/result.hpp"

namespace octroi::bench {

struct LogSums {
    std::uint64_t lines = 0;
    std::map<std::string, std::uint64_t> by_vhost;
};

// mmap(2), memchr(3) for the ends of lines and the quotes around the request, and a hash table with
// the names. Errors: failed (the file cannot be mapped).
[[nodiscard]] Result<LogSums> sum_vhosts(const std::string& path);

}  // namespace octroi::bench
