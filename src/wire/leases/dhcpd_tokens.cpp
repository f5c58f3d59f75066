// SPDX-License-Identifier: GPL-3.0-or-later
#include "wire/leases/dhcpd_tokens.hpp"

namespace octroi::leases {
namespace {

bool is_octal(char c) { return c >= '0' && c <= '7'; }

}  // namespace

bool DhcpdTokens::skip_blanks() {
    while (at_ < input_.size()) {
        const char c = input_[at_];
        if (c == '#') {
            const auto line_end = input_.find('\n', at_);
            if (line_end == std::string_view::npos) return false;
            at_ = line_end + 1;
        } else if (c == ' ' || c == '\t' || c == '\n' || c == '\r') {
            ++at_;
        } else {
            return true;
        }
    }
    return false;
}

std::optional<DhcpdToken> DhcpdTokens::quoted() {
    for (std::size_t end = at_ + 1; end < input_.size(); ++end) {
        if (input_[end] == '\\') {
            ++end;
        } else if (input_[end] == '"') {
            const DhcpdToken token{DhcpdTokenKind::text, input_.substr(at_ + 1, end - at_ - 1)};
            at_ = end + 1;
            return token;
        }
    }
    return std::nullopt;
}

std::optional<DhcpdToken> DhcpdTokens::next() {
    if (!skip_blanks()) return std::nullopt;
    switch (input_[at_]) {
        case '{':
            ++at_;
            return DhcpdToken{DhcpdTokenKind::begin, {}};
        case '}':
            ++at_;
            return DhcpdToken{DhcpdTokenKind::end, {}};
        case ';':
            ++at_;
            return DhcpdToken{DhcpdTokenKind::semicolon, {}};
        case '"':
            return quoted();
        default:
            break;
    }
    const auto end = input_.find_first_of(" \t\r\n{};\"", at_);
    if (end == std::string_view::npos) return std::nullopt;
    const DhcpdToken token{DhcpdTokenKind::word, input_.substr(at_, end - at_)};
    at_ = end;
    return token;
}

std::string unescape_dhcpd(std::string_view text) {
    std::string octets;
    for (std::size_t at = 0; at < text.size(); ++at) {
        if (text[at] != '\\' || at + 1 == text.size()) {
            octets += text[at];
            continue;
        }
        ++at;
        if (at + 2 < text.size() && is_octal(text[at]) && is_octal(text[at + 1]) &&
            is_octal(text[at + 2])) {
            const int octet = (text[at] - '0') * 64 + (text[at + 1] - '0') * 8 + text[at + 2] - '0';
            octets += static_cast<char>(octet);
            at += 2;
        } else {
            octets += text[at];
        }
    }
    return octets;
}

}  // namespace octroi::leases
