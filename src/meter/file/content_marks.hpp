// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Digests of the beginnings of a stream of octets: of all octets so far, and of the octets up to
// some earlier offsets (marks). With the marks of a file, a shorter file can be compared with its
// beginning.
//
// The hash is fast (some octets a cycle) and not one of cryptography: it has a secret random key,
// so nobody can prepare two files with the same digest. 128 bits.

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/byte_cursor.hpp"

namespace octroi::file {

using Digest = std::array<std::uint8_t, 16>;

struct Mark {
    std::uint64_t offset = 0;
    Digest digest{};  // of all octets before it

    bool operator==(const Mark&) const = default;
};

class ContentMarks {
public:
    using Key = std::array<std::uint64_t, 2>;
    // At most so many marks at equal distances; and four more between n octets and 2 n.
    static constexpr std::uint64_t spread_max = 64;
    static constexpr std::uint64_t distance_min = 256;
    static constexpr std::size_t marks_max = 2 * spread_max + 4 * 56;

    explicit ContentMarks(const Key& key) noexcept;
    [[nodiscard]] const Key& key() const noexcept { return key_; }

    void add(ByteSpan octets);
    [[nodiscard]] std::uint64_t length() const noexcept { return length_; }
    [[nodiscard]] Digest digest() const noexcept;
    // Ascending.
    [[nodiscard]] const std::vector<Mark>& marks() const noexcept { return marks_; }
    // Null: there is no mark at that offset.
    [[nodiscard]] const Mark* find(std::uint64_t offset) const noexcept;

private:
    static constexpr std::size_t stripe = 64;
    void hash(ByteSpan octets) noexcept;
    void hash_stripes(const std::byte* at, std::size_t count) noexcept;
    [[nodiscard]] std::uint64_t next_mark() const noexcept;
    void add_mark();

    Key key_;
    std::array<std::uint64_t, 8> secret_{};
    std::array<std::uint64_t, 4> lanes_{};
    std::array<std::byte, stripe> rest_{};  // octets that do not fill a stripe
    std::uint64_t length_ = 0;
    std::uint64_t distance_ = distance_min;  // of the marks at equal distances
    std::vector<Mark> marks_;
};

}  // namespace octroi::file
