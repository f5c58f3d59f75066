// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// A mapped file that another program truncates has no pages behind its new end: an access there
// raises SIGBUS, which ends the process. Within a MappedRange such an access gets a page of zeros
// instead, and the range remembers it.

#include <cstddef>
#include <span>

namespace octroi {

class MappedRange {
public:
    MappedRange() noexcept = default;
    // Beyond ranges_max ranges (mapped_range.cpp) SIGBUS ends the process, as without the class.
    explicit MappedRange(std::span<const std::byte> octets) noexcept;
    MappedRange(MappedRange&& other) noexcept;
    MappedRange& operator=(MappedRange&& other) noexcept;
    MappedRange(const MappedRange&) = delete;
    MappedRange& operator=(const MappedRange&) = delete;
    ~MappedRange();

    // Call it before the range is unmapped.
    void reset() noexcept;
    // An access met no page: the file was cut, or the disk was full. Any thread.
    [[nodiscard]] bool was_cut() const noexcept;

private:
    static constexpr std::size_t none = static_cast<std::size_t>(-1);
    std::size_t index_ = none;
};

}  // namespace octroi
