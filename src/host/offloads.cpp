// SPDX-License-Identifier: GPL-3.0-or-later
#include "host/offloads.hpp"

#include <linux/ethtool.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <cstring>

#include "host/file.hpp"

namespace octroi {
namespace {

// 0 where the interface does not support the question.
std::uint32_t ask(const Fd& socket, const std::string& interface, std::uint32_t command) {
    ethtool_value value{};
    value.cmd = command;
    ifreq request{};
    if (interface.size() >= sizeof request.ifr_name) return 0;
    std::memcpy(request.ifr_name, interface.data(), interface.size());
    request.ifr_data = reinterpret_cast<char*>(&value);
    return ::ioctl(socket.get(), SIOCETHTOOL, &request) == 0 ? value.data : 0;
}

}  // namespace

bool merges_segments(const std::string& interface) {
    const Fd socket(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    return socket.get() >= 0 && (ask(socket, interface, ETHTOOL_GGRO) != 0 ||
                                 (ask(socket, interface, ETHTOOL_GFLAGS) & ETH_FLAG_LRO) != 0);
}

}  // namespace octroi
