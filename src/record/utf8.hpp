// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Whether octets are text: names come from outside, and databases refuse other octets.

#include <string_view>

namespace octroi {

// Well-formed UTF-8 as RFC 3629, section 4 defines it: no overlong forms, no surrogates, nothing
// above U+10FFFF.
[[nodiscard]] bool is_utf8(std::string_view octets) noexcept;

}  // namespace octroi
