// SPDX-License-Identifier: GPL-3.0-or-later
#include <fmt/format.h>

#include <memory>

#include "app/commands.hpp"
#include "app/ledger_access.hpp"
#include "host/log.hpp"
#include "record/identity.hpp"
#include "record/identity_kinds.hpp"
#include "service/directory_changes.hpp"
#include "view/ledger_view.hpp"

namespace octroi {
namespace {

struct Options {
    std::vector<std::string> identity;  // words: "mac 00:30:…" needs no quotes
    std::string account;
    std::string from;
    std::string until;
    std::string at;
    bool per_address = false;
    bool replace = false;
    bool all = false;
};

Result<std::optional<UtcTime>> moment_of(Session& session, std::string_view option,
                                         const std::string& text) {
    if (text.empty()) return std::nullopt;
    TRY_ASSIGN(const UtcTime moment, of_option(option, session.moment(text)));
    return moment;
}

Result<Identity> identity_of(const std::vector<std::string>& words) {
    return parse_identity(fmt::format("{}", fmt::join(words, " ")));
}

Result<ExitStatus> bind(Session& session, Options options) {
    if (options.account.empty()) {
        if (options.identity.size() < 2)
            return fail(ErrorCode::invalid,
                        "the account is missing. Write: octroi bind 10.1.0.0/16 physics");
        options.account = options.identity.back();
        options.identity.pop_back();
    }
    DesiredBinding wanted{.account = options.account, .per_address = options.per_address};
    TRY_ASSIGN(wanted.identity, identity_of(options.identity));
    TRY_ASSIGN(wanted.from, moment_of(session, "--from", options.from));
    TRY_ASSIGN(wanted.until, moment_of(session, "--until", options.until));
    TRY_ASSIGN(auto ledger, open_ledger(session, OpenMode::create));
    TRY_ASSIGN(const auto lines,
               bind_identity(*ledger, wanted, options.replace, session.clock().now()));
    if (lines.empty())
        log_info(fmt::format("{} is already bound to {}: nothing changed",
                             identity_text(wanted.identity), options.account));
    // What a replacement ended must be seen.
    if (options.replace)
        for (const std::string& line : lines) log_info(line);
    return ExitStatus::done;
}

Result<ExitStatus> unbind(Session& session, const Options& options) {
    UtcTime at = session.clock().now();
    if (!options.at.empty()) {
        TRY_ASSIGN(at, of_option("--at", session.moment(options.at)));
    }
    TRY_ASSIGN(const Identity identity, identity_of(options.identity));
    TRY_ASSIGN(const auto ledger, open_ledger(session, OpenMode::read_write));
    TRY(end_bindings(*ledger, identity, options.account, at, session.clock().now()));
    log_info(fmt::format("{} ends at {}", identity_text(identity), to_rfc3339(at)));
    return ExitStatus::done;
}

Result<ExitStatus> list(Session& session, const Options& options) {
    TRY_ASSIGN(auto ledger, open_ledger(session, OpenMode::read_only));
    TRY_ASSIGN(Directory directory, ledger->directory());
    if (!options.account.empty())
        std::erase_if(directory.bindings,
                      [&](const Binding& binding) { return binding.account != options.account; });
    TRY(session.print(bindings_report(directory, session.clock().now(), options.all)));
    return ExitStatus::done;
}

// "10.1.2.3, or one of: user alice, uid 1000, …", from the table of identity kinds.
std::string identity_help() {
    std::string list;
    for (const IdentityKindInfo& info : identity_kinds())
        list += fmt::format("{}{}", list.empty() ? "" : ", ", info.example);
    return "An address, a prefix or a MAC; or a keyword and a value: " + list;
}

}  // namespace

void add_bind(const Command& app, Session& session) {
    auto options = std::make_shared<Options>();
    app.sub("bind", "Bind an identity to an account, for example: octroi bind 10.1.0.0/16 physics")
        .operands("IDENTITY", options->identity, identity_help() + ". Then the account")
        .text("--account", options->account, "The account, if it is not the last operand", "NAME")
        .text("--from", options->from, "Begin (default: from the earliest time)", "TIME")
        .text("--until", options->until, "End, not included (default: no end)", "TIME")
        .flag("--per-address", options->per_address, "Count each address of a prefix separately")
        .flag("--replace", options->replace,
              "Bind it even if it is bound to another account; that binding ends at --from, or now")
        .does([&session, options] { return bind(session, *options); });
    app.sub("unbind", "End the binding of an identity. Traffic in the ledger does not change")
        .operands("IDENTITY", options->identity, identity_help())
        .text("--account", options->account, "Only the binding to this account", "NAME")
        .text("--at", options->at, "The end (default: now)", "TIME")
        .does([&session, options] { return unbind(session, *options); });
    app.sub("bindings", "List the bindings")
        .text("--account", options->account, "Only bindings of this account", "NAME")
        .flag("--all", options->all, "Also bindings in the past and in the future")
        .does([&session, options] { return list(session, *options); });
}

}  // namespace octroi
