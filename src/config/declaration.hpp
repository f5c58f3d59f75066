// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// What `octroi apply` reads: who there is, as a file that can be kept under version control. Two
// forms:
//
//   TOML  [[account]] name parent title        [[network]] prefix per_address
//         [[binding]] identity account from until per_address
//   CSV   a header line with these same names; the names tell which of the three the file declares.
//
// Values are checked for their own form only. What an identity is, and which accounts exist, is for
// others to say.

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
    std::optional<std::string> parent;  // absent: as it is; empty: at the top
    std::optional<std::string> title;
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

// CSV if the name ends in ".csv", TOML else. An Error (invalid) holds every problem, a line each,
// as "people.csv:7: …".
[[nodiscard]] Result<Declaration> parse_declaration(std::string_view text,
                                                    std::string_view file_name);

}  // namespace octroi
