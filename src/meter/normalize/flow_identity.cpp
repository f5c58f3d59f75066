// SPDX-License-Identifier: GPL-3.0-or-later
#include "meter/normalize/flow_identity.hpp"

namespace octroi::normalize {
namespace {

using Octets = std::array<std::uint8_t, 16>;

void save(ByteWriter& out, const Octets& octets) {
    for (const std::uint8_t octet : octets) out.u8(octet);
}

bool restore(ByteCursor& in, Octets& octets) {
    ByteSpan taken;
    if (!in.raw(octets.size(), taken)) return false;
    std::memcpy(octets.data(), taken.data(), octets.size());
    return true;
}

}  // namespace

void save(ByteWriter& out, const FlowIdentity& identity) {
    save(out, identity.src);
    save(out, identity.dst);
    out.be16(identity.sport);
    out.be16(identity.dport);
    out.u8(identity.proto);
    out.u8(identity.family);
    out.be16(identity.icmp);
    out.be64(identity.distinguisher);
}

bool restore(ByteCursor& in, FlowIdentity& identity) {
    return restore(in, identity.src) && restore(in, identity.dst) && in.be16(identity.sport) &&
           in.be16(identity.dport) && in.u8(identity.proto) && in.u8(identity.family) &&
           in.be16(identity.icmp) && in.be64(identity.distinguisher);
}

}  // namespace octroi::normalize
