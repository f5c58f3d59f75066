// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// The PPPoE sessions of this network namespace (/proc/net/pppoe). rtnetlink does not state on which
// interface a ppp interface stands.

#include <string>
#include <string_view>
#include <vector>

namespace octroi {

// The name of the interface of each session, of the content of that file.
[[nodiscard]] std::vector<std::string> parse_pppoe_sessions(std::string_view content);
// Empty: there are none, or this kernel has no PPPoE.
[[nodiscard]] std::vector<std::string> pppoe_session_interfaces();

}  // namespace octroi
