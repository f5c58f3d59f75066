// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// The names of a meter, looked up in the tables in force: once for each name, and again when the
// tables are replaced. A reading then needs one load for a name.

#include <boost/unordered/unordered_flat_map.hpp>
#include <cstddef>
#include <cstdint>
#include <memory_resource>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "attribute/builtin_classes.hpp"
#include "attribute/class_table.hpp"
#include "attribute/directory.hpp"
#include "attribute/row_index.hpp"
#include "attribute/services.hpp"
#include "base/address.hpp"
#include "record/identity_kinds.hpp"
#include "record/name.hpp"

namespace octroi {

struct ResolvedName {
    // The row itself. Of a name that is not usable (record/name.hpp) the row of the broader name
    // that is; no_name: there is none.
    NameRef row = no_name;
    NameKind kind = NameKind::interface;
    IdentityLookup lookup = IdentityLookup::by_name;
    NameRef within = no_name;
    // The first row with the same kind and text: rows may differ in `within` only.
    NameRef first_same = no_name;
    // by_name: the bindings.
    std::uint32_t timeline = CompiledDirectory::no_timeline;
    // Index of CompiledClasses::names(): of a far class itself, of a next hop the class that it
    // decides. no_class: none.
    std::uint32_t class_index = CompiledClasses::no_class;
    // Of a far class that is built in.
    BuiltinClass builtin = BuiltinClass::none;
    // Of a service: its number, if the services in force have one.
    std::optional<std::uint32_t> service;
    // by_prefix: the prefix. by_mac: the address. by_vlan, by_as: the number.
    Prefix prefix;
    Mac mac;
    std::uint32_t number = 0;
    // by_prefix, more than one address: the local network that contains the whole prefix.
    std::optional<CompiledDirectory::Target> network;
    // first_same as an address: the key of the name in SeenParties.
    Address key;
};

class ResolvedNames {
public:
    // seed: of the hash table; secret, so that nobody can choose traffic that collides.
    explicit ResolvedNames(std::uint64_t seed)
        : seed_(seed), first_(*std::pmr::get_default_resource()) {}

    // The tables must live until the next call.
    void replace(const CompiledDirectory& directory, const CompiledClasses& classes,
                 const CompiledServices& services);
    // The rows of Meter::names(). They begin with those of the call before.
    void set(std::span<const Name> names);
    // The row got another name of the same kind, which lies within no other (NameTable::rename()).
    // No party that was found with the row may be in use.
    void rename(NameRef ref, const Name& name);

    // nullptr: no_name, a row that was not set yet, or neither the name nor one that it lies within
    // is usable.
    [[nodiscard]] const ResolvedName* find(NameRef ref) const noexcept {
        if (ref == no_name || ref > resolved_.size()) return nullptr;
        const ResolvedName& name = resolved_[ref - 1];
        return name.row == no_name ? nullptr : &name;
    }
    // Requires a row that was set.
    [[nodiscard]] const Name& name(NameRef ref) const noexcept { return names_[ref - 1]; }
    [[nodiscard]] std::size_t size() const noexcept { return names_.size(); }
    // Rows that are not usable. Interfaces do not count: not every interface has a name that can be
    // bound.
    [[nodiscard]] std::uint64_t unusable() const noexcept { return unusable_; }

private:
    [[nodiscard]] NameRef first_same(NameRef ref);
    void add(const Name& name, NameRef ref);
    void resolve(const Name& name, ResolvedName& out) const;
    void resolve_class(const std::string& name, ResolvedName& out) const;
    void resolve_identity(const Identity& identity, ResolvedName& out) const;

    const CompiledDirectory* directory_ = nullptr;
    const CompiledClasses* classes_ = nullptr;
    const CompiledServices* services_ = nullptr;
    std::uint64_t seed_;
    // Of the classes in force; of a name that is listed twice, the first.
    boost::unordered_flat_map<std::string_view, std::uint32_t> class_index_;
    std::vector<Name> names_;
    std::vector<ResolvedName> resolved_;  // by row
    RowIndex first_;                      // the first row of each kind and text
    std::uint64_t unusable_ = 0;
};

}  // namespace octroi
