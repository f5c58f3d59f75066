// SPDX-License-Identifier: GPL-3.0-or-later
#include "host/pppoe_sessions.hpp"

#include <sstream>

#include "host/file.hpp"

namespace octroi {
namespace {

constexpr std::size_t listing_octets_max = 1U << 20U;

}  // namespace

// A line of titles, then lines of: session, address of the peer, interface
// (drivers/net/ppp/pppoe.c).
std::set<std::string> parse_pppoe_interfaces(std::string_view content) {
    std::set<std::string> names;
    std::istringstream lines{std::string(content)};
    std::string line;
    std::getline(lines, line);
    while (std::getline(lines, line)) {
        std::istringstream fields(line);
        std::string session;
        std::string peer;
        std::string name;
        if (fields >> session >> peer >> name) names.insert(name);
    }
    return names;
}

std::set<std::string> pppoe_interfaces() {
    const auto content = read_file("/proc/net/pppoe", listing_octets_max);
    return content ? parse_pppoe_interfaces(*content) : std::set<std::string>();
}

}  // namespace octroi
