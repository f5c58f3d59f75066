// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// The information elements that are known by name: IANA's registry (RFC 7012, RFC 7013), the
// numbers that NetFlow v9 exporters use beyond it, and some makers' own. Whether a count may be
// summed stands in its semantics.

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
    totalCounter,  // since the flow began, or since the exporter started
    deltaCounter,  // since the record before
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
    std::uint32_t enterprise;  // 0: IANA's, and from 32768 on those of NetFlow v9 alone
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
// nullptr when it is not known. Reverse elements are looked up without their enterprise number.
[[nodiscard]] const Element* find_element(std::uint32_t enterprise, std::uint16_t id) noexcept;

}  // namespace octroi::ipfix
