// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// The PPPoE sessions of this network namespace (/proc/net/pppoe). rtnetlink does not state on which
// interface a ppp interface stands.

#include <set>
#include <string>
#include <string_view>

namespace octroi {

// The names of the interfaces with sessions, of the content of that file.
[[nodiscard]] std::set<std::string> parse_pppoe_interfaces(std::string_view content);
// Empty: there are none, or this kernel has no PPPoE.
[[nodiscard]] std::set<std::string> pppoe_interfaces();

}  // namespace octroi
