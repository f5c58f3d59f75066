// SPDX-License-Identifier: GPL-3.0-or-later
#include <memory>

#include "app/commands.hpp"
#include "app/ledger_access.hpp"
#include "attribute/directory.hpp"
#include "attribute/outside_end.hpp"
#include "view/ledger_view.hpp"

namespace octroi {
namespace {

struct Options {
    std::string end;
    std::string at;
};

Party party_of(const CompiledDirectory& directory, const Address& address, UtcTime at) {
    const auto answer = directory.find_address(address, {}, at);
    const auto target =
        answer.bound ? std::optional(answer.target) : directory.find_network(address);
    if (!target) return {PartyKind::outside, "", ""};
    const auto [index, per_address] = *target;
    if (!per_address) return directory.parties()[index];
    const auto& owner = directory.owners()[index];
    return {owner.kind, owner.name, to_string(address)};
}

Result<ExitStatus> print_users(Session& session, const Options& options) {
    TRY_ASSIGN(const OutsideEnd end, parse_outside_end(options.end));
    UtcTime at = session.clock().now();
    if (!options.at.empty()) {
        TRY_ASSIGN(at, session.moment(options.at));
    }
    TRY_ASSIGN(auto ledger, open_ledger(session, OpenMode::read_only));
    TRY_ASSIGN(Directory declared, ledger->directory());
    TRY_ASSIGN(const Config* config, session.config());
    for (const Prefix& prefix : config->attribute.local)
        declared.networks.push_back({to_string(prefix), config->attribute.per_address});
    const CompiledDirectory directory(declared);
    TRY_ASSIGN(const auto translations,
               ledger->translations({end.address, end.port, end.protocol, at}));
    std::vector<AddressUser> users;
    for (const Translation& t : translations)
        users.push_back({t, party_of(directory, t.inside, at)});
    if (users.empty()) {
        // No NAT device translated the address: it may belong to a host itself.
        AddressUser own;
        own.translation.outside = end.address;
        own.party = party_of(directory, end.address, at);
        if (own.party.kind == PartyKind::account) users.push_back(own);
    }
    TRY(session.print(who_report(users)));
    return ExitStatus::done;
}

}  // namespace

void add_who(const Command& app, Session& session) {
    auto options = std::make_shared<Options>();
    app.sub("who",
            "The host and account behind an address and port: octroi who 203.0.113.5:40000/tcp")
        .operand("ADDRESS", options->end, "203.0.113.5, 203.0.113.5:40000/tcp or [2001:db8::5]:443")
        .text("--at", options->at, "The time (default: now)", "TIME")
        .does([&session, options] { return print_users(session, *options); });
}

}  // namespace octroi
