// SPDX-License-Identifier: GPL-3.0-or-later
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <memory>

#include "app/commands.hpp"
#include "app/ledger_access.hpp"
#include "view/ledger_view.hpp"

namespace octroi {
namespace {

struct Options {
    std::vector<std::string> prefixes;
    bool whole = false;
};

Result<ExitStatus> change_networks(Session& session, const Options& options, bool add) {
    Registry::Change change;
    for (const std::string& text : options.prefixes) {
        TRY_ASSIGN(const Prefix prefix, parse_prefix(text));
        if (add)
            change.put_networks.push_back({to_string(prefix), !options.whole});
        else
            change.remove_networks.push_back(to_string(prefix));
    }
    TRY_ASSIGN(auto ledger, open_ledger(session, add ? OpenMode::create : OpenMode::read_write));
    TRY_ASSIGN(const bool changed, ledger->apply(change, session.clock().now()));
    if (!changed) Session::say("it was so already: nothing changed");
    return ExitStatus::done;
}

Result<ExitStatus> list(Session& session) {
    TRY_ASSIGN(auto ledger, open_ledger(session, OpenMode::read_only));
    TRY_ASSIGN(const Directory directory, ledger->directory());
    TRY(session.print(networks_sheet(directory)));
    return ExitStatus::done;
}

}  // namespace

void add_network(CLI::App& app, Session& session) {
    CLI::App* network = app.add_subcommand(
        "network", "Which networks are ours: unbound addresses in them are @unattributed");
    network->require_subcommand(1);
    auto options = std::make_shared<Options>();
    CLI::App* adding = network->add_subcommand("add", "Declare networks as local");
    adding->add_option("PREFIX", options->prefixes, "192.0.2.0/24 2001:db8::/32 …")->required();
    adding->add_flag("--whole", options->whole,
                     "Keep one figure for the network, not one for each address");
    adding->callback([&session, options] {
        session.action = [&session, options] { return change_networks(session, *options, true); };
    });
    CLI::App* removing = network->add_subcommand("remove", "Take such a declaration back");
    removing->add_option("PREFIX", options->prefixes, "As declared")->required();
    removing->callback([&session, options] {
        session.action = [&session, options] { return change_networks(session, *options, false); };
    });
    network->add_subcommand("list", "What is declared local")->callback([&session] {
        session.action = [&session] { return list(session); };
    });
}

}  // namespace octroi
