// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// The information elements that are known by name: IANA's registry (RFC 7012), the numbers that
// NetFlow v9 exporters use beside it, and some vendors' own. The semantics say whether the values
// of a counter may be summed. Generated from elements.csv by tools/elements/generate.

#include <cstdint>
#include <span>
#include <string_view>

namespace octroi::ipfix {

// RFC 7011 section 6.1, RFC 6313 section 4.5.
enum class Type : std::uint8_t {
    octetArray,
    unsigned8,
    unsigned16,
    unsigned32,
    unsigned64,
    signed8,
    signed16,
    signed32,
    signed64,
    float32,
    float64,
    boolean,
    macAddress,
    string,
    dateTimeSeconds,
    dateTimeMilliseconds,
    dateTimeMicroseconds,
    dateTimeNanoseconds,
    ipv4Address,
    ipv6Address,
    basicList,
    subTemplateList,
    subTemplateMultiList,
};

// RFC 7012 section 3.2, RFC 8038 section 5.10.
enum class Semantics : std::uint8_t {
    none,
    quantity,
    totalCounter,  // since the flow began, or since the exporter started: not to be summed
    deltaCounter,  // since the previous record: may be summed
    identifier,
    flags,
    list,
    snmpCounter,
    snmpGauge,
};

enum class Unit : std::uint8_t {
    none,
    bits,
    octets,
    packets,
    flows,
    seconds,
    milliseconds,
    microseconds,
    nanoseconds,
    words,  // of 4 octets
    messages,
    hops,
    entries,
    frames,
    ports,
};

struct Element {
    std::uint32_t enterprise;  // 0: IANA; ids from 32768 on are used by NetFlow v9 only
    std::uint16_t id;
    std::string_view name;
    Type type;
    Semantics semantics;
    Unit unit;
};

// RFC 5103 section 6.1: an element under this number is that of the reverse direction.
inline constexpr std::uint32_t reverse_enterprise = 29305;

// By enterprise and number, ascending.
[[nodiscard]] std::span<const Element> elements() noexcept;
// nullptr: not known. Look up a reverse element by the enterprise number of its forward element.
[[nodiscard]] const Element* find_element(std::uint32_t enterprise, std::uint16_t id) noexcept;

}  // namespace octroi::ipfix
