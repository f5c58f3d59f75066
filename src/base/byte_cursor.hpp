// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Reading and writing octets in a stated byte order. Decoders read through ByteCursor, never
// through casts; every read returns whether enough octets were left.

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>
#include <utility>

namespace octroi {

using ByteSpan = std::span<const std::byte>;

// Big-endian loads without a bounds check: the caller has checked that the octets exist. `p` needs
// no alignment.
[[nodiscard]] inline std::uint16_t load_be16(const std::byte* p) noexcept {
    std::uint16_t v = 0;
    std::memcpy(&v, p, sizeof v);
    return __builtin_bswap16(v);
}
[[nodiscard]] inline std::uint32_t load_be32(const std::byte* p) noexcept {
    std::uint32_t v = 0;
    std::memcpy(&v, p, sizeof v);
    return __builtin_bswap32(v);
}
[[nodiscard]] inline std::uint64_t load_be64(const std::byte* p) noexcept {
    std::uint64_t v = 0;
    std::memcpy(&v, p, sizeof v);
    return __builtin_bswap64(v);
}
static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "the loads above swap");

// Reads octets in order. Does not own them: they must outlive the cursor and every span it returns.
// A read that needs more octets than are left returns false and changes neither the value nor the
// position, so a decoder may try another interpretation or report where it stopped.
class ByteCursor {
public:
    explicit ByteCursor(ByteSpan octets) noexcept : rest_(octets) {}

    [[nodiscard]] std::size_t left() const noexcept { return rest_.size(); }
    [[nodiscard]] ByteSpan rest() const noexcept { return rest_; }

    [[nodiscard]] bool u8(std::uint8_t& v) noexcept {
        if (rest_.empty()) return false;
        v = static_cast<std::uint8_t>(rest_.front());
        rest_ = rest_.subspan(1);
        return true;
    }
    [[nodiscard]] bool be16(std::uint16_t& v) noexcept {
        if (rest_.size() < 2) return false;
        v = load_be16(rest_.data());
        rest_ = rest_.subspan(2);
        return true;
    }
    [[nodiscard]] bool be32(std::uint32_t& v) noexcept {
        if (rest_.size() < 4) return false;
        v = load_be32(rest_.data());
        rest_ = rest_.subspan(4);
        return true;
    }
    [[nodiscard]] bool be64(std::uint64_t& v) noexcept {
        if (rest_.size() < 8) return false;
        v = load_be64(rest_.data());
        rest_ = rest_.subspan(8);
        return true;
    }
    // The next `count` octets, as a view into the input: nothing is copied.
    [[nodiscard]] bool raw(std::size_t count, ByteSpan& out) noexcept {
        if (rest_.size() < count) return false;
        out = rest_.first(count);
        rest_ = rest_.subspan(count);
        return true;
    }
    [[nodiscard]] bool skip(std::size_t count) noexcept {
        ByteSpan ignored;
        return raw(count, ignored);
    }
    // A text written by ByteWriter::text, copied into `out`. The length is checked against the
    // octets that are left before memory is allocated.
    [[nodiscard]] bool text(std::string& out) {
        ByteCursor attempt = *this;
        std::uint32_t size = 0;
        ByteSpan octets;
        if (!attempt.be32(size) || !attempt.raw(size, octets)) return false;
        out.resize(octets.size());
        if (!octets.empty()) std::memcpy(out.data(), octets.data(), octets.size());
        *this = attempt;
        return true;
    }

private:
    ByteSpan rest_;
};

// Appends octets, most significant first. Everything that Octroi itself stores or hashes is written
// with it, so the stored octets do not depend on the machine.
class ByteWriter {
public:
    void u8(std::uint8_t v) { octets_.push_back(static_cast<char>(v)); }
    void be16(std::uint16_t v) { be(v, 2); }
    void be32(std::uint32_t v) { be(v, 4); }
    void be64(std::uint64_t v) { be(v, 8); }
    void raw(std::string_view octets) { octets_.append(octets); }
    // Length (32 bits) and octets. At most 2^32-1 octets: the caller guarantees it.
    void text(std::string_view octets) {
        be32(static_cast<std::uint32_t>(octets.size()));
        raw(octets);
    }
    [[nodiscard]] const std::string& octets() const noexcept { return octets_; }
    // Hands over the octets and leaves the writer empty.
    [[nodiscard]] std::string drain() noexcept { return std::exchange(octets_, {}); }

private:
    void be(std::uint64_t v, unsigned count) {
        for (unsigned i = count; i-- > 0;) octets_.push_back(static_cast<char>(v >> (8 * i)));
    }
    std::string octets_;
};

[[nodiscard]] inline ByteSpan as_octets(std::string_view text) noexcept {
    return std::as_bytes(std::span(text));
}

}  // namespace octroi
