// SPDX-License-Identifier: GPL-3.0-or-later
#include "host/counter_host.hpp"

#include <poll.h>

#include <algorithm>

#include "host/file.hpp"
#include "host/network_namespace.hpp"

namespace octroi {
namespace {

constexpr std::size_t net_dev_max = std::size_t{16} << 20U;

}  // namespace

Result<std::string> SystemCounterHost::boot() { return boot_id(); }

Result<std::string> SystemCounterHost::space() { return network_namespace(); }

Result<std::vector<Interface>> SystemCounterHost::interfaces() { return octroi::interfaces(); }

Result<std::string> SystemCounterHost::net_dev() { return read_file("/proc/net/dev", net_dev_max); }

void SystemCounterHost::wait(Duration time) {
    const auto ms = static_cast<int>(std::clamp<std::int64_t>(time.ns / 1'000'000, 0, 60'000));
    static_cast<void>(::poll(nullptr, 0, ms));
}

}  // namespace octroi
