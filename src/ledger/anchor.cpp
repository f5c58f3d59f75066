// SPDX-License-Identifier: GPL-3.0-or-later
#include "ledger/anchor.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <span>
#include <utility>

#include "base/check.hpp"
#include "ledger/hash_fields.hpp"

namespace octroi {
namespace {

constexpr std::string_view anchor_tag = "octroi anchor 1\n";
constexpr Duration day = Duration::hours(24);

// The chains without a writer, and their names in lines of heads.
struct NamedChain {
    ChainKind chain;
    std::string_view name;
};
constexpr std::array named_chains{
    NamedChain{ChainKind::directory, "directory"}, NamedChain{ChainKind::classes, "classes"},
    NamedChain{ChainKind::anchors, "anchors"}, NamedChain{ChainKind::compactions, "compactions"}};

// False: not 2 * octets.size() hexadecimal digits.
bool read_hex(std::string_view digits, std::span<std::uint8_t> octets) {
    if (digits.size() != 2 * octets.size()) return false;
    for (std::size_t i = 0; i < octets.size(); ++i) {
        const char* begin = digits.data() + 2 * i;
        const auto [end, error] = std::from_chars(begin, begin + 2, octets[i], 16);
        if (error != std::errc() || end != begin + 2) return false;
    }
    return true;
}

// Cuts the last word off the line.
std::string_view last_word(std::string_view& line) {
    const std::size_t space = line.rfind(' ');
    if (space == std::string_view::npos) return std::exchange(line, {});
    const std::string_view word = line.substr(space + 1);
    line = line.substr(0, space);
    return word;
}

// From the end, because the name of a node may contain spaces.
std::optional<ChainHead> parse_head(std::string_view line) {
    ChainHead head;
    std::array<std::uint8_t, hash_octets> hash{};
    if (!read_hex(last_word(line), hash)) return std::nullopt;
    head.hash.assign(hash.begin(), hash.end());
    const std::string_view sequence = last_word(line);
    const char* sequence_end = sequence.data() + sequence.size();
    const auto [end, error] = std::from_chars(sequence.data(), sequence_end, head.sequence);
    if (error != std::errc() || end != sequence_end || head.sequence == 0) return std::nullopt;
    const std::string_view id = last_word(line);
    if (id != "-") {
        head.writer.node = line;
        if (line.empty() || !read_hex(id, head.writer.id.octets)) return std::nullopt;
        return head;
    }
    const auto* found = std::ranges::find(named_chains, line, &NamedChain::name);
    if (found == named_chains.end()) return std::nullopt;
    head.chain = found->chain;
    return head;
}

}  // namespace

std::string to_string(ChainKind chain, const Writer& writer) {
    const auto* found = std::ranges::find(named_chains, chain, &NamedChain::chain);
    if (found != named_chains.end()) return std::string(found->name);
    return fmt::format("{} {}", writer.node, to_string(writer.id));
}

std::string to_string(const ChainHead& head) {
    return fmt::format("{}{} {} {}", to_string(head.chain, head.writer),
                       head.chain == ChainKind::writer ? "" : " -", head.sequence,
                       to_hex(head.hash));
}

Result<std::vector<ChainHead>> parse_heads(std::string_view text) {
    std::vector<ChainHead> heads;
    for (std::size_t number = 1; !text.empty(); ++number) {
        const std::size_t end = text.find('\n');
        std::string_view line = text.substr(0, end);
        text = end == std::string_view::npos ? std::string_view() : text.substr(end + 1);
        if (line.ends_with('\r')) line.remove_suffix(1);
        if (line.empty() || line.starts_with('#')) continue;
        auto head = parse_head(line);
        if (!head)
            return fail(ErrorCode::invalid,
                        fmt::format("line {} is not NODE ID SEQUENCE HASH, as `octroi audit "
                                    "--heads` prints it; next: keep its output in this file",
                                    number));
        heads.push_back(*std::move(head));
    }
    return heads;
}

std::string anchor_hash(std::string_view previous_hash, const Anchor& anchor) {
    CHECK(previous_hash.size() == hash_octets);
    Hasher hasher;
    hasher.raw(previous_hash);
    hasher.raw(anchor_tag);
    hasher.be64(anchor.number);
    add_time(hasher, anchor.at);
    hasher.u8(static_cast<std::uint8_t>(anchor.reason));
    add_count(hasher, anchor.heads);
    for (const ChainHead& head : anchor.heads) {
        hasher.u8(static_cast<std::uint8_t>(head.chain));
        hasher.text(head.writer.node);
        hasher.raw(octets_of(head.writer.id));
        hasher.be64(head.sequence);
        hasher.raw(head.hash);
    }
    return hasher.finish();
}

bool needs_daily_anchor(UtcTime last, UtcTime booked_at) noexcept {
    const UtcTime last_day = bucket_start(last, day);
    const UtcTime this_day = bucket_start(booked_at, day);
    // Clocks of writers differ by seconds, so around midnight the days of batches alternate. An
    // anchor of a later day than tomorrow was made with a wrong clock.
    return this_day > last_day || last_day - this_day > day;
}

std::uint64_t batches_of(const std::vector<ChainHead>& heads) noexcept {
    std::uint64_t batches = 0;
    for (const ChainHead& head : heads)
        if (head.chain == ChainKind::writer) batches += head.sequence;
    return batches;
}

}  // namespace octroi
