// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// `octroi inspect routes`: the one file that is of no meter kind.

namespace octroi {

class Session;
class Command;

void add_inspect_routes(const Command& inspect, Session& session);

}  // namespace octroi
