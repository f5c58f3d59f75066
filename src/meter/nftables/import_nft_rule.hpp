// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// One rule in the language of nft(8).

#include <functional>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "meter/nftables/import_line.hpp"

namespace octroi::accounting {

// The elements of named sets, by name.
using NftSets = std::map<std::string, std::vector<std::string>, std::less<>>;

// Words between spaces; '{', '}', ',' and ';' are words of their own, and so is "…" without its
// quotes. A comment (#) is left out.
[[nodiscard]] std::vector<std::string> nft_words(std::string_view line);

// words: after the place of the rule. family: of the table. The line has a chain if nothing
// precludes it; its target is that of the verdict: "accept", or the name of a chain.
[[nodiscard]] ImportLine read_nft_rule(std::span<const std::string> words, Family family,
                                       const NftSets& sets);

}  // namespace octroi::accounting
