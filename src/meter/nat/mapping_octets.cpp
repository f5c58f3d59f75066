// SPDX-License-Identifier: GPL-3.0-or-later
#include "meter/nat/mapping_octets.hpp"

#include "base/address_octets.hpp"

namespace octroi::nat {
namespace {

bool is_address(const Address& address, bool may_be_empty) noexcept {
    return address.bits() > 0 || (may_be_empty && address == Address{});
}

bool is_valid(const Translation& t) noexcept {
    // Within it, differences of times cannot overflow.
    constexpr Duration most = Duration::hours(24 * 366 * 200);
    if (t.valid.begin < UtcTime{-most.ns} || t.valid.begin > UtcTime{most.ns}) return false;
    return is_address(t.device, true) && is_address(t.outside, false) &&
           is_address(t.remote, true) && is_address(t.inside, false) && t.port_step > 0 &&
           t.first_port <= t.last_port && t.valid.begin <= t.valid.end;
}

}  // namespace

void save(ByteWriter& out, const Translation& mapping, bool start_is_known) {
    const Translation& t = mapping;
    for (const Address* address : {&t.device, &t.outside, &t.remote, &t.inside})
        octroi::save(out, *address);
    out.u8(t.protocol);
    for (const std::uint16_t port :
         {t.first_port, t.last_port, t.port_step, t.remote_port, t.inside_port})
        out.be16(port);
    for (const UtcTime time : {t.valid.begin, t.valid.end})
        out.be64(static_cast<std::uint64_t>(time.ns));
    out.u8(start_is_known ? 1 : 0);
}

bool restore(ByteCursor& in, Translation& mapping, bool& start_is_known) {
    Translation& t = mapping;
    for (Address* address : {&t.device, &t.outside, &t.remote, &t.inside})
        if (!octroi::restore(in, *address)) return false;
    if (!in.u8(t.protocol)) return false;
    for (std::uint16_t* port :
         {&t.first_port, &t.last_port, &t.port_step, &t.remote_port, &t.inside_port})
        if (!in.be16(*port)) return false;
    std::uint64_t begin = 0;
    std::uint64_t end = 0;
    std::uint8_t known = 0;
    if (!in.be64(begin) || !in.be64(end) || !in.u8(known) || known > 1) return false;
    t.valid = {{static_cast<std::int64_t>(begin)}, {static_cast<std::int64_t>(end)}};
    start_is_known = known == 1;
    return is_valid(t);
}

}  // namespace octroi::nat
