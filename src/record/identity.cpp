// SPDX-License-Identifier: GPL-3.0-or-later
#include "record/identity.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/address.hpp"
#include "record/identity_kinds.hpp"

namespace octroi {
namespace {

std::string_view trim_blanks(std::string_view text) {
    const auto first = text.find_first_not_of(" \t");
    if (first == std::string_view::npos) return {};
    return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

Result<Identity> identity_of(const IdentityKindInfo& info, std::string_view text) {
    TRY_ASSIGN(std::string value, info.canonical(text));
    return Identity{info.kind, std::move(value)};
}

std::string examples() {
    std::string list;
    for (const IdentityKindInfo& info : identity_kinds())
        list += fmt::format("{}'{}'", list.empty() ? "" : ", ", info.example);
    return list;
}

}  // namespace

Result<Identity> parse_identity(std::string_view text) {
    const std::string_view whole = trim_blanks(text);
    const std::size_t gap = std::min(whole.find_first_of(" \t:"), whole.size());
    // An IPv6 address and a MAC have a colon too, but no keyword before the first one.
    if (gap < whole.size()) {
        if (const IdentityKindInfo* info = find_identity_kind(whole.substr(0, gap)))
            return identity_of(*info, trim_blanks(whole.substr(gap + 1)));
    }
    for (const IdentityKindInfo& info : identity_kinds())
        if (info.is_bare != nullptr && info.is_bare(whole)) return identity_of(info, whole);
    return fail(ErrorCode::invalid,
                fmt::format("'{}' is not an identity. Write an address (10.1.2.3), or one of {}",
                            text, examples()));
}

Status check_identity(const Identity& identity) {
    const IdentityKindInfo* info = find_identity_kind(identity.kind);
    if (info == nullptr)
        return fail(ErrorCode::invalid, fmt::format("the kind of identity {} is unknown",
                                                    static_cast<int>(identity.kind)));
    TRY_ASSIGN(const std::string canonical, info->canonical(identity.value));
    if (canonical == identity.value) return {};
    return fail(ErrorCode::invalid,
                fmt::format("'{}' is not in canonical form: '{}'", identity.value, canonical));
}

bool is_canonical(const Identity& identity) { return check_identity(identity).has_value(); }

std::string identity_text(const Identity& identity) {
    const IdentityKindInfo* info = find_identity_kind(identity.kind);
    if (info == nullptr) return identity.value;
    if (info->lookup != IdentityLookup::by_prefix)
        return fmt::format("{} {}", info->keyword, identity.value);
    const auto prefix = parse_prefix(identity.value);
    const bool single = prefix && prefix->length == prefix->address.bits();
    return single ? to_string(prefix->address) : identity.value;
}

}  // namespace octroi
