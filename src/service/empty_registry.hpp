// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ledger/registry.hpp"

namespace octroi {

// The registry of a machine that has no ledger yet: nothing is declared, and nothing can be.
class EmptyRegistry final : public Registry {
public:
    [[nodiscard]] Result<Directory> directory() override { return Directory{}; }
    [[nodiscard]] Result<Directory> directory_at(std::uint64_t /*version*/) override {
        return Directory{};
    }
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
        return fail(ErrorCode::unsupported, "there is no ledger here");
    }
};

}  // namespace octroi
