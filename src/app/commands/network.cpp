// SPDX-License-Identifier: GPL-3.0-or-later
#include <fmt/format.h>

#include <memory>

#include "app/commands.hpp"
#include "app/ledger_access.hpp"
#include "host/log.hpp"
#include "view/ledger_view.hpp"

namespace octroi {
namespace {

struct Options {
    std::vector<std::string> prefixes;
    bool whole = false;
};

Result<ExitStatus> change_networks(Session& session, const Options& options, bool add) {
    DirectoryStore::Change change;
    for (const std::string& text : options.prefixes) {
        TRY_ASSIGN(const Prefix prefix, parse_prefix(text));
        if (add)
            change.put_networks.push_back({to_string(prefix), !options.whole});
        else
            change.remove_networks.push_back(to_string(prefix));
    }
    TRY_ASSIGN(auto ledger, open_ledger(session, add ? OpenMode::create : OpenMode::read_write));
    TRY_ASSIGN(const bool changed, ledger->apply(change, session.clock().now()));
    if (!changed) log_info("the declarations are the same already: nothing changed");
    return ExitStatus::done;
}

Result<ExitStatus> list(Session& session) {
    TRY_ASSIGN(auto ledger, open_ledger(session, OpenMode::read_only));
    TRY_ASSIGN(const Directory directory, ledger->directory());
    TRY(session.print(networks_report(directory)));
    return ExitStatus::done;
}

}  // namespace

void add_network(const Command& app, Session& session) {
    Command network =
        app.sub("network", "Local networks. Their addresses without a binding are @unattributed");
    network.needs_sub();
    auto options = std::make_shared<Options>();
    network.sub("add", "Declare networks as local")
        .operands("PREFIX", options->prefixes, "192.0.2.0/24 2001:db8::/32 …")
        .flag("--whole", options->whole, "Count the network as a whole, not each address")
        .does([&session, options] { return change_networks(session, *options, true); });
    network.sub("remove", "Remove the declaration of networks")
        .operands("PREFIX", options->prefixes, "The prefix as it was declared")
        .does([&session, options] { return change_networks(session, *options, false); });
    network.sub("list", "List the networks that are declared local").does([&session] {
        return list(session);
    });
}

}  // namespace octroi
