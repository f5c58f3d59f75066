// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/commands/inspect.hpp"

#include "app/commands.hpp"
#include "app/verb.hpp"

namespace octroi {

void add_inspect(const Verb& app, Session& session) {
    Verb inspect = app.sub("inspect", "Decode files and print what is in them; touches no ledger");
    inspect.needs_sub();
    add_inspect_packets(inspect, session);
    add_inspect_flow(inspect, session);
    add_inspect_routes(inspect, session);
}

}  // namespace octroi
