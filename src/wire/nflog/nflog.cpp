// SPDX-License-Identifier: GPL-3.0-or-later
#include "wire/nflog/nflog.hpp"

#include <cstring>

namespace octroi::nflog {
namespace {

// linux/netfilter/nfnetlink_log.h, enum nfulnl_attr_type.
enum Attribute : std::uint16_t {
    packet_header = 1,
    timestamp = 3,
    index_in = 4,
    index_out = 5,
    hardware_address = 8,
    payload = 9,
    sequence = 12,
    hardware_header = 16,
};

constexpr std::size_t family_header = 4;     // nfgenmsg
constexpr std::size_t attribute_header = 4;  // nlattr
constexpr std::uint16_t type_mask = 0x3fff;  // NLA_TYPE_MASK

[[nodiscard]] std::uint16_t host16(const std::byte* at) noexcept {
    std::uint16_t value = 0;
    std::memcpy(&value, at, sizeof value);
    return value;
}

[[nodiscard]] Mac mac_at(const std::byte* at) noexcept {
    Mac mac;
    std::memcpy(mac.octets.data(), at, mac.octets.size());
    return mac;
}

// Seconds and microseconds, 64 bits each.
void read_time(ByteSpan value, LogMessage& out) noexcept {
    if (value.size() < 16) return;
    const std::uint64_t seconds = load_be64(value.data());
    const std::uint64_t microseconds = load_be64(value.data() + 8);
    constexpr std::uint64_t seconds_max = 7'258'118'400;  // 2200-01-01
    if (seconds == 0 || seconds >= seconds_max || microseconds >= 1'000'000) return;
    out.time = UtcTime{static_cast<std::int64_t>(seconds * 1'000'000'000 + microseconds * 1000)};
}

// Length (16 bits), 16 unused bits, up to 8 octets.
void read_hardware_address(ByteSpan value, LogMessage& out) noexcept {
    if (value.size() >= 10 && load_be16(value.data()) == 6 && out.src_mac.empty())
        out.src_mac = mac_at(value.data() + 4);
}

// Of Ethernet: both addresses and the EtherType.
void read_hardware_header(ByteSpan value, LogMessage& out) noexcept {
    if (value.size() != 14) return;
    out.dst_mac = mac_at(value.data());
    out.src_mac = mac_at(value.data() + 6);
}

}  // namespace

bool decode(ByteSpan message, LogMessage& out) noexcept {
    out = {};
    bool has_packet = false;
    std::size_t at = family_header;
    while (message.size() >= at + attribute_header) {
        const std::size_t length = host16(message.data() + at);
        const std::uint16_t type = host16(message.data() + at + 2) & type_mask;
        if (length < attribute_header || length > message.size() - at) break;
        const ByteSpan value = message.subspan(at + attribute_header, length - attribute_header);
        const auto number = [&] { return value.size() >= 4 ? load_be32(value.data()) : 0U; };
        switch (type) {
            case packet_header:
                if (value.size() >= 3) out.hook = Hook{static_cast<std::uint8_t>(value[2])};
                break;
            case timestamp:
                read_time(value, out);
                break;
            case index_in:
                out.in_interface = number();
                break;
            case index_out:
                out.out_interface = number();
                break;
            case hardware_address:
                read_hardware_address(value, out);
                break;
            case hardware_header:
                read_hardware_header(value, out);
                break;
            case sequence:
                if (value.size() >= 4) out.sequence = number();
                break;
            case payload:
                has_packet = !value.empty();
                break;
            default:
                break;
        }
        at += (length + 3) & ~std::size_t{3};
    }
    return has_packet;
}

}  // namespace octroi::nflog
