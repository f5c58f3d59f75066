// SPDX-License-Identifier: GPL-3.0-or-later
#include <fmt/format.h>

#include <algorithm>
#include <memory>

#include "app/commands.hpp"
#include "app/ledger_access.hpp"
#include "host/log.hpp"
#include "view/ledger_view.hpp"

namespace octroi {
namespace {

struct Options {
    Account account;
    std::string parent;  // for `set`; whether it was given: see the count of the option
    std::string title;
};

const Account* find_account(const Directory& directory, std::string_view name) {
    const auto found = std::find_if(directory.accounts.begin(), directory.accounts.end(),
                                    [&](const Account& a) { return a.name == name; });
    return found == directory.accounts.end() ? nullptr : &*found;
}

std::unexpected<Error> no_such_account(std::string_view name) {
    return fail(ErrorCode::not_found,
                fmt::format("there is no account {}. Next: octroi account list", name));
}

Result<ExitStatus> put(Session& session, const Account& account) {
    TRY_ASSIGN(auto ledger, open_ledger(session, OpenMode::create));
    Registry::Change change;
    change.put_accounts = {account};
    TRY_ASSIGN(const bool changed, ledger->apply(change, session.clock().now()));
    if (!changed) log_info(fmt::format("account {} exists already: nothing changed", account.name));
    return ExitStatus::done;
}

Result<ExitStatus> add(Session& session, const Account& account) {
    TRY_ASSIGN(auto ledger, open_ledger(session, OpenMode::create));
    TRY_ASSIGN(const Directory directory, ledger->directory());
    const Account* there = find_account(directory, account.name);
    if (there != nullptr && *there != account)
        return fail(ErrorCode::exists,
                    fmt::format("account {} exists with other values. Next: octroi account set",
                                account.name));
    ledger.reset();
    return put(session, account);
}

Result<ExitStatus> set(Session& session, const std::string& name, const std::string* parent,
                       const std::string* title) {
    TRY_ASSIGN(auto ledger, open_ledger(session, OpenMode::read_write));
    TRY_ASSIGN(const Directory directory, ledger->directory());
    const Account* there = find_account(directory, name);
    if (there == nullptr) return no_such_account(name);
    Account account = *there;
    if (parent != nullptr) account.parent = *parent;
    if (title != nullptr) account.title = *title;
    ledger.reset();
    return put(session, account);
}

Result<ExitStatus> list(Session& session) {
    TRY_ASSIGN(auto ledger, open_ledger(session, OpenMode::read_only));
    TRY_ASSIGN(const Directory directory, ledger->directory());
    TRY(session.print(accounts_report(directory, session.clock().now())));
    return ExitStatus::done;
}

Result<ExitStatus> show(Session& session, const std::string& name) {
    TRY_ASSIGN(auto ledger, open_ledger(session, OpenMode::read_only));
    TRY_ASSIGN(Directory directory, ledger->directory());
    const Account* account = find_account(directory, name);
    if (account == nullptr) return no_such_account(name);
    std::erase_if(directory.bindings, [&](const Binding& b) { return b.account != name; });
    Report report = bindings_report(directory, session.clock().now(), true);
    report.heading = {
        fmt::format("{}{}{}", name, account->title.empty() ? "" : ": ", account->title)};
    if (!account->parent.empty()) report.heading.push_back("below " + account->parent);
    report.meta = {{"name", account->name}, {"parent", account->parent}, {"title", account->title}};
    TRY(session.print(report));
    return ExitStatus::done;
}

Result<ExitStatus> remove(Session& session, const std::string& name) {
    TRY_ASSIGN(auto ledger, open_ledger(session, OpenMode::read_write));
    Registry::Change change;
    change.remove_accounts = {name};
    TRY_ASSIGN([[maybe_unused]] const bool changed, ledger->apply(change, session.clock().now()));
    return ExitStatus::done;
}

}  // namespace

void add_account(const Command& app, Session& session) {
    Command account = app.sub(
        "account", "Accounts, which traffic is charged to: customers, departments, people; a tree");
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
        .does([&session, options] { return add(session, options->account); });

    Command setting = sub("set", "Change the parent or the title of an account");
    setting.text("--parent", options->parent, "The parent account; \"\" for none", "NAME")
        .text("--title", options->title, "Title for people");
    setting.does(
        [&session, options, parent = setting.given("--parent"), title = setting.given("--title")] {
            return set(session, options->account.name, parent() ? &options->parent : nullptr,
                       title() ? &options->title : nullptr);
        });

    account.sub("list", "List all accounts as a tree").does([&session] { return list(session); });
    sub("show", "Show one account and its bindings").does([&session, options] {
        return show(session, options->account.name);
    });
    sub("remove", "Remove an account that has neither traffic nor bindings")
        .does([&session, options] { return remove(session, options->account.name); });
}

}  // namespace octroi
