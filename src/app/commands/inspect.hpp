// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// octroi inspect KIND: decodes and prints, touches no ledger.

namespace octroi {

class Session;
class Command;

void add_inspect_packets(const Command& inspect, Session& session);
void add_inspect_flow(const Command& inspect, Session& session);
void add_inspect_routes(const Command& inspect, Session& session);

}  // namespace octroi
