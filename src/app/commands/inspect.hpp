// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// octroi inspect KIND: decodes and prints, touches no ledger.

namespace octroi {

class Session;
class Verb;

void add_inspect_packets(const Verb& inspect, Session& session);
void add_inspect_flow(const Verb& inspect, Session& session);
void add_inspect_routes(const Verb& inspect, Session& session);

}  // namespace octroi
