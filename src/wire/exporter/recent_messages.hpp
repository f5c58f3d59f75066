// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// The last messages of one stream, by sequence number and content hash: a message that equals one
// of them has been received before (UDP duplicates datagrams, and so do port mirrors).

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>

#include "base/byte_cursor.hpp"

namespace octroi::exporter {

class RecentMessages {
public:
    // How many messages are kept.
    static constexpr std::uint32_t window = 64;

    void add(std::uint32_t sequence, std::uint32_t content) noexcept {
        ++count_;
        kept_[count_ % window] = {sequence, content};
    }
    // The last added message is not contained any more.
    void remove_last() noexcept { kept_[count_ % window].content ^= 1U; }
    [[nodiscard]] bool contains(std::uint32_t sequence, std::uint32_t content) const noexcept {
        // The first message stands at 1: as long as place 0 was not written, it is skipped.
        const std::size_t first = count_ < window ? 1 : 0;
        const std::size_t end = std::min<std::size_t>(count_ + 1, window);
        for (std::size_t i = first; i < end; ++i)
            if (kept_[i].sequence == sequence && kept_[i].content == content) return true;
        return false;
    }
    // Messages added since the beginning; not bounded by the window.
    [[nodiscard]] std::uint64_t count() const noexcept { return count_; }
    // The sequence number that was added last; 0 if there is none.
    [[nodiscard]] std::uint32_t last_sequence() const noexcept {
        return kept_[count_ % window].sequence;
    }

    // The entries without count(), which the snapshot of a stream holds elsewhere.
    void save(ByteWriter& to) const {
        for (const Entry& entry : kept_) {
            to.be32(entry.sequence);
            to.be32(entry.content);
        }
    }
    [[nodiscard]] bool restore(ByteCursor& from, std::uint64_t count) {
        count_ = count;
        return std::all_of(kept_.begin(), kept_.end(), [&](Entry& entry) {
            return from.be32(entry.sequence) && from.be32(entry.content);
        });
    }

private:
    struct Entry {
        std::uint32_t sequence = 0;
        std::uint32_t content = 0;
    };
    std::array<Entry, window> kept_{};  // message n stands at n % window
    std::uint64_t count_ = 0;
};

}  // namespace octroi::exporter
