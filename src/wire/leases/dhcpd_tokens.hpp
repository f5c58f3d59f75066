// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// The words of dhcpd.leases(5). Texts refer to the input.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace octroi::leases {

enum class DhcpdTokenKind : std::uint8_t { word, text, begin, end, semicolon };

struct DhcpdToken {
    DhcpdTokenKind kind = DhcpdTokenKind::word;
    std::string_view text;  // of a word; of a text: what stands between its quotes
};

class DhcpdTokens {
public:
    explicit DhcpdTokens(std::string_view input) : input_(input) {}
    // The next token; blanks and comments before it are passed over. nullopt: the input ends before
    // or within a token. A word that ends with the input may go on behind it: it is no token yet.
    [[nodiscard]] std::optional<DhcpdToken> next();
    // Behind the last token that next() returned.
    [[nodiscard]] std::size_t position() const noexcept { return at_; }

private:
    // False: the input ends within a comment or blanks.
    [[nodiscard]] bool skip_blanks();
    [[nodiscard]] std::optional<DhcpdToken> quoted();

    std::string_view input_;
    std::size_t at_ = 0;
};

// The octets of a text in quotes: `\ooo` is an octet in octal digits, `\x` is x.
[[nodiscard]] std::string unescape_dhcpd(std::string_view text);

}  // namespace octroi::leases
