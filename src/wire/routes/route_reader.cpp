// SPDX-License-Identifier: GPL-3.0-or-later
#include "wire/routes/route_reader.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>

#include "wire/routes/prefix_list.hpp"

namespace octroi {
namespace {

std::string_view as_text(ByteSpan octets) noexcept {
    return {reinterpret_cast<const char*>(octets.data()), octets.size()};
}

const char* describe(RouteOutcome outcome) noexcept {
    switch (outcome) {
        case RouteOutcome::malformed:
            return "the record violates the format (RFC 6396)";
        case RouteOutcome::unsupported:
            return "the type or address family of the record is not supported";
        case RouteOutcome::over_limit:
            return "the record is longer than 16 MiB and was skipped";
        default:
            return "";
    }
}

}  // namespace

// Records that are complete in the block are decoded without copying. Only a record or line that
// spans blocks is assembled in tail_, which gets exactly its octets, so that the rest of the block
// is again decoded without copying.
void RouteReader::feed(ByteSpan block, RouteBatch& out) {
    while (!block.empty()) {
        if (skip_ > 0) {
            const std::size_t passed = std::min<std::uint64_t>(skip_, block.size());
            skip_ -= passed;
            offset_ += passed;
            block = block.subspan(passed);
            continue;
        }
        if (tail_.empty()) {
            const std::size_t used = consume(block, out);
            block = block.subspan(used);
            if (skip_ > 0 || block.empty()) continue;
            tail_.assign(block.begin(), block.end());
            return;
        }
        std::size_t wanted = block.size();
        if (format_ != RouteFormat::list) {
            // First the header, which states the length, then the rest of the record.
            const MrtFrame frame = frame_mrt(tail_);
            const std::uint64_t whole = std::max<std::uint64_t>(frame.size, mrt_header_size);
            wanted =
                std::min<std::uint64_t>(wanted, whole > tail_.size() ? whole - tail_.size() : 1);
        } else {
            const void* end = std::memchr(block.data(), '\n', block.size());
            if (end != nullptr)
                wanted =
                    static_cast<std::size_t>(static_cast<const std::byte*>(end) - block.data()) + 1;
        }
        tail_.insert(tail_.end(), block.begin(),
                     block.begin() + static_cast<std::ptrdiff_t>(wanted));
        block = block.subspan(wanted);
        const std::size_t used = consume(tail_, out);
        tail_.erase(tail_.begin(), tail_.begin() + static_cast<std::ptrdiff_t>(used));
    }
}

void RouteReader::finish(RouteBatch& out) {
    if (format_ == RouteFormat::unknown && !tail_.empty()) {
        // Fewer octets than an MRT header: it can only be text.
        format_ = RouteFormat::list;
        const std::vector<std::byte> held = std::move(tail_);
        tail_.clear();
        const std::size_t used = consume_list(held, out);
        tail_.assign(held.begin() + static_cast<std::ptrdiff_t>(used), held.end());
    }
    if (format_ == RouteFormat::list) {
        if (!tail_.empty() && !in_long_line_) line(as_text(tail_), out);
        tail_.clear();
        return;
    }
    if (tail_.empty() && skip_ == 0) return;
    counts_.truncated = 1;
    counts_.unread_octets = tail_.size();
    error(offset_, "the input ends within a record");
    tail_.clear();
    skip_ = 0;
}

bool RouteReader::not_a_table() const noexcept {
    return counts_.records == 0 || counts_.records == counts_.malformed;
}

std::size_t RouteReader::consume(ByteSpan octets, RouteBatch& out) {
    if (format_ == RouteFormat::unknown) {
        if (octets.size() < mrt_header_size) return 0;
        format_ = looks_like_mrt(octets) ? RouteFormat::mrt : RouteFormat::list;
    }
    return format_ == RouteFormat::mrt ? consume_mrt(octets, out) : consume_list(octets, out);
}

std::size_t RouteReader::consume_mrt(ByteSpan octets, RouteBatch& out) {
    std::size_t used = 0;
    while (used < octets.size()) {
        const MrtFrame frame = frame_mrt(octets.subspan(used));
        if (frame.outcome == RouteOutcome::incomplete) break;
        if (frame.outcome == RouteOutcome::over_limit) {
            ++counts_.records;
            ++counts_.malformed;
            error(offset_, describe(frame.outcome));
            const std::size_t here = std::min<std::uint64_t>(frame.size, octets.size() - used);
            skip_ = frame.size - here;
            offset_ += here;
            used += here;
            continue;
        }
        record(octets.subspan(used, frame.size), out);
        offset_ += frame.size;
        used += frame.size;
    }
    return used;
}

void RouteReader::record(ByteSpan octets, RouteBatch& out) {
    ++counts_.records;
    const RouteOutcome outcome = mrt_.decode(octets, out, counts_.routes);
    if (outcome == RouteOutcome::ignored) ++counts_.ignored;
    if (outcome == RouteOutcome::unsupported) ++counts_.unsupported;
    if (outcome == RouteOutcome::malformed) ++counts_.malformed;
    if (outcome == RouteOutcome::malformed || outcome == RouteOutcome::unsupported)
        error(offset_, describe(outcome));
}

std::size_t RouteReader::consume_list(ByteSpan octets, RouteBatch& out) {
    std::string_view text = as_text(octets);
    std::size_t used = 0;
    while (used < text.size()) {
        const std::size_t end = text.find('\n', used);
        if (end == std::string_view::npos) {
            if (text.size() - used <= prefix_line_max) break;
            // Too long: counted once, as an error; the octets up to the line end are dropped.
            if (!in_long_line_) line(text.substr(used), out);
            in_long_line_ = true;
            used = text.size();
            break;
        }
        if (!in_long_line_) line(text.substr(used, end - used), out);
        in_long_line_ = false;
        used = end + 1;
    }
    offset_ += used;
    return used;
}

void RouteReader::line(std::string_view text, RouteBatch& out) {
    ++counts_.records;
    const std::size_t before = out.routes.size();
    auto wrong =
        text.size() > prefix_line_max
            ? std::optional(fmt::format("the line is longer than {} octets", prefix_line_max))
            : parse_prefix_line(text, out);
    counts_.routes += out.routes.size() - before;
    if (!wrong) {
        if (out.routes.size() == before)
            ++counts_.ignored;
        else
            out.routes.back().line =
                static_cast<std::uint32_t>(std::min<std::uint64_t>(counts_.records, UINT32_MAX));
        return;
    }
    ++counts_.malformed;
    error(counts_.records, *std::move(wrong));
}

void RouteReader::error(std::uint64_t place, std::string text) {
    if (errors_.size() < errors_max) errors_.push_back({place, std::move(text)});
}

}  // namespace octroi
