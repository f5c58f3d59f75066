// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// What each name of a meter means in the tables in force: looked up once for each name, and again
// when the tables are replaced, so that a reading needs one load for it.

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "attribute/class_table.hpp"
#include "attribute/directory.hpp"
#include "attribute/services.hpp"
#include "base/address.hpp"
#include "record/identity_kinds.hpp"
#include "record/name.hpp"

namespace octroi {

struct ResolvedName {
    NameKind kind = NameKind::interface;
    IdentityLookup lookup = IdentityLookup::by_name;
    NameRef within = no_name;
    // The first row with the same kind and text: rows may differ in `within` only.
    NameRef first_same = no_name;
    // by_name: its bindings.
    std::uint32_t timeline = CompiledDirectory::no_timeline;
    // Of a next hop the class that it decides, of a far class the class itself; by
    // CompiledClasses::names(). no_class: none.
    std::uint32_t class_index = CompiledClasses::no_class;
    // Of a service: its number, if the services in force have it.
    std::optional<std::uint32_t> service;
    // by_prefix: the prefix. by_mac: the address. by_vlan, by_as: the number.
    Prefix prefix;
    Mac mac;
    std::uint32_t number = 0;
    // first_same as an address: the key under which SeenParties knows the name.
    Address key;
};

class ResolvedNames {
public:
    // The tables must live until the next call.
    void replace(const CompiledDirectory& directory, const CompiledClasses& classes,
                 const CompiledServices& services);
    // As Meter::names() gives them: rows are only added.
    void set(std::span<const Name> names);

    // nullptr: no_name, or a row that was not given yet.
    [[nodiscard]] const ResolvedName* find(NameRef ref) const noexcept {
        return ref == no_name || ref > resolved_.size() ? nullptr : &resolved_[ref - 1];
    }
    [[nodiscard]] const Name& name(NameRef ref) const noexcept { return names_[ref - 1]; }
    [[nodiscard]] std::size_t size() const noexcept { return names_.size(); }

private:
    [[nodiscard]] ResolvedName resolve(NameRef ref) const;

    const CompiledDirectory* directory_ = nullptr;
    const CompiledClasses* classes_ = nullptr;
    const CompiledServices* services_ = nullptr;
    std::vector<Name> names_;
    std::vector<ResolvedName> resolved_;
    std::map<std::pair<NameKind, std::string>, NameRef> first_;
};

}  // namespace octroi
