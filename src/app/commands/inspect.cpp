// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/commands/inspect.hpp"

#include <CLI/CLI.hpp>

#include "app/commands.hpp"

namespace octroi {

void add_inspect(CLI::App& app, Session& session) {
    CLI::App* inspect =
        app.add_subcommand("inspect", "Decode files and print what is in them; touches no ledger");
    inspect->require_subcommand(1);
    add_inspect_packets(*inspect, session);
    add_inspect_routes(*inspect, session);
}

}  // namespace octroi
