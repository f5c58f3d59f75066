// SPDX-License-Identifier: GPL-3.0-or-later
#include "service/directory_changes.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "config/declaration.hpp"
#include "host/file.hpp"
#include "record/identity.hpp"

namespace octroi {
namespace {

// Bounds the memory where the path is that of another file.
constexpr std::size_t declaration_size_max = 256U << 20U;

Result<bool> put_account(DirectoryStore& directory_store, const Account& account, UtcTime now) {
    DirectoryStore::Change change;
    change.put_accounts = {account};
    return directory_store.apply(change, now);
}

std::unexpected<Error> at(const SourceLine& where, const Error& error) {
    return fail(ErrorCode::invalid, fmt::format("{}:{}: {}", where.file, where.line, error.text));
}

Status add_to(DesiredDirectory& wanted, const Declaration& declaration) {
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

}  // namespace

Result<Account> find_account(const Directory& directory, const std::string& name) {
    const auto found = std::ranges::find(directory.accounts, name, &Account::name);
    if (found != directory.accounts.end()) return *found;
    return fail(ErrorCode::not_found,
                fmt::format("there is no account {}; octroi account list shows all", name));
}

Result<bool> add_account(DirectoryStore& directory_store, const Account& account, UtcTime now) {
    TRY_ASSIGN(const Directory directory, directory_store.directory());
    const auto known = find_account(directory, account.name);
    if (known && *known != account)
        return fail(
            ErrorCode::exists,
            fmt::format("account {} exists with other values; octroi account set changes it",
                        account.name));
    return put_account(directory_store, account, now);
}

Result<bool> change_account(DirectoryStore& directory_store, const AccountChange& change,
                            UtcTime now) {
    TRY_ASSIGN(const Directory directory, directory_store.directory());
    TRY_ASSIGN(Account account, find_account(directory, change.name));
    account.parent = change.parent.value_or(account.parent);
    account.title = change.title.value_or(account.title);
    return put_account(directory_store, account, now);
}

Status end_bindings(DirectoryStore& directory_store, const Identity& identity,
                    const std::string& account, UtcTime at, UtcTime now) {
    TRY_ASSIGN(const Directory directory, directory_store.directory());
    DirectoryStore::Change change;
    for (const Binding& binding : directory.bindings) {
        const bool meant =
            binding.identity == identity && (account.empty() || binding.account == account);
        if (meant && binding.valid.end > at) change.end_bindings.push_back({binding.id, at});
    }
    if (change.end_bindings.empty())
        return fail(ErrorCode::not_found,
                    fmt::format("no account is bound to {}{} at that time. Next: octroi bindings",
                                identity_text(identity), account.empty() ? "" : " for " + account));
    TRY_ASSIGN([[maybe_unused]] const bool changed, directory_store.apply(change, now));
    return {};
}

Result<DesiredDirectory> read_declarations(const std::vector<std::string>& files) {
    DesiredDirectory wanted;
    for (const std::string& file : files) {
        TRY_ASSIGN(const std::string text, read_file(file, declaration_size_max));
        TRY_ASSIGN(const Declaration declaration, parse_declaration(text, file));
        TRY(add_to(wanted, declaration));
    }
    return wanted;
}

}  // namespace octroi
