// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Anchors: the heads of all chains of a ledger at a moment, chained themselves. A chain proves that
// nothing inside it was changed; an anchor proves that the chains of that moment are all there.
// Specification: docs/format/chain.md. DO NOT CHANGE the format (see chain.hpp).

#include <compare>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "base/time.hpp"
#include "ledger/chain.hpp"

namespace octroi {

// The numbers are stored in ledgers: do not change them, only add.
enum class ChainKind : std::uint8_t {
    writer = 1,
    directory = 2,
    classes = 3,
    anchors = 4,
    compactions = 5,
};
enum class AnchorReason : std::uint8_t { daily = 1, demand = 2, statement = 3 };

// A link of any chain of the ledger; mostly the last one, its head.
struct ChainHead {
    ChainKind chain = ChainKind::writer;
    Writer writer;               // of other chains: empty
    std::uint64_t sequence = 0;  // 1, 2, 3, …
    std::string hash;            // hash_octets long

    auto operator<=>(const ChainHead&) const = default;
};

struct Anchor {
    std::uint64_t number = 0;  // 1, 2, 3, …
    UtcTime at;
    AnchorReason reason = AnchorReason::daily;
    std::vector<ChainHead> heads;  // sorted; without that of the anchors

    auto operator<=>(const Anchor&) const = default;
};

// The chain in words: the node and id of the writer, "directory", "classes", "anchors".
[[nodiscard]] std::string to_string(ChainKind chain, const Writer& writer);
// "NODE ID SEQUENCE HASH", for chains without a writer "directory - VERSION HASH" and so on: a line
// of `octroi audit --heads`.
[[nodiscard]] std::string to_string(const ChainHead& head);
// Reads lines of to_string(head). Empty lines, and those that begin with '#', are left out. Error:
// invalid, with the number of the line.
[[nodiscard]] Result<std::vector<ChainHead>> parse_heads(std::string_view text);

// A link of the chain of anchors. previous_hash: hash_octets long.
[[nodiscard]] std::string anchor_hash(std::string_view previous_hash, const Anchor& anchor);

// Whether a batch of that time begins a day that needs an anchor, if the newest anchor (without
// one: the first batch) is of the time `last`.
[[nodiscard]] bool needs_daily_anchor(UtcTime last, UtcTime booked_at) noexcept;

// The number of batches that the heads of the writers stand for.
[[nodiscard]] std::uint64_t batches_of(const std::vector<ChainHead>& heads) noexcept;

}  // namespace octroi
