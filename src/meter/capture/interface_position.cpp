// SPDX-License-Identifier: GPL-3.0-or-later
#include "meter/capture/interface_position.hpp"

#include "base/byte_cursor.hpp"

namespace octroi::capture {
namespace {

constexpr std::uint8_t format_version = 1;

}  // namespace

InterfacePosition InterfacePosition::of(const Interface& interface, std::string boot,
                                        UtcTime time) {
    const InterfaceCounters& c = interface.counters;
    return {std::move(boot), static_cast<std::uint32_t>(interface.index), c.rx_bytes + c.tx_bytes,
            c.rx_packets + c.tx_packets, time};
}

std::string InterfacePosition::save() const {
    ByteWriter out;
    out.u8(format_version);
    out.text(boot);
    out.be32(index);
    out.be64(bytes);
    out.be64(packets);
    out.be64(static_cast<std::uint64_t>(time.ns));
    return out.drain();
}

Result<InterfacePosition> InterfacePosition::parse(std::string_view saved) {
    ByteCursor in(as_octets(saved));
    InterfacePosition p;
    std::uint8_t version = 0;
    std::uint64_t time = 0;
    if (!in.u8(version) || version != format_version || !in.text(p.boot) || !in.be32(p.index) ||
        !in.be64(p.bytes) || !in.be64(p.packets) || !in.be64(time) || in.left() != 0)
        return fail(ErrorCode::corrupt,
                    "the cursor of an interface is damaged, or was written by another version of "
                    "Octroi; next: run `octroi audit`");
    p.time = UtcTime{static_cast<std::int64_t>(time)};
    return p;
}

}  // namespace octroi::capture
