// SPDX-License-Identifier: GPL-3.0-or-later
// changed_directory() and check_class_table() of ledger/rules.hpp.
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "base/address.hpp"
#include "ledger/rules.hpp"
#include "record/email_address.hpp"
#include "record/identity.hpp"
#include "record/identity_kinds.hpp"

namespace octroi {
namespace {

using Accounts = std::map<std::string, Account, std::less<>>;

bool is_account_octet(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
           c == '-' || c == '_' || c == '@';
}

Status check_account(const Account& account) {
    if (!is_account_name(account.name))
        return fail(ErrorCode::invalid,
                    fmt::format("account '{}': the name is not valid; use at most {} letters, "
                                "digits, '.', '-', '_' and '@', and begin with none of '@' and '-'",
                                account.name.substr(0, name_octets_max), name_octets_max));
    if (!account.title.empty() && !is_name(account.title))
        return fail(ErrorCode::invalid,
                    fmt::format("account '{}': the title has control characters or more than {} "
                                "octets",
                                account.name, name_octets_max));
    if (!account.email.empty()) {
        const auto email = canonical_email(account.email);
        if (!email)
            return fail(ErrorCode::invalid,
                        fmt::format("account '{}': {}", account.name, email.error().text));
        if (*email != account.email)
            return fail(ErrorCode::invalid,
                        fmt::format("account '{}': the mail address '{}' is not in its canonical "
                                    "form '{}'",
                                    account.name, account.email, *email));
    }
    if (account.parent == account.name)
        return fail(ErrorCode::invalid,
                    fmt::format("account '{}' cannot be its own parent", account.name));
    return {};
}

// Every parent exists, no account is its own ancestor, and the depth is limited. The limit also
// ends the walk for an account below a cycle of which it is not a member.
Status check_tree(const Accounts& accounts) {
    for (const auto& [name, account] : accounts) {
        const Account* at = &account;
        std::size_t depth = 1;
        while (!at->parent.empty()) {
            const auto parent = accounts.find(at->parent);
            if (parent == accounts.end())
                return fail(
                    ErrorCode::not_found,
                    fmt::format("account '{}': the parent '{}' does not exist; next: add it "
                                "first",
                                at->name, at->parent));
            at = &parent->second;
            if (at == &account)
                return fail(ErrorCode::invalid,
                            fmt::format("account '{}' would be its own ancestor", name));
            if (++depth > account_depth_max)
                return fail(ErrorCode::over_limit,
                            fmt::format("account '{}' is more than {} levels deep, or below a "
                                        "cycle of accounts",
                                        name, account_depth_max));
        }
    }
    return {};
}

Status put_accounts(Accounts& accounts, const DirectoryStore::Change& change) {
    std::set<std::string_view> seen;
    for (const Account& account : change.put_accounts) {
        TRY(check_account(account));
        if (!seen.insert(account.name).second)
            return fail(ErrorCode::invalid,
                        fmt::format("account '{}' is listed twice", account.name));
        accounts[account.name] = account;
    }
    return {};
}

Status remove_accounts(Accounts& accounts, const Directory& directory,
                       const DirectoryStore::Change& change, const ChangeContext& context) {
    for (const std::string& name : change.remove_accounts)
        if (accounts.erase(name) == 0)
            return fail(ErrorCode::not_found, fmt::format("account '{}' does not exist", name));
    for (const std::string& name : change.remove_accounts) {
        for (const auto& [child, account] : accounts)
            if (account.parent == name)
                return fail(ErrorCode::conflict,
                            fmt::format("account '{}' is not removed: account '{}' is below it; "
                                        "next: remove or move that account first",
                                        name, child));
        for (const Binding& binding : directory.bindings)
            if (binding.account == name)
                return fail(ErrorCode::conflict,
                            fmt::format("account '{}' is not removed: binding {} ({}) refers to it",
                                        name, binding.id, binding.identity.value));
        if (context.has_traffic && context.has_traffic(name))
            return fail(ErrorCode::conflict,
                        fmt::format("account '{}' is not removed: the ledger contains its traffic; "
                                    "next: end its bindings and keep the account",
                                    name));
    }
    return {};
}

// Whether the directory already has this effect: of the bindings of the identity that overlap the
// interval, the newest is for the same account and covers the whole interval. An older one is not
// enough, because the newest counts.
bool is_bound_already(const Directory& directory, const Binding& wanted) {
    const Binding* newest = nullptr;
    for (const Binding& binding : directory.bindings)
        if (binding.identity == wanted.identity && binding.valid.overlaps(wanted.valid))
            if (newest == nullptr || binding.id > newest->id) newest = &binding;
    return newest != nullptr && newest->account == wanted.account &&
           newest->per_address == wanted.per_address && newest->valid.begin <= wanted.valid.begin &&
           newest->valid.end >= wanted.valid.end;
}

// Bindings by identity, so that a change with thousands of bindings does not compare all pairs.
class KnownBindings {
public:
    explicit KnownBindings(const Directory& directory) {
        for (const Binding& binding : directory.bindings) add(binding);
    }
    void add(const Binding& binding) { by_identity_[binding.identity].bindings.push_back(binding); }
    [[nodiscard]] bool has(const Binding& wanted) const {
        const auto found = by_identity_.find(wanted.identity);
        return found != by_identity_.end() && is_bound_already(found->second, wanted);
    }

private:
    std::map<Identity, Directory> by_identity_;
};

Status add_bindings(Directory& directory, const Accounts& accounts,
                    const DirectoryStore::Change& change, const ChangeContext& context) {
    KnownBindings known(directory);
    std::uint64_t next_id = context.next_binding_id;
    for (Binding binding : change.add_bindings) {
        TRY(check_identity(binding.identity));
        if (!accounts.contains(binding.account))
            return fail(ErrorCode::not_found,
                        fmt::format("binding of {}: account '{}' does not exist; next: add the "
                                    "account first",
                                    binding.identity.value, binding.account));
        if (binding.valid.end <= binding.valid.begin)
            return fail(ErrorCode::invalid,
                        fmt::format("binding of {} to '{}': it ends before it begins",
                                    binding.identity.value, binding.account));
        if (binding.per_address &&
            find_identity_kind(binding.identity.kind)->lookup != IdentityLookup::by_prefix)
            return fail(ErrorCode::invalid,
                        fmt::format("binding of {}: only a prefix can be bound per address",
                                    binding.identity.value));
        if (known.has(binding)) continue;
        binding.id = next_id++;
        known.add(binding);
        directory.bindings.push_back(std::move(binding));
    }
    return {};
}

Status end_bindings(Directory& directory, const DirectoryStore::Change& change) {
    for (const auto& [id, at] : change.end_bindings) {
        const auto has_id = [wanted = id](const Binding& binding) { return binding.id == wanted; };
        const auto found =
            std::find_if(directory.bindings.begin(), directory.bindings.end(), has_id);
        if (found == directory.bindings.end())
            return fail(ErrorCode::not_found, fmt::format("binding {} does not exist", id));
        if (at > found->valid.end)
            return fail(ErrorCode::invalid,
                        fmt::format("binding {} already ended at {}; next: add a new binding", id,
                                    to_rfc3339(found->valid.end)));
        found->valid.end = at;
        if (found->valid.end <= found->valid.begin) directory.bindings.erase(found);
    }
    return {};
}

Status change_networks(Directory& directory, const DirectoryStore::Change& change) {
    std::map<std::string, LocalNetwork> networks;
    for (const LocalNetwork& network : directory.networks) networks[network.prefix] = network;
    for (const std::string& prefix : change.remove_networks)
        if (networks.erase(prefix) == 0)
            return fail(ErrorCode::not_found,
                        fmt::format("local network {} does not exist", prefix));
    std::set<std::string_view> seen;
    for (const LocalNetwork& network : change.put_networks) {
        TRY(check_identity({IdentityKind::prefix, network.prefix}));
        if (!seen.insert(network.prefix).second)
            return fail(ErrorCode::invalid,
                        fmt::format("local network {} is listed twice", network.prefix));
        networks[network.prefix] = network;
    }
    directory.networks.clear();
    for (auto& [prefix, network] : networks) directory.networks.push_back(std::move(network));
    return {};
}

std::unexpected<Error> refuse_table(const std::string& text) {
    return fail(ErrorCode::invalid, "class table: " + text);
}

// The classes that follow from AS numbers and next hops of flow records.
Status check_stated_classes(const ClassTable& table) {
    const ClassAses* previous = nullptr;
    for (const ClassAses& range : table.ases) {
        if (range.class_index >= table.classes.size())
            return refuse_table(fmt::format("AS {} has a class that is not listed", range.first));
        if (range.last < range.first || (previous != nullptr && range.first <= previous->last))
            return refuse_table(fmt::format(
                "AS {} is in an empty range, in two ranges, or not in order", range.first));
        previous = &range;
    }
    const ClassNextHop* before = nullptr;
    for (const ClassNextHop& entry : table.next_hops) {
        const std::string text = to_string(entry.next_hop);
        if (entry.class_index >= table.classes.size())
            return refuse_table(fmt::format("next hop {} has a class that is not listed", text));
        if (entry.next_hop.empty() || (before != nullptr && entry.next_hop <= before->next_hop))
            return refuse_table(
                fmt::format("next hop {} is empty, listed twice or not in order", text));
        before = &entry;
    }
    return {};
}

}  // namespace

bool is_account_name(std::string_view text) {
    return is_name(text) && text.front() != '@' && text.front() != '-' &&
           std::all_of(text.begin(), text.end(), is_account_octet);
}

Status check_class_table(const ClassTable& table) {
    // '@' marks parties of Octroi.
    const auto is_class = [](std::string_view name) { return is_name(name) && name[0] != '@'; };
    if (!is_name(table.version)) return refuse_table("it has no version");
    if (!is_class(table.default_class))
        return refuse_table("the name of the default class is not valid");
    std::set<std::string_view> seen;
    for (const std::string& name : table.classes)
        if (!is_class(name) || !seen.insert(name).second)
            return refuse_table(fmt::format("class '{}' has an invalid name or is listed twice",
                                            name.substr(0, name_octets_max)));
    const ClassRoute* previous = nullptr;
    for (const ClassRoute& route : table.routes) {
        if (route.class_index >= table.classes.size())
            return refuse_table(
                fmt::format("prefix {} has a class that is not listed", to_string(route.prefix)));
        if (route.prefix.address.empty() || route.prefix.length > route.prefix.address.bits() ||
            Prefix::of(route.prefix.address, route.prefix.length) != route.prefix)
            return refuse_table(fmt::format("'{}' is not a prefix", to_string(route.prefix)));
        if (previous != nullptr && route.prefix <= previous->prefix)
            return refuse_table(
                fmt::format("prefix {} is listed twice or not in order", to_string(route.prefix)));
        previous = &route;
    }
    return check_stated_classes(table);
}

Result<Directory> changed_directory(Directory directory, const DirectoryStore::Change& change,
                                    const ChangeContext& context) {
    const Directory before = directory;
    Accounts accounts;
    for (const Account& account : directory.accounts) accounts[account.name] = account;
    TRY(put_accounts(accounts, change));
    // Bindings are ended before new ones are added, so that a change can move an identity from one
    // account to another. Accounts are removed last, when nothing refers to them any more.
    TRY(end_bindings(directory, change));
    TRY(add_bindings(directory, accounts, change, context));
    TRY(remove_accounts(accounts, directory, change, context));
    TRY(check_tree(accounts));
    TRY(change_networks(directory, change));
    directory.accounts.clear();
    for (auto& [name, account] : accounts) directory.accounts.push_back(std::move(account));
    const bool same = directory.accounts == before.accounts &&
                      directory.bindings == before.bindings &&
                      directory.networks == before.networks;
    if (!same) ++directory.version;
    return directory;
}

}  // namespace octroi
