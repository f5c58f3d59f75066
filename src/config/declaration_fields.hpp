// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// The tables and columns of the files of `octroi apply`: the parser, docs/apply.md and
// `octroi apply --example` are made from these rows.

#include <array>
#include <span>
#include <string_view>

namespace octroi {

struct DeclaredField {
    std::string_view name;
    std::string_view type;     // for docs: "text", "time", "true or false"
    std::string_view help;     // one or two sentences
    std::string_view example;  // the value in the example, as CSV has it; empty: left out
    bool required = false;
};

struct DeclaredTable {
    std::string_view name;  // of its TOML sections
    std::string_view help;
    std::span<const DeclaredField> fields;
};

// account, binding, network.
[[nodiscard]] std::span<const DeclaredTable> declared_tables();
// Null: there is no such table.
[[nodiscard]] const DeclaredTable* find_declared_table(std::string_view name);

}  // namespace octroi
