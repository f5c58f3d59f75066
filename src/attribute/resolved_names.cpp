// SPDX-License-Identifier: GPL-3.0-or-later
#include "attribute/resolved_names.hpp"

#include <algorithm>
#include <charconv>

#include "base/check.hpp"
#include "base/narrow.hpp"
#include "base/text_hash.hpp"

namespace octroi {
namespace {

// The number in the canonical text of a VLAN or an AS: decimal digits only.
std::uint32_t number_of(const std::string& digits) {
    std::uint32_t value = 0;
    std::from_chars(digits.data(), digits.data() + digits.size(), value);
    return value;
}

}  // namespace

void ResolvedNames::replace(const CompiledDirectory& directory, const CompiledClasses& classes,
                            const CompiledServices& services) {
    directory_ = &directory;
    classes_ = &classes;
    services_ = &services;
    class_index_.clear();
    for (std::uint32_t index = 0; const std::string& name : classes.names())
        class_index_.emplace(name, index++);
    for (ResolvedName& name : resolved_) {
        if (name.row == no_name) continue;
        // This row itself. For a name that is not usable: the broader name, in an earlier row.
        const ResolvedName& source = resolved_[name.row - 1];
        if (&source == &name)
            resolve(names_[name.row - 1], name);
        else
            name = source;
    }
}

void ResolvedNames::set(std::span<const Name> names) {
    for (const Name& name : names.subspan(std::min(names.size(), names_.size()))) {
        names_.push_back(name);
        add(name, narrow<NameRef>(names_.size()));
    }
}

void ResolvedNames::add(const Name& name, NameRef ref) {
    CHECK(name.within < ref);
    ResolvedName& out = resolved_.emplace_back();
    if (!is_usable(name)) {
        if (name.kind != NameKind::interface) ++unusable_;
        if (name.within != no_name) out = resolved_[name.within - 1];
        return;
    }
    out.row = ref;
    out.kind = name.kind;
    out.within = name.within;
    out.first_same = first_same(ref);
    out.key = Address::v4(out.first_same);
    resolve(name, out);
}

// Such names are of interfaces and next hops in readings: they are never the key of a party, so
// that rows with one text need not share a key.
void ResolvedNames::rename(NameRef ref, const Name& name) {
    CHECK(name.within == no_name && name.kind == names_[ref - 1].kind);
    names_[ref - 1] = name;
    ResolvedName& out = resolved_[ref - 1];
    out = {};
    if (!is_usable(name)) return;
    out.row = ref;
    out.kind = name.kind;
    out.first_same = ref;
    out.key = Address::v4(ref);
    resolve(name, out);
}

NameRef ResolvedNames::first_same(NameRef ref) {
    const Name& name = names_[ref - 1];
    const std::uint64_t hash =
        mix(text_hash(name.text, seed_), static_cast<std::uint64_t>(name.kind) ^ mix_a);
    const std::uint32_t row = first_.find_or_insert(hash, ref - 1, [&](std::uint32_t known) {
        return names_[known].kind == name.kind && names_[known].text == name.text;
    });
    return row + 1;
}

// Sets the fields that depend on directory, classes and services.
void ResolvedNames::resolve(const Name& name, ResolvedName& out) const {
    if (name.kind == NameKind::far_class) resolve_class(name.text, out);
    if (name.kind == NameKind::service) out.service = services_->number_of(name.text);
    if (name.kind == NameKind::next_hop)
        out.class_index = classes_->find_next_hop(*parse_address(name.text));
    if (const auto kind = identity_kind(name.kind)) resolve_identity({*kind, name.text}, out);
}

void ResolvedNames::resolve_class(const std::string& name, ResolvedName& out) const {
    const auto known = class_index_.find(name);
    out.class_index = known == class_index_.end() ? CompiledClasses::no_class : known->second;
    const auto builtin = std::ranges::find(builtin_class_names, name);
    if (builtin != builtin_class_names.end())
        out.builtin = static_cast<BuiltinClass>(builtin - builtin_class_names.begin());
}

void ResolvedNames::resolve_identity(const Identity& identity, ResolvedName& out) const {
    out.lookup = find_identity_kind(identity.kind)->lookup;
    switch (out.lookup) {
        case IdentityLookup::by_prefix:
            out.prefix = *parse_prefix(identity.value);
            // A single address is looked up as such.
            if (out.prefix.length != out.prefix.address.bits())
                out.network = directory_->find_network(out.prefix);
            break;
        case IdentityLookup::by_mac:
            out.mac = *parse_mac(identity.value);
            break;
        case IdentityLookup::by_vlan:
        case IdentityLookup::by_as:
            out.number = number_of(identity.value);
            break;
        case IdentityLookup::by_name:
            out.timeline = directory_->name_timeline(identity);
            break;
    }
}

}  // namespace octroi
