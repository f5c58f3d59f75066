// SPDX-License-Identifier: GPL-3.0-or-later
#include "record/directory.hpp"

#include "base/address.hpp"

namespace octroi {

std::string identity_text(const Identity& identity) {
    switch (identity.kind) {
        case IdentityKind::prefix: {
            const auto prefix = parse_prefix(identity.value);
            const bool single = prefix && prefix->length == prefix->address.bits();
            return single ? to_string(prefix->address) : identity.value;
        }
        case IdentityKind::mac:
            return "mac " + identity.value;
        case IdentityKind::vlan:
            return "vlan " + identity.value;
        case IdentityKind::interface:
            return "interface " + identity.value;
        case IdentityKind::as:
            return "as " + identity.value;
        case IdentityKind::next_hop:
            return "next-hop " + identity.value;
    }
    return identity.value;
}

}  // namespace octroi
