// SPDX-License-Identifier: GPL-3.0-or-later
#include "service/reload.hpp"

#include "app/commands.hpp"
#include "app/session.hpp"

namespace octroi {
namespace {

Result<ExitStatus> reload(Session& session) {
    // The daemon checks the configuration, so that an error is in its log too.
    const auto config = session.config();
    const bool names_config = !session.options.config.empty();
    const auto reloaded = ask_reload(session.probable_ledger_path(),
                                     names_config ? session.config_path() : std::string());
    if (!reloaded && reloaded.error().code == ErrorCode::not_found && !config)
        return fail(ErrorCode::failed, config.error().text);
    TRY_ASSIGN(const auto changes, reloaded);
    if (session.machine_format()) {
        TRY(session.print(changes_report(changes)));
        return ExitStatus::done;
    }
    std::string text = changes.empty() ? "Reloaded: nothing has changed.\n" : "";
    for (const ConfigChange& change : changes) text += change_text(change) + "\n";
    TRY(session.print(text));
    return ExitStatus::done;
}

}  // namespace

void add_reload(const Command& app, Session& session) {
    app.sub("reload", "Let the running daemon read its configuration again, and print the changes")
        .does([&session] { return reload(session); });
}

}  // namespace octroi
