// SPDX-License-Identifier: GPL-3.0-or-later
#include "attribute/resolved_names.hpp"

#include <algorithm>
#include <charconv>

#include "base/check.hpp"

namespace octroi {
namespace {

std::uint32_t index_of_class(const CompiledClasses& classes, const std::string& name) {
    const auto& names = classes.names();
    const auto known = std::ranges::find(names, name);
    return known == names.end() ? CompiledClasses::no_class
                                : static_cast<std::uint32_t>(known - names.begin());
}

// Of a VLAN or AS in canonical text.
std::uint32_t number_of(const std::string& digits) {
    std::uint32_t value = 0;
    std::from_chars(digits.data(), digits.data() + digits.size(), value);
    return value;
}

void read_value(const Name& name, ResolvedName& out) {
    switch (out.lookup) {
        case IdentityLookup::by_prefix:
            if (const auto prefix = parse_prefix(name.text)) out.prefix = *prefix;
            break;
        case IdentityLookup::by_mac:
            if (const auto mac = parse_mac(name.text)) out.mac = *mac;
            break;
        case IdentityLookup::by_vlan:
        case IdentityLookup::by_as:
            out.number = number_of(name.text);
            break;
        case IdentityLookup::by_name:
            break;
    }
}

}  // namespace

void ResolvedNames::replace(const CompiledDirectory& directory, const CompiledClasses& classes,
                            const CompiledServices& services) {
    directory_ = &directory;
    classes_ = &classes;
    services_ = &services;
    for (NameRef ref = 1; ref <= names_.size(); ++ref) resolved_[ref - 1] = resolve(ref);
}

void ResolvedNames::set(std::span<const Name> names) {
    for (const Name& name : names.subspan(std::min(names.size(), names_.size()))) {
        names_.push_back(name);
        const auto ref = static_cast<NameRef>(names_.size());
        CHECK(name.within < ref);
        first_.try_emplace({name.kind, name.text}, ref);
        resolved_.push_back(resolve(ref));
    }
}

ResolvedName ResolvedNames::resolve(NameRef ref) const {
    const Name& name = names_[ref - 1];
    ResolvedName out;
    out.kind = name.kind;
    out.within = name.within;
    out.first_same = first_.at({name.kind, name.text});
    out.key = Address::v4(out.first_same);
    if (name.kind == NameKind::far_class) out.class_index = index_of_class(*classes_, name.text);
    if (name.kind == NameKind::service) out.service = services_->number_of(name.text);
    const auto kind = identity_kind(name.kind);
    if (!kind) return out;
    const IdentityKindInfo* info = find_identity_kind(*kind);
    CHECK(info != nullptr);
    out.lookup = info->lookup;
    read_value(name, out);
    if (out.lookup == IdentityLookup::by_name)
        out.timeline = directory_->name_timeline({*kind, name.text});
    if (name.kind == NameKind::next_hop) {
        if (const auto address = parse_address(name.text))
            out.class_index = classes_->find_next_hop(*address);
    }
    return out;
}

}  // namespace octroi
