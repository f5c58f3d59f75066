// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Changes of accounts, bindings and networks, as the command line makes them. Each is one change of
// the ledger's directory.

#include <optional>
#include <string>
#include <vector>

#include "config/declaration.hpp"
#include "ledger/directory_store.hpp"
#include "ledger/reconcile.hpp"

namespace octroi {

// Errors: not_found.
[[nodiscard]] Result<Account> find_account(const Directory& directory, const std::string& name);

// False: the account exists with the same values, nothing has changed. Errors: exists (with other
// values), and those of DirectoryStore::apply.
[[nodiscard]] Result<bool> add_account(DirectoryStore& directory_store, const Account& account,
                                       UtcTime now);

// Absent fields stay as they are. False: nothing has changed. Errors: not_found.
struct AccountChange {
    std::string name;
    std::optional<std::string> parent;
    std::optional<std::string> title;
    std::optional<std::string> email = std::nullopt;  // canonical; empty: none
};
[[nodiscard]] Result<bool> change_account(DirectoryStore& directory_store,
                                          const AccountChange& change, UtcTime now);

// Ends the bindings of the identity that hold at or after `at`. account: only those to this one;
// empty: all. Errors: not_found (none holds then).
[[nodiscard]] Status end_bindings(DirectoryStore& directory_store, const Identity& identity,
                                  const std::string& account, UtcTime at, UtcTime now);

// Binds an identity. If it belongs to another account at some time of the new binding, that is
// refused (conflict: the text names that account and since when), unless `replace`: then as `octroi
// apply` does it, from now on where no begin is wanted. Returns the changes for people; none:
// nothing has changed.
[[nodiscard]] Result<std::vector<std::string>> bind_identity(DirectoryStore& directory_store,
                                                             const DesiredBinding& wanted,
                                                             bool replace, UtcTime now);

// What files declare; "-" is standard input. Names, mail addresses and identities are valid.
// Errors: those of files, invalid (every wrong line, one in each line of the text: "people.csv:7:
// …").
[[nodiscard]] Result<std::vector<Declaration>> read_declarations(
    const std::vector<std::string>& files);

// The same as one directory. Accounts that are named as a parent or in a binding are declared or
// `known`; no account is declared twice; no identity is declared for two accounts at all times.
// Errors: invalid, as above. declarations: of read_declarations().
[[nodiscard]] Result<DesiredDirectory> desired_directory(
    const std::vector<Declaration>& declarations, const Directory& known);

}  // namespace octroi
