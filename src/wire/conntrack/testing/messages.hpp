// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Messages of connection tracking, as the kernel sends them, for tests.

#include <string>

#include "wire/conntrack/conntrack.hpp"

namespace octroi::conntrack::testing {

[[nodiscard]] inline std::string big16(std::uint16_t value) {
    return {static_cast<char>(value >> 8U), static_cast<char>(value)};
}
[[nodiscard]] inline std::string attribute(std::uint16_t type, const std::string& value,
                                           bool nested = false) {
    const auto length = static_cast<std::uint16_t>(4 + value.size());
    const std::uint16_t flags = nested ? 0x8000 : 0;
    const auto host = [](std::uint16_t v) {
        return std::string{static_cast<char>(v), static_cast<char>(v >> 8U)};
    };
    const std::string padding((4 - length % 4) % 4, '\0');
    return host(length) + host(type | flags) + value + padding;
}

[[nodiscard]] inline std::string octets_of(const Address& address) {
    const std::size_t size = address.family == Family::v4 ? 4 : 16;
    std::string text;
    for (std::size_t i = 0; i < size; ++i) text += static_cast<char>(address.octets.at(i));
    return text;
}

[[nodiscard]] inline std::string tuple_of(const Tuple& tuple) {
    const bool v4 = tuple.src.family == Family::v4;
    const auto byte = [](std::uint8_t value) { return std::string(1, static_cast<char>(value)); };
    const std::string ip =
        attribute(v4 ? 1 : 3, octets_of(tuple.src)) + attribute(v4 ? 2 : 4, octets_of(tuple.dst));
    std::string proto = attribute(1, byte(tuple.proto));
    if (tuple.proto == 1 || tuple.proto == 58) {
        const std::uint16_t first = tuple.proto == 1 ? 4 : 7;
        proto += attribute(first, big16(tuple.sport)) +
                 attribute(first + 1, byte(tuple.icmp_type)) +
                 attribute(first + 2, byte(tuple.icmp_code));
    } else {
        proto += attribute(2, big16(tuple.sport)) + attribute(3, big16(tuple.dport));
    }
    return attribute(1, ip, true) + attribute(2, proto, true);
}

[[nodiscard]] inline std::string message_of(const Connection& connection) {
    const std::string id = big16(static_cast<std::uint16_t>(connection.id >> 16U)) +
                           big16(static_cast<std::uint16_t>(connection.id));
    return std::string(4, '\0') + attribute(1, tuple_of(connection.original), true) +
           attribute(2, tuple_of(connection.reply), true) + attribute(12, id);
}

}  // namespace octroi::conntrack::testing
