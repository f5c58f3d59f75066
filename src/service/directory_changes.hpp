// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Changes of accounts, bindings and networks, as the command line makes them. Each is one change of
// the ledger's directory.

#include <optional>
#include <string>
#include <vector>

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

// The accounts, bindings and networks that files declare; "-" is standard input; all files are one
// change. Errors name the file and line.
[[nodiscard]] Result<DesiredDirectory> read_declarations(const std::vector<std::string>& files);

}  // namespace octroi
