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

Status add_to(DesiredDirectory& desired, const Declaration& declaration) {
    for (const auto& account : declaration.accounts)
        desired.accounts.push_back({account.name, account.parent, account.title});
    for (const auto& network : declaration.networks) {
        const auto prefix = parse_prefix(network.prefix);
        if (!prefix) return at(network.where, prefix.error());
        desired.networks.push_back({to_string(*prefix), network.per_address});
    }
    for (const auto& binding : declaration.bindings) {
        const auto identity = parse_identity(binding.identity);
        if (!identity) return at(binding.where, identity.error());
        desired.bindings.push_back(
            {*identity, binding.account, binding.from, binding.until, binding.per_address});
    }
    return {};
}

Result<ExitStatus> apply(Session& session, const Options& options) {
    DesiredDirectory desired;
    desired.prune = options.prune;
    for (const std::string& file : options.files) {
        TRY_ASSIGN(const std::string text, read_file(file, declaration_size_max));
        TRY_ASSIGN(const Declaration declaration, parse_declaration(text, file));
        TRY(add_to(desired, declaration));
    }
    TRY_ASSIGN(auto ledger, open_ledger(session, OpenMode::create));
    TRY_ASSIGN(const Directory directory, ledger->directory());
    const UtcTime now = session.clock().now();
    const Reconciliation plan = reconcile(directory, desired, now);
    std::string text;
    for (const std::string& line : plan.lines) text += line + "\n";
    TRY(session.print(text));
    if (plan.lines.empty()) {
        log_info("everything was so already: nothing changed");
    } else if (options.dry_run) {
        log_info(fmt::format("{} changes; nothing was done (--dry-run)", plan.lines.size()));
    } else {
        TRY_ASSIGN([[maybe_unused]] const bool changed, ledger->apply(plan.change, now));
        log_info(fmt::format("{} changes made", plan.lines.size()));
    }
    return ExitStatus::done;
}

}  // namespace

void add_apply(const Command& app, Session& session) {
    auto options = std::make_shared<Options>();
    app.sub("apply", "Make accounts, bindings and networks as TOML or CSV files declare them")
        .operands("FILE", options->files, "TOML, or CSV with a header; all files are one change")
        .flag("--prune", options->prune,
              "End bindings and drop networks that the files do not name")
        .flag("--dry-run", options->dry_run, "Only say what would change")
        .does([&session, options] { return apply(session, *options); });
}

}  // namespace octroi
