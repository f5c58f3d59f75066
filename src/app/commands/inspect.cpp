// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/commands/inspect.hpp"

#include "app/command.hpp"
#include "app/commands.hpp"

namespace octroi {

void add_inspect(const Command& app, Session& session) {
    Command inspect =
        app.sub("inspect", "Decode files and print what is in them; touches no ledger");
    inspect.needs_sub();
    add_inspect_packets(inspect, session);
    add_inspect_flow(inspect, session);
    add_inspect_routes(inspect, session);
}

}  // namespace octroi
