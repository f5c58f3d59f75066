// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ledger/directory_store.hpp"

namespace octroi {

// Stands in for a ledger on a machine that has none: nothing is declared, and changes are refused.
class EmptyDirectoryStore final : public DirectoryStore {
public:
    [[nodiscard]] Result<Directory> directory() override { return Directory{}; }
    [[nodiscard]] Result<std::uint64_t> directory_version() override { return 0; }
    [[nodiscard]] Result<std::string> current_class_version() override { return std::string(); }
    [[nodiscard]] Result<bool> apply(const Change& /*change*/, UtcTime /*now*/) override {
        return no_ledger();
    }
    [[nodiscard]] Status load_class_table(const ClassTable& /*table*/, std::string_view /*name*/,
                                          UtcTime /*now*/) override {
        return no_ledger();
    }
    [[nodiscard]] Result<std::optional<ClassTable>> class_table(
        std::string_view /*version*/) override {
        return std::optional<ClassTable>();
    }
    [[nodiscard]] Result<std::vector<ClassTableInfo>> class_tables() override {
        return std::vector<ClassTableInfo>();
    }

private:
    static std::unexpected<Error> no_ledger() {
        return fail(ErrorCode::unsupported, "there is no ledger to change");
    }
};

}  // namespace octroi
