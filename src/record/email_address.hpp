// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// The mail address of an account, to which notices and statements are sent.

#include <string>
#include <string_view>

#include "base/result.hpp"

namespace octroi {

// The canonical form of an address as SMTP carries it (RFC 5321 section 4.1.2): the local part as
// it is, the domain in lower case. Quoted local parts, addresses in brackets and names before the
// address are not accepted: no address has characters that a mail header, a CSV file or a command
// line would read as something else. At most 254 octets. Errors: invalid.
[[nodiscard]] Result<std::string> canonical_email(std::string_view text);

}  // namespace octroi
