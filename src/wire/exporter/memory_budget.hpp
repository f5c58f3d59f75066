// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// The memory that exporters make us keep, in octets. Components charge what they keep and release
// what they drop, so that the total is known without looking at everything. Charges are upper
// bounds computed from sizes, not what the allocator reports.
//
// A MemoryBudget is a total with a limit. A MemoryShare is the part of one exporter. Neither
// refuses a charge: callers ask fits() first (ExporterRegistry::reserve evicts other exporters if
// needed).

#include <cstddef>

namespace octroi::exporter {

class MemoryBudget {
public:
    explicit MemoryBudget(std::size_t limit) noexcept : limit_(limit) {}
    MemoryBudget(const MemoryBudget&) = delete;
    MemoryBudget& operator=(const MemoryBudget&) = delete;

    [[nodiscard]] bool fits(std::size_t octets) const noexcept { return used_ + octets <= limit_; }
    [[nodiscard]] std::size_t used() const noexcept { return used_; }
    void charge(std::size_t octets) noexcept { used_ += octets; }
    void release(std::size_t octets) noexcept { used_ -= octets; }

private:
    const std::size_t limit_;
    std::size_t used_ = 0;
};

// When a share is destroyed, it releases what it still holds. The budget must outlive it.
class MemoryShare {
public:
    explicit MemoryShare(MemoryBudget& budget) noexcept : budget_(budget) {}
    MemoryShare(const MemoryShare&) = delete;
    MemoryShare& operator=(const MemoryShare&) = delete;
    ~MemoryShare() { budget_.release(octets_); }

    void charge(std::size_t octets) noexcept {
        octets_ += octets;
        budget_.charge(octets);
    }
    void release(std::size_t octets) noexcept {
        octets_ -= octets;
        budget_.release(octets);
    }
    [[nodiscard]] std::size_t octets() const noexcept { return octets_; }

private:
    MemoryBudget& budget_;
    std::size_t octets_ = 0;
};

}  // namespace octroi::exporter
