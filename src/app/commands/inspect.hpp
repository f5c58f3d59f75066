// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// `octroi inspect routes`: routing tables, which no meter reads.

namespace octroi {

class Session;
class Command;

void add_inspect_routes(const Command& inspect, Session& session);

}  // namespace octroi
