// SPDX-License-Identifier: GPL-3.0-or-later
#include "meter/file/content_marks.hpp"

#include <algorithm>
#include <bit>
#include <cstring>

#include "base/hash.hpp"

namespace octroi::file {
namespace {

// DO NOT CHANGE the hash or the places of the marks: cursors in ledgers contain both.

std::uint64_t load(const std::byte* at) noexcept { return __builtin_bswap64(load_be64(at)); }

void store(std::uint64_t value, std::uint8_t* at) noexcept {
    for (unsigned i = 0; i < 8; ++i) at[i] = static_cast<std::uint8_t>(value >> (8 * i));
}

// The distance of the marks that divide the octets from n to 2 n, of which the offset is one.
std::uint64_t step_at(std::uint64_t offset) noexcept {
    return std::max<std::uint64_t>(std::bit_floor(offset) / 4, ContentMarks::distance_min / 4);
}

}  // namespace

ContentMarks::ContentMarks(const Key& key) noexcept : key_(key) {
    std::uint64_t word = key[0];
    for (std::uint64_t& secret : secret_) {
        word = mix(word + mix_a, key[1] ^ mix_b);
        secret = word ^ mix_c;
    }
    for (std::size_t i = 0; i < lanes_.size(); ++i) lanes_[i] = mix(secret_[i] ^ mix_a, key[1]);
}

void ContentMarks::add(ByteSpan octets) {
    while (!octets.empty()) {
        const std::uint64_t next = next_mark();
        const auto count =
            static_cast<std::size_t>(std::min<std::uint64_t>(next - length_, octets.size()));
        hash(octets.first(count));
        octets = octets.subspan(count);
        if (length_ == next) add_mark();
    }
}

void ContentMarks::hash(ByteSpan octets) noexcept {
    const std::size_t held = length_ % stripe;
    length_ += octets.size();
    if (held > 0) {
        const std::size_t count = std::min(stripe - held, octets.size());
        std::memcpy(rest_.data() + held, octets.data(), count);
        octets = octets.subspan(count);
        if (held + count < stripe) return;
        hash_stripes(rest_.data(), 1);
    }
    hash_stripes(octets.data(), octets.size() / stripe);
    octets = octets.last(octets.size() % stripe);
    if (!octets.empty()) std::memcpy(rest_.data(), octets.data(), octets.size());
}

void ContentMarks::hash_stripes(const std::byte* at, std::size_t count) noexcept {
    // In registers: octets may be those of the members, as far as a compiler knows.
    std::array<std::uint64_t, 4> lanes = lanes_;
    const std::array<std::uint64_t, 8> secret = secret_;
    for (const std::byte* const end = at + count * stripe; at != end; at += stripe) {
        for (std::size_t i = 0; i < lanes.size(); ++i)
            lanes[i] = mix(load(at + 16 * i) ^ secret[2 * i] ^ lanes[i],
                           load(at + 16 * i + 8) ^ secret[2 * i + 1]) +
                       std::rotl(lanes[i], 23);
    }
    lanes_ = lanes;
}

Digest ContentMarks::digest() const noexcept {
    ContentMarks last = *this;
    const std::size_t held = length_ % stripe;
    std::fill(last.rest_.begin() + static_cast<std::ptrdiff_t>(held), last.rest_.end(),
              std::byte{0});
    last.hash_stripes(last.rest_.data(), 1);
    const auto& [a, b, c, d] = last.lanes_;
    const std::uint64_t first = mix(a ^ secret_[0], b ^ secret_[1] ^ length_);
    const std::uint64_t second = mix(c ^ secret_[2], d ^ secret_[3] ^ length_);
    Digest out{};
    store(mix(first ^ secret_[4], second ^ secret_[5]), out.data());
    store(mix(first ^ secret_[6], std::rotl(second, 32) ^ secret_[7]), out.data() + 8);
    return out;
}

const Mark* ContentMarks::find(std::uint64_t offset) const noexcept {
    const auto found = std::ranges::lower_bound(marks_, offset, {}, &Mark::offset);
    return found == marks_.end() || found->offset != offset ? nullptr : &*found;
}

std::uint64_t ContentMarks::next_mark() const noexcept {
    const std::uint64_t spread = (length_ / distance_ + 1) * distance_;
    if (length_ < distance_min) return spread;
    const std::uint64_t step = step_at(length_);
    return std::min(spread, (length_ / step + 1) * step);
}

void ContentMarks::add_mark() {
    marks_.push_back({length_, digest()});
    if (length_ / distance_ <= spread_max) return;
    distance_ *= 2;
    std::erase_if(marks_, [this](const Mark& mark) {
        return mark.offset % distance_ != 0 && mark.offset % step_at(mark.offset) != 0;
    });
}

}  // namespace octroi::file
