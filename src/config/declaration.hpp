// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// The files that `octroi apply` reads: accounts, bindings and networks, in a form that can be kept
// under version control. There are two forms:
//
//   TOML  [[account]] name parent title email bindings
//         [[network]] prefix per_address
//         [[binding]] identity account from until per_address
//   CSV   a header line with the same names; they decide which of the three the file declares.
//
// Only the form of each value is checked here. attribute/ parses identities, and the ledger knows
// which accounts exist.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "base/time.hpp"
#include "config/config.hpp"

namespace octroi {

struct DeclaredAccount {
    std::string name;
    std::optional<std::string> parent;  // absent: unchanged; empty: at the top of the tree
    std::optional<std::string> title;
    std::optional<std::string> email;   // as written, not empty; absent: unchanged
    std::vector<std::string> bindings;  // identities as written; since ever, without end
    SourceLine where;
};

struct DeclaredBinding {
    std::string identity;  // as written: "10.1.0.0/16", "mac 0:30:ca:b8:d9:bc"
    std::string account;
    std::optional<UtcTime> from;
    std::optional<UtcTime> until;
    bool per_address = false;
    SourceLine where;
};

struct DeclaredNetwork {
    std::string prefix;
    bool per_address = true;
    SourceLine where;
};

struct Declaration {
    std::vector<DeclaredAccount> accounts;
    std::vector<DeclaredBinding> bindings;
    std::vector<DeclaredNetwork> networks;
};

// The file is CSV if its name ends in ".csv", TOML if it ends in ".toml", else CSV if its first
// line is a CSV header (standard input has no name). An Error (invalid) holds every problem, one in
// each line: "people.csv:7: …".
[[nodiscard]] Result<Declaration> parse_declaration(std::string_view text,
                                                    std::string_view file_name);

}  // namespace octroi
