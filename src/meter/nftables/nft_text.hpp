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
// "ipv4_addr"
[[nodiscard]] std::string_view type_of(Field field, Family family);
// "10.0.0.0/8", "20-21", "\"eth0\""
[[nodiscard]] std::string value_text(Field field, Family family, const Span& span);

}  // namespace octroi::accounting
