// SPDX-License-Identifier: GPL-3.0-or-later
#include "record/email_address.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "record/identity_kinds.hpp"
#include "record/utf8.hpp"

namespace octroi {
namespace {

constexpr std::size_t email_octets_max = 254;      // RFC 5321 section 4.5.3.1.3, without < and >
constexpr std::size_t local_part_octets_max = 64;  // section 4.5.3.1.1

// atext of RFC 5322 section 3.2.3, the dot between atoms, and letters beyond ASCII (RFC 6531).
bool is_local_part_octet(char c) {
    constexpr std::string_view signs = "!#$%&'*+-/=?^_`{|}~.";
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           signs.contains(c) || static_cast<unsigned char>(c) >= 0x80;
}

bool is_local_part(std::string_view text) {
    return !text.empty() && text.size() <= local_part_octets_max && text.front() != '.' &&
           text.back() != '.' && !text.contains("..") && is_utf8(text) &&
           std::ranges::all_of(text, is_local_part_octet);
}

}  // namespace

Result<std::string> canonical_email(std::string_view text) {
    const std::size_t at = text.rfind('@');
    const std::string_view local = text.substr(0, std::min(at, text.size()));
    const std::string_view host = at == std::string_view::npos ? "" : text.substr(at + 1);
    const auto domain = find_identity_kind("domain")->canonical(host);
    if (!is_local_part(local) || !domain || domain->starts_with('*') ||
        text.size() > email_octets_max)
        return fail(ErrorCode::invalid,
                    fmt::format("'{}' is no mail address; write it as alice@example.org",
                                text.substr(0, email_octets_max)));
    return fmt::format("{}@{}", local, *domain);
}

}  // namespace octroi
