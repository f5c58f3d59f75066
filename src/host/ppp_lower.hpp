// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// On which interfaces ppp interfaces stand. The kernel lists PPPoE sessions without their ppp
// interface, and ppp interfaces without what carries them: PPPoE, L2TP, PPTP or a modem.

#include <span>
#include <string>

#include "host/interfaces.hpp"

namespace octroi {

// Sets `lower`, or `possible_lower` and `is_on_possible_lower`, of the ppp interfaces among these.
// sessions: the interface of each PPPoE session (host/pppoe_sessions.hpp). If there are as many
// sessions as ppp interfaces, each of these is one; else some may be something else.
void set_lower_of_ppp(std::span<Interface* const> all, std::span<const std::string> sessions);

}  // namespace octroi
