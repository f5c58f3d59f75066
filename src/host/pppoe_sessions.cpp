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
std::vector<std::string> parse_pppoe_sessions(std::string_view content) {
    std::vector<std::string> names;
    std::istringstream lines{std::string(content)};
    std::string line;
    std::getline(lines, line);
    while (std::getline(lines, line)) {
        std::istringstream fields(line);
        std::string session;
        std::string peer;
        std::string name;
        if (fields >> session >> peer >> name) names.push_back(name);
    }
    return names;
}

std::vector<std::string> pppoe_session_interfaces() {
    const auto content = read_file("/proc/net/pppoe", listing_octets_max);
    return content ? parse_pppoe_sessions(*content) : std::vector<std::string>();
}

}  // namespace octroi
