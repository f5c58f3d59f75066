// SPDX-License-Identifier: GPL-3.0-or-later
#include <fmt/format.h>

#include <memory>

#include "app/commands.hpp"
#include "app/commands/account_scan.hpp"
#include "app/ledger_access.hpp"
#include "host/log.hpp"
#include "record/email_address.hpp"
#include "service/directory_changes.hpp"
#include "view/ledger_view.hpp"

namespace octroi {
namespace {

struct Options {
    Account account;
    std::string parent;  // of set
    std::string title;
    std::string email;
};

void log_outcome(const std::string& name, bool changed) {
    if (!changed) log_info(fmt::format("account {} exists already: nothing changed", name));
}

// Of --email; empty: none.
Result<std::string> email_of(const std::string& text) {
    if (text.empty()) return std::string();
    return of_option("--email", canonical_email(text));
}

Result<ExitStatus> add(Session& session, Account account) {
    TRY_ASSIGN(account.email, email_of(account.email));
    TRY_ASSIGN(const auto ledger, open_ledger(session, OpenMode::create));
    TRY_ASSIGN(const bool changed, add_account(*ledger, account, session.clock().now()));
    log_outcome(account.name, changed);
    return ExitStatus::done;
}

Result<ExitStatus> set(Session& session, AccountChange change) {
    if (change.email) {
        TRY_ASSIGN(change.email, email_of(*change.email));
    }
    TRY_ASSIGN(const auto ledger, open_ledger(session, OpenMode::read_write));
    TRY_ASSIGN(const bool changed, change_account(*ledger, change, session.clock().now()));
    log_outcome(change.name, changed);
    return ExitStatus::done;
}

Result<ExitStatus> list(Session& session) {
    TRY_ASSIGN(auto ledger, open_ledger(session, OpenMode::read_only));
    TRY_ASSIGN(const Directory directory, ledger->directory());
    TRY(session.print(accounts_report(directory, session.clock().now())));
    return ExitStatus::done;
}

Result<ExitStatus> show(Session& session, const std::string& name) {
    TRY_ASSIGN(const auto ledger, open_ledger(session, OpenMode::read_only));
    TRY_ASSIGN(const Directory directory, ledger->directory());
    TRY_ASSIGN(const Account account, find_account(directory, name));
    TRY(session.print(account_report(directory, account, session.clock().now())));
    return ExitStatus::done;
}

Result<ExitStatus> remove(Session& session, const std::string& name) {
    TRY_ASSIGN(auto ledger, open_ledger(session, OpenMode::read_write));
    DirectoryStore::Change change;
    change.remove_accounts = {name};
    TRY_ASSIGN([[maybe_unused]] const bool changed, ledger->apply(change, session.clock().now()));
    return ExitStatus::done;
}

}  // namespace

void add_account(const Command& app, Session& session) {
    Command account = app.sub(
        "account",
        "Customers, departments and people that traffic is charged to. Accounts form a tree");
    account.needs_sub();
    auto options = std::make_shared<Options>();
    const auto sub = [&](const char* name, const char* help) {
        Command command = account.sub(name, help);
        command.operand("NAME", options->account.name,
                        "Permanent name of the account: letters, digits, . - _ @");
        return command;
    };
    sub("add", "Add an account. If it exists with the same values, nothing changes")
        .text("--parent", options->account.parent, "The parent account", "NAME")
        .text("--title", options->account.title, "Title for people")
        .text("--email", options->account.email, "Mail address for notices", "ADDRESS")
        .does([&session, options] { return add(session, options->account); });

    Command setting = sub("set", "Change the parent, the title or the mail address of an account");
    setting.text("--parent", options->parent, "The parent account; \"\" for none", "NAME")
        .text("--title", options->title, "Title for people")
        .text("--email", options->email, "Mail address for notices; \"\" for none", "ADDRESS");
    setting.does([&session, options, parent = setting.given("--parent"),
                  title = setting.given("--title"), email = setting.given("--email")] {
        AccountChange change{.name = options->account.name};
        if (parent()) change.parent = options->parent;
        if (title()) change.title = options->title;
        if (email()) change.email = options->email;
        return set(session, std::move(change));
    });

    account.sub("list", "List all accounts as a tree").does([&session] { return list(session); });
    sub("show", "Show one account and its bindings").does([&session, options] {
        return show(session, options->account.name);
    });
    add_account_scan(account, session);
    sub("remove", "Remove an account that has neither traffic nor bindings")
        .does([&session, options] { return remove(session, options->account.name); });
}

}  // namespace octroi
