// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Fields and their values in the language of nft(8).

#include <string>
#include <string_view>

#include "base/address.hpp"
#include "meter/nftables/span.hpp"

namespace octroi::accounting {

// "ip saddr"
[[nodiscard]] std::string_view expression_of(Field field, Family family);
// "ip saddr & 255.255.255.0": of an address, masked to a prefix of this length; 0: not masked.
[[nodiscard]] std::string masked_expression(Field field, Family family, unsigned length);
// "ipv4_addr"
[[nodiscard]] std::string_view type_of(Field field, Family family);
// "10.0.0.0/8", "20-21", "\"eth0\""
[[nodiscard]] std::string value_text(Field field, Family family, const Span& span);
// The value as the kernel compares it. in_key: as a part of a longer key, where each part fills
// words of 4 octets.
[[nodiscard]] std::string value_octets(Field field, Family family, Number value, bool in_key);
// The shortest prefix that has both addresses, as the span of its addresses.
[[nodiscard]] Span common_prefix(Number a, Number b) noexcept;

}  // namespace octroi::accounting
