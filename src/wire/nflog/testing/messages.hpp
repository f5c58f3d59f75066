// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Messages of the packet log, as a little endian kernel sends them, for tests.

#include <optional>
#include <string>

#include "base/address.hpp"
#include "base/byte_cursor.hpp"
#include "wire/nflog/nflog.hpp"

namespace octroi::nflog::testing {

[[nodiscard]] inline std::string attribute(std::uint16_t type, std::string_view value) {
    const auto length = static_cast<std::uint16_t>(4 + value.size());
    std::string out;
    for (const std::uint16_t number : {length, type})
        out += {static_cast<char>(number), static_cast<char>(number >> 8U)};
    out += value;
    out.append((4 - length % 4) % 4, '\0');
    return out;
}

[[nodiscard]] inline std::string number(std::uint32_t value) {
    ByteWriter out;
    out.be32(value);
    return out.drain();
}

// packet: from its IP header on. family: AF_INET (2) or AF_INET6 (10).
[[nodiscard]] inline std::string message_of(const LogMessage& stated, std::string_view packet,
                                            std::uint8_t family = 2) {
    std::string out{static_cast<char>(family), '\0', '\0', '\5'};
    out += attribute(1, {"\x08\x00\x00\x00", 4});
    out[out.size() - 2] = static_cast<char>(stated.hook);
    if (stated.sequence) out += attribute(12, number(*stated.sequence));
    if (stated.time) {
        ByteWriter time;
        time.be64(static_cast<std::uint64_t>(stated.time->ns / 1'000'000'000));
        time.be64(static_cast<std::uint64_t>(stated.time->ns % 1'000'000'000 / 1000));
        out += attribute(3, time.octets());
    }
    if (stated.in_interface != 0) out += attribute(4, number(stated.in_interface));
    if (stated.out_interface != 0) out += attribute(5, number(stated.out_interface));
    if (!stated.src_mac.empty()) {
        std::string address{'\0', '\6', '\0', '\0'};
        for (const std::uint8_t octet : stated.src_mac.octets) address += static_cast<char>(octet);
        out += attribute(8, address + std::string(2, '\0'));
    }
    return out + attribute(9, packet);
}

}  // namespace octroi::nflog::testing
