// SPDX-License-Identifier: GPL-3.0-or-later
#include "service/directory_changes.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "record/identity.hpp"

namespace octroi {
namespace {

Result<bool> put_account(DirectoryStore& directory_store, const Account& account, UtcTime now) {
    DirectoryStore::Change change;
    change.put_accounts = {account};
    return directory_store.apply(change, now);
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
    account.email = change.email.value_or(account.email);
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

namespace {

// The binding of the identity to another account that counts at some time in `valid`; of several
// the newest, because it counts. Null: there is none.
const Binding* binding_of_another(const Directory& directory, const DesiredBinding& wanted,
                                  const Interval& valid) {
    const Binding* newest = nullptr;
    for (const Binding& have : directory.bindings)
        if (have.identity == wanted.identity && have.account != wanted.account &&
            have.valid.overlaps(valid) && (newest == nullptr || have.id > newest->id))
            newest = &have;
    return newest;
}

// Whether the account has the identity now, for as long as wanted.
bool is_held(const Directory& directory, const DesiredBinding& wanted, UtcTime now) {
    const Binding* newest = nullptr;
    for (const Binding& have : directory.bindings)
        if (have.identity == wanted.identity && have.valid.contains(now) &&
            (newest == nullptr || have.id > newest->id))
            newest = &have;
    return newest != nullptr && newest->account == wanted.account &&
           newest->per_address == wanted.per_address &&
           newest->valid.end >= wanted.until.value_or(UtcTime::max());
}

std::string since_text(const Binding& binding) {
    std::string text = binding.valid.begin == UtcTime::min()
                           ? "since ever"
                           : "since " + to_rfc3339(binding.valid.begin);
    if (binding.valid.end != UtcTime::max()) text += " until " + to_rfc3339(binding.valid.end);
    return text;
}

}  // namespace

Result<std::vector<std::string>> bind_identity(DirectoryStore& directory_store,
                                               const DesiredBinding& wanted, bool replace,
                                               UtcTime now) {
    TRY_ASSIGN(const Directory directory, directory_store.directory());
    const Interval valid{wanted.from.value_or(UtcTime::min()),
                         wanted.until.value_or(UtcTime::max())};
    const Binding* other = binding_of_another(directory, wanted, valid);
    // The past of another account is no reason to bind again.
    if (other != nullptr && !wanted.from && is_held(directory, wanted, now))
        return std::vector<std::string>{};
    if (other != nullptr && !replace)
        return fail(ErrorCode::conflict,
                    fmt::format("{} {} bound to {} {}; next: --replace binds it to {} from {} on{}",
                                identity_text(wanted.identity),
                                other->valid.end <= now ? "was" : "is", other->account,
                                since_text(*other), wanted.account, wanted.from ? "--from" : "now",
                                wanted.from ? "" : ", --from TIME from that time on"));
    if (other == nullptr) {
        DirectoryStore::Change change;
        change.add_bindings = {{0, wanted.identity, wanted.account, valid, wanted.per_address}};
        // Only the ledger knows whether this is a change: a newer binding may hide an equal older
        // one.
        TRY_ASSIGN(const bool changed, directory_store.apply(change, now));
        if (!changed) return std::vector<std::string>{};
        return std::vector{
            fmt::format("+ binding {} to {}", identity_text(wanted.identity), wanted.account)};
    }
    DesiredDirectory desired;
    desired.bindings = {wanted};
    // The past changes its account only if the user states the date.
    if (!wanted.from) desired.bindings[0].from = std::min(now, valid.end);
    Reconciliation plan = reconcile(directory, desired, now);
    TRY_ASSIGN([[maybe_unused]] const bool changed, directory_store.apply(plan.change, now));
    return std::move(plan.lines);
}

}  // namespace octroi
