// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// octroi inspect KIND: decodes and prints, touches no ledger.

namespace CLI {
class App;
}

namespace octroi {

class Session;

void add_inspect_packets(CLI::App& inspect, Session& session);
void add_inspect_routes(CLI::App& inspect, Session& session);

}  // namespace octroi
