// SPDX-License-Identifier: GPL-3.0-or-later
#include <fmt/format.h>

#include <memory>

#include "app/commands.hpp"
#include "app/ledger_access.hpp"
#include "config/declaration_docs.hpp"
#include "host/log.hpp"
#include "service/directory_changes.hpp"
#include "view/text.hpp"
#include "view/units.hpp"

namespace octroi {
namespace {

struct Options {
    std::vector<std::string> files;
    bool prune = false;
    bool dry_run = false;
    bool example = false;
};

Result<ExitStatus> apply(Session& session, const Options& options) {
    if (options.example) {
        TRY(session.print(declaration_example()));
        return ExitStatus::done;
    }
    if (options.files.empty())
        return fail(
            ErrorCode::invalid,
            "no file is named. Next: octroi apply FILE, - for standard input, or --example");
    TRY_ASSIGN(const auto declarations, read_declarations(options.files));
    TRY_ASSIGN(auto ledger, open_ledger(session, OpenMode::create));
    TRY_ASSIGN(const Directory directory, ledger->directory());
    TRY_ASSIGN(DesiredDirectory wanted, desired_directory(declarations, directory));
    wanted.prune = options.prune;
    const UtcTime now = session.clock().now();
    const Reconciliation plan = reconcile(directory, wanted, now);
    std::string text;
    for (const std::string& line : plan.lines) text += printable(line) + "\n";
    TRY(session.print(text));
    if (plan.lines.empty()) {
        log_info("everything is declared already: nothing changed");
    } else if (options.dry_run) {
        log_info(fmt::format("{}, none of them made (--dry-run)",
                             counted_text(plan.lines.size(), "change", "changes")));
    } else {
        TRY_ASSIGN([[maybe_unused]] const bool changed, ledger->apply(plan.change, now));
        log_info(fmt::format("{} made", counted_text(plan.lines.size(), "change", "changes")));
    }
    return ExitStatus::done;
}

}  // namespace

void add_apply(const Command& app, Session& session) {
    auto options = std::make_shared<Options>();
    app.sub("apply",
            "Create and change accounts, bindings and networks as declared in TOML or CSV files")
        .optional_operands("FILE", options->files,
                           "TOML, or CSV with a header (docs/apply.md); - is standard input; all "
                           "files together are one change")
        .flag("--prune", options->prune,
              "End bindings and remove networks that are not in the files; also bindings that have "
              "not begun")
        .flag("--dry-run", options->dry_run, "Print the changes without making them")
        .flag("--example", options->example, "Print a file with every table and column")
        .does([&session, options] { return apply(session, *options); });
}

}  // namespace octroi
