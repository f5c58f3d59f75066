// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// The port for what users declare: accounts, bindings and local networks (together: the directory),
// and class tables. Every change of the directory is one transaction and increments its version.
// Nothing is deleted: a binding is ended, and earlier versions stay in the ledger, so that earlier
// figures can be explained. Threads: see ledger.hpp.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "record/class_table.hpp"
#include "record/directory.hpp"

namespace octroi {

struct ClassTableInfo {
    std::string version;  // hash of the content, hexadecimal
    std::string name;     // the files that it was loaded from, for people
    UtcTime loaded_at;    // first time
    std::uint64_t prefixes = 0;
    std::uint64_t stated = 0;  // ranges of AS numbers plus next hops
    std::vector<std::string> classes;
    bool current = false;  // new batches are attributed with it
};

class DirectoryStore {
public:
    virtual ~DirectoryStore() = default;

    // The newest version. Lists are sorted: accounts by name, bindings by id, networks by prefix.
    [[nodiscard]] virtual Result<Directory> directory() = 0;
    // Directory::accounts alone: bindings may be many.
    [[nodiscard]] virtual Result<std::vector<Account>> accounts() {
        TRY_ASSIGN(Directory whole, directory());
        return std::move(whole.accounts);
    }
    // These two are one index look-up each: a daemon calls them before each batch to see changes
    // that other processes made. Version 0 and an empty text: nothing was declared or loaded.
    [[nodiscard]] virtual Result<std::uint64_t> directory_version() = 0;
    [[nodiscard]] virtual Result<std::string> current_class_version() = 0;

    struct Change {
        std::vector<Account> put_accounts;  // new ones, or ones with another title or parent
        std::vector<std::string> remove_accounts;
        std::vector<Binding> add_bindings;  // id is ignored: the ledger assigns it
        struct End {
            std::uint64_t id = 0;
            UtcTime at;  // at or before the begin: the binding leaves the directory
        };
        std::vector<End> end_bindings;
        std::vector<LocalNetwork> put_networks;
        std::vector<std::string> remove_networks;
    };
    // Applies the whole change or nothing. False: the directory has this content already, and its
    // version stays. changed_directory() in rules.hpp states the rules and the errors; further
    // ones: busy, no_space, corrupt, failed.
    [[nodiscard]] virtual Result<bool> apply(const Change& change, UtcTime now) = 0;

    // Stores the table and makes it the current one. A version that is stored already only becomes
    // current. Errors: invalid (check_class_table() in rules.hpp), busy, no_space, failed.
    [[nodiscard]] virtual Status load_class_table(const ClassTable& table, std::string_view name,
                                                  UtcTime now) = 0;
    // nullopt: no table of this version was ever loaded.
    [[nodiscard]] virtual Result<std::optional<ClassTable>> class_table(
        std::string_view version) = 0;
    // In order of loading.
    [[nodiscard]] virtual Result<std::vector<ClassTableInfo>> class_tables() = 0;
};

}  // namespace octroi
