// SPDX-License-Identifier: GPL-3.0-or-later
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <memory>

#include "app/commands.hpp"
#include "app/ledger_access.hpp"
#include "app/named_hosts.hpp"
#include "host/neighbours.hpp"
#include "record/identity.hpp"
#include "service/address_sessions.hpp"
#include "service/address_users.hpp"

namespace octroi {
namespace {

struct Options {
    std::vector<std::string> end;  // words: "mac 00:30:…" needs no quotes
    std::string at;
    bool names = false;
    bool history = false;
};

std::optional<Mac> mac_of_neighbour(const Address& address) {
    return neighbour_mac(address).value_or(std::nullopt);
}

// All who held the address, by time.
Result<ExitStatus> print_history(Session& session, const Options& options) {
    TRY_ASSIGN(const Identity held, parse_identity(fmt::format("{}", fmt::join(options.end, " "))));
    TRY_ASSIGN(const auto ledger, open_ledger(session, OpenMode::read_only));
    TRY_ASSIGN(const Directory directory, ledger->directory());
    TRY_ASSIGN(const auto sessions, all_sessions(*ledger));
    TRY(session.print(sessions_report(sessions_of(CompiledDirectory(directory), *sessions, held))));
    return ExitStatus::done;
}

Result<ExitStatus> print_users(Session& session, const Options& options) {
    UtcTime at = session.clock().now();
    if (!options.at.empty()) {
        TRY_ASSIGN(at, of_option("--at", session.moment(options.at)));
    }
    const std::string wanted = fmt::format("{}", fmt::join(options.end, " "));
    const auto end = parse_outside_end(wanted);
    const auto identity = parse_identity(wanted);
    if (!end && !identity) return std::unexpected(end.error());
    TRY_ASSIGN(const auto ledger, open_ledger(session, OpenMode::read_only));
    TRY_ASSIGN(const Config* config, session.config());
    // The kernel knows the neighbours of now only.
    const MacOfAddress mac_of = options.at.empty() ? mac_of_neighbour : MacOfAddress{};
    TRY_ASSIGN(const auto users, end ? find_address_users(*ledger, *config, *end, at, mac_of)
                                     : find_identity_users(*ledger, *identity, at));
    Report report = who_report(users);
    if (options.names) name_hosts({}, report);
    TRY(session.print(report));
    return ExitStatus::done;
}

}  // namespace

void add_who(const Command& app, Session& session) {
    auto options = std::make_shared<Options>();
    app.sub("who",
            "The host and account behind an address and port: octroi who 203.0.113.5:40000/tcp")
        .operands("ADDRESS", options->end,
                  "203.0.113.5, 203.0.113.5:40000/tcp or [2001:db8::5]:443; or an identity: mac "
                  "0:30:ca:b8:d9:bc. An account that is bound by MAC is found by its address while "
                  "this machine has the host in its neighbour table")
        .text("--at", options->at, "The time (default: now)", "TIME")
        .flag("--history", options->history,
              "All who held the address, prefix or MAC address, by time: from logs of identities, "
              "RADIUS, DHCP and ARP")
        .flag("--names", options->names, "The name of the host, from the resolver of this machine")
        .does([&session, options] {
            return options->history ? print_history(session, *options)
                                    : print_users(session, *options);
        });
}

}  // namespace octroi
