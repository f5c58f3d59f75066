// SPDX-License-Identifier: GPL-3.0-or-later
#include <fmt/format.h>

#include <memory>

#include "app/commands.hpp"
#include "app/ledger_access.hpp"
#include "host/log.hpp"
#include "service/directory_changes.hpp"

namespace octroi {
namespace {

struct Options {
    std::vector<std::string> files;
    bool prune = false;
    bool dry_run = false;
};

Result<ExitStatus> apply(Session& session, const Options& options) {
    TRY_ASSIGN(Wanted wanted, read_declarations(options.files));
    wanted.prune = options.prune;
    TRY_ASSIGN(auto ledger, open_ledger(session, OpenMode::create));
    TRY_ASSIGN(const Directory directory, ledger->directory());
    const UtcTime now = session.clock().now();
    const Reconciliation plan = reconcile(directory, wanted, now);
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
