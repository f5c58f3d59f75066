// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Builds the attributes of Accounting-Requests for tests.

#include <cstdint>
#include <string>
#include <string_view>

#include "base/address.hpp"
#include "base/byte_cursor.hpp"
#include "base/narrow.hpp"
#include "wire/radius/packet.hpp"

namespace octroi::radius::testing {

class Attributes {
public:
    Attributes& text(std::uint8_t type, std::string_view value) {
        out_.u8(type);
        out_.u8(narrow<std::uint8_t>(value.size() + 2));
        out_.raw(value);
        return *this;
    }
    Attributes& number(std::uint8_t type, std::uint32_t value) {
        ByteWriter number;
        number.be32(value);
        return text(type, number.octets());
    }
    Attributes& address(std::uint8_t type, std::string_view address) {
        return text(type, octets_of(address));
    }
    Attributes& v6_prefix(std::uint8_t type, std::string_view address, std::uint8_t length) {
        ByteWriter prefix;
        prefix.u8(0);
        prefix.u8(length);
        prefix.raw(octets_of(address));
        return text(type, prefix.octets());
    }
    [[nodiscard]] std::string request(std::uint8_t identifier, std::string_view secret) const {
        return encode_request(identifier, out_.octets(), secret);
    }

private:
    static std::string octets_of(std::string_view text) {
        const Address address = parse_address(text).value();
        return {reinterpret_cast<const char*>(address.octets.data()),
                static_cast<std::size_t>(address.bits() / 8)};
    }

    ByteWriter out_;
};

}  // namespace octroi::radius::testing
