// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/address_octets.hpp"

namespace octroi {

void save(ByteWriter& out, const Address& address) {
    out.u8(static_cast<std::uint8_t>(address.family));
    for (const std::uint8_t octet : address.octets) out.u8(octet);
}

bool restore(ByteCursor& in, Address& address) {
    std::uint8_t family = 0;
    if (!in.u8(family)) return false;
    if (family != 0 && family != 4 && family != 6) return false;
    address.family = Family{family};
    for (std::uint8_t& octet : address.octets)
        if (!in.u8(octet)) return false;
    return true;
}

}  // namespace octroi
