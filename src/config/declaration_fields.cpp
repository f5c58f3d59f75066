// SPDX-License-Identifier: GPL-3.0-or-later
#include "config/declaration_fields.hpp"

#include <algorithm>

namespace octroi {
namespace {

constexpr std::array described_accounts{
    DeclaredField{.name = "name",
                  .type = "text",
                  .help =
                      "Letters, digits, `.`, `-`, `_` and `@`; the first one is neither `@` nor "
                      "`-`.",
                  .example = "physics",
                  .required = true},
    DeclaredField{.name = "parent",
                  .type = "text",
                  .help = "The account above it in the tree. Empty: none, it is at the top. Left "
                          "out: unchanged.",
                  .example = "science"},
    DeclaredField{.name = "title",
                  .type = "text",
                  .help = "What people read beside the name. Left out: unchanged.",
                  .example = "Department of Physics"},
    DeclaredField{.name = "email",
                  .type = "text",
                  .help = "Mail address for notices. Empty or left out: unchanged.",
                  .example = "physics@example.org"},
    DeclaredField{.name = "bindings",
                  .type = "texts",
                  .help = "Identities of the account, with `;` between them (TOML: also a list of "
                          "texts), as `identity` of a binding has them. They are bound since ever; "
                          "or from now on, if another account has them.",
                  .example = "user physics; 10.1.9.0/24"},
};

constexpr std::array described_bindings{
    DeclaredField{.name = "identity",
                  .type = "text",
                  .help =
                      "What belongs to the account: an address, a prefix or a MAC, or a keyword "
                      "and a value (`user alice`, `interface eth1`), as `octroi bind` takes it.",
                  .example = "10.1.0.0/16",
                  .required = true},
    DeclaredField{.name = "account",
                  .type = "text",
                  .help = "The name of the account. It is in one of the files, or in the ledger.",
                  .example = "physics",
                  .required = true},
    DeclaredField{.name = "from",
                  .type = "time",
                  .help = "Begin of the binding, RFC 3339, in UTC unless an offset is given. Left "
                          "out: since ever; or from now on, if another account has the identity.",
                  .example = "2026-01-01T00:00:00Z"},
    DeclaredField{.name = "until",
                  .type = "time",
                  .help = "End of the binding, not included. Left out: no end.",
                  .example = ""},
    DeclaredField{.name = "per_address",
                  .type = "true or false",
                  .help = "Count each address of a prefix separately.",
                  .example = "true"},
};

constexpr std::array described_networks{
    DeclaredField{.name = "prefix",
                  .type = "text",
                  .help = "A network of our own addresses: traffic of those without a binding "
                          "is `@unattributed`.",
                  .example = "10.0.0.0/8",
                  .required = true},
    DeclaredField{.name = "per_address",
                  .type = "true or false",
                  .help = "Count each of these addresses separately (default: true).",
                  .example = "true"},
};

constexpr std::array tables{
    DeclaredTable{"account", "A customer, a department or a person. Accounts form a tree.",
                  described_accounts},
    DeclaredTable{"binding", "An identity that belongs to an account for a time.",
                  described_bindings},
    DeclaredTable{"network", "A network of this site.", described_networks},
};

}  // namespace

std::span<const DeclaredTable> declared_tables() { return tables; }

const DeclaredTable* find_declared_table(std::string_view name) {
    const auto* found = std::ranges::find(tables, name, &DeclaredTable::name);
    return found == tables.end() ? nullptr : found;
}

}  // namespace octroi
