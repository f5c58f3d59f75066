// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

namespace octroi {

// 128 random bits.
template <typename Tag>
struct RandomId {
    std::array<std::uint8_t, 16> octets{};
    constexpr auto operator<=>(const RandomId&) const noexcept = default;
};

// Lower-case hexadecimal, two digits for each octet.
[[nodiscard]] std::string to_hex(std::string_view octets);

template <typename Tag>
[[nodiscard]] std::string octets_of(const RandomId<Tag>& id) {
    return {id.octets.begin(), id.octets.end()};
}
template <typename Tag>
[[nodiscard]] std::string to_string(const RandomId<Tag>& id) {
    return to_hex(octets_of(id));
}

// The producer of a batch makes it before its first attempt to commit and keeps it for every retry,
// so that a store recognises a batch it has committed (record/batch.hpp).
using BatchId = RandomId<struct BatchTag>;
// A writer of a ledger (ledger/chain.hpp).
using WriterId = RandomId<struct WriterTag>;

}  // namespace octroi
