// SPDX-License-Identifier: GPL-3.0-or-later
#include <fmt/format.h>

#include <memory>

#include "app/commands.hpp"
#include "app/ledger_access.hpp"
#include "config/declaration.hpp"
#include "host/file.hpp"
#include "host/log.hpp"
#include "ledger/reconcile.hpp"
#include "record/identity.hpp"

namespace octroi {
namespace {

constexpr std::size_t declaration_size_max = 256U << 20U;

struct Options {
    std::vector<std::string> files;
    bool prune = false;
    bool dry_run = false;
};

std::unexpected<Error> at(const SourceLine& where, const Error& error) {
    return fail(ErrorCode::invalid, fmt::format("{}:{}: {}", where.file, where.line, error.text));
}

Status add_to(Wanted& wanted, const Declaration& declaration) {
    for (const auto& account : declaration.accounts)
        wanted.accounts.push_back({account.name, account.parent, account.title});
    for (const auto& network : declaration.networks) {
        const auto prefix = parse_prefix(network.prefix);
        if (!prefix) return at(network.where, prefix.error());
        wanted.networks.push_back({to_string(*prefix), network.per_address});
    }
    for (const auto& binding : declaration.bindings) {
        const auto identity = parse_identity(binding.identity);
        if (!identity) return at(binding.where, identity.error());
        wanted.bindings.push_back(
            {*identity, binding.account, binding.from, binding.until, binding.per_address});
    }
    return {};
}

Result<ExitStatus> apply(Session& session, const Options& options) {
    Wanted wanted;
    wanted.prune = options.prune;
    for (const std::string& file : options.files) {
        TRY_ASSIGN(const std::string text, read_file(file, declaration_size_max));
        TRY_ASSIGN(const Declaration declaration, parse_declaration(text, file));
        TRY(add_to(wanted, declaration));
    }
    TRY_ASSIGN(auto ledger, open_ledger(session, OpenMode::create));
    TRY_ASSIGN(const Directory directory, ledger->directory());
    const UtcTime now = session.clock().now();
    const Reconciliation plan = reconcile(directory, wanted, now);
    std::string text;
    for (const std::string& line : plan.lines) text += line + "\n";
    TRY(session.print(text));
    if (plan.lines.empty()) {
        log_info("everything is declared already: nothing changed");
    } else if (options.dry_run) {
        log_info(fmt::format("{} changes, none of them made (--dry-run)", plan.lines.size()));
    } else {
        TRY_ASSIGN([[maybe_unused]] const bool changed, ledger->apply(plan.change, now));
        log_info(fmt::format("{} changes made", plan.lines.size()));
    }
    return ExitStatus::done;
}

}  // namespace

void add_apply(const Command& app, Session& session) {
    auto options = std::make_shared<Options>();
    app.sub("apply",
            "Create and change accounts, bindings and networks as declared in TOML or CSV files")
        .operands("FILE", options->files,
                  "TOML, or CSV with a header; all files together are one change")
        .flag("--prune", options->prune,
              "End bindings and remove networks that are not in the files")
        .flag("--dry-run", options->dry_run, "Print the changes without making them")
        .does([&session, options] { return apply(session, *options); });
}

}  // namespace octroi
