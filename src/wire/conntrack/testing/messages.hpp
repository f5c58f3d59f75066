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

[[nodiscard]] inline std::string big32(std::uint32_t value) {
    return big16(static_cast<std::uint16_t>(value >> 16U)) +
           big16(static_cast<std::uint16_t>(value));
}
[[nodiscard]] inline std::string big64(std::uint64_t value) {
    return big32(static_cast<std::uint32_t>(value >> 32U)) +
           big32(static_cast<std::uint32_t>(value));
}
[[nodiscard]] inline std::string count_of(const Count& count) {
    return attribute(1, big64(count.packets)) + attribute(2, big64(count.bytes));
}

[[nodiscard]] inline std::string message_of(const Connection& connection,
                                            std::uint16_t original_zone = 0,
                                            std::uint16_t reply_zone = 0) {
    const auto zone = [](std::uint16_t number) {
        return number == 0 ? std::string() : attribute(3, big16(number));
    };
    const std::string id = big16(static_cast<std::uint16_t>(connection.id >> 16U)) +
                           big16(static_cast<std::uint16_t>(connection.id));
    return std::string(4, '\0') +
           attribute(1, tuple_of(connection.original) + zone(original_zone), true) +
           attribute(2, tuple_of(connection.reply) + zone(reply_zone), true) + attribute(12, id);
}

// As the kernel sends an entry, or the event of its end. Unknown values are left out.
[[nodiscard]] inline std::string message_of(const Entry& entry) {
    std::string text = message_of(entry.connection, entry.original_zone, entry.reply_zone);
    if (entry.has_counts)
        text += attribute(9, count_of(entry.original), true) +
                attribute(10, count_of(entry.reply), true);
    std::string times;
    if (entry.start != UtcTime::min())
        times += attribute(1, big64(static_cast<std::uint64_t>(entry.start.ns)));
    if (entry.stop != UtcTime::min())
        times += attribute(2, big64(static_cast<std::uint64_t>(entry.stop.ns)));
    if (!times.empty()) text += attribute(20, times, true);
    if (entry.zone != 0) text += attribute(18, big16(entry.zone));
    return text + attribute(3, big32(entry.status)) + attribute(7, big32(entry.timeout)) +
           attribute(8, big32(entry.mark)) +
           attribute(
               4,
               attribute(1, attribute(1, std::string(1, static_cast<char>(entry.protocol_state))),
                         true),
               true);
}

}  // namespace octroi::conntrack::testing
