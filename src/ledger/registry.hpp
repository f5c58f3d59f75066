// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// The port for what people declare: accounts, bindings, local networks, class tables. Every change
// is one transaction and raises the directory's version. History is kept: a binding is ended, not
// deleted, so that yesterday's figures can still be explained.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "record/class_table.hpp"
#include "record/directory.hpp"

namespace octroi {

struct ClassTableInfo {
    std::string version;  // content hash, hex
    std::string name;     // where it was loaded from, for people
    UtcTime loaded_at;
    std::uint64_t prefixes = 0;
    std::uint64_t stated = 0;  // ranges of AS numbers, and next hops
    std::vector<std::string> classes;
    bool current = false;
};

class Registry {
public:
    virtual ~Registry() = default;

    [[nodiscard]] virtual Result<Directory> directory() = 0;
    // As it was at a version that a batch names; version 0 is empty. not_found beyond the newest.
    [[nodiscard]] virtual Result<Directory> directory_at(std::uint64_t version) = 0;
    // Cheap: for noticing that the directory or the class table changed while running.
    [[nodiscard]] virtual Result<std::uint64_t> directory_version() = 0;
    [[nodiscard]] virtual Result<std::string> current_class_version() = 0;  // empty: none loaded

    // One change; all of it or nothing. Rules are checked (ledger/rules.hpp): parents exist, no
    // cycle, identities are canonical, an interval is not empty, an account with bindings or
    // traffic is not removed. Applying what is there already changes nothing (answer: false).
    struct Change {
        std::vector<Account> put_accounts;  // added, or title/parent changed
        std::vector<std::string> remove_accounts;
        std::vector<Binding> add_bindings;  // id is given by the ledger
        struct End {
            std::uint64_t id = 0;
            UtcTime at;  // end <= begin removes it from use altogether
        };
        std::vector<End> end_bindings;
        std::vector<LocalNetwork> put_networks;
        std::vector<std::string> remove_networks;
    };
    [[nodiscard]] virtual Result<bool> apply(const Change& change, UtcTime now) = 0;

    // Keeps the table and makes it the current one. The same version again only makes it current.
    [[nodiscard]] virtual Status load_class_table(const ClassTable& table, std::string_view name,
                                                  UtcTime now) = 0;
    [[nodiscard]] virtual Result<std::optional<ClassTable>> class_table(
        std::string_view version) = 0;
    [[nodiscard]] virtual Result<std::vector<ClassTableInfo>> class_tables() = 0;
};

}  // namespace octroi
