// SPDX-License-Identifier: GPL-3.0-or-later
#include <memory>

#include "app/commands.hpp"
#include "app/ledger_access.hpp"
#include "service/address_users.hpp"

namespace octroi {
namespace {

struct Options {
    std::string end;
    std::string at;
};

Result<ExitStatus> print_users(Session& session, const Options& options) {
    TRY_ASSIGN(const OutsideEnd end, parse_outside_end(options.end));
    UtcTime at = session.clock().now();
    if (!options.at.empty()) {
        TRY_ASSIGN(at, of_option("--at", session.moment(options.at)));
    }
    TRY_ASSIGN(const auto ledger, open_ledger(session, OpenMode::read_only));
    TRY_ASSIGN(const Config* config, session.config());
    TRY_ASSIGN(const auto users, find_address_users(*ledger, *config, end, at));
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
