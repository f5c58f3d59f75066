// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// The losses of one interface: what the kernel's counters of the interface and of the capture say
// was not seen. Bounds of losses are upper bounds: the octets that the interface has counted less
// those that were seen (only where no filter hides packets), or 65535 octets for each packet,
// whichever is less.
//
// Counters are those of received and sent frames together.

#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

#include "host/capture.hpp"
#include "meter/capture/interface_position.hpp"
#include "record/transfer.hpp"

namespace octroi::capture {

class InterfaceAccount {
public:
    // The capture has just been opened; `position`: the counters before that.
    void start(InterfacePosition position);
    // A frame of that length on the wire was seen.
    void on_frame(std::uint32_t wire_length) noexcept {
        seen_bytes_ += wire_length;
        certain_bytes_ += wire_length - std::min(wire_length, uncounted_max);
    }

    // That frame stands for several on the wire: those that are lost may, too.
    void on_merged_frame() noexcept { merges_ = true; }

    // Adds losses for the packets that were dropped since the last call. stated: of the capture.
    // after: the interface's counters, read after `stated`, so that they contain all that was
    // dropped; null where they bound nothing (a filter, or the interface is gone).
    void add_drops(const std::string& interface, const CaptureStatistics& stated,
                   const InterfacePosition* after, UtcTime now, std::vector<Loss>& losses);
    // Drops that add_drops() has reported since the meter was made.
    struct Drops {
        std::uint64_t kernel = 0;
        std::uint64_t interface = 0;
    };
    [[nodiscard]] const Drops& drops() const noexcept { return drops_; }

    // A checkpoint at these counters.
    void advance(InterfacePosition position) { settled_ = std::move(position); }
    // The counters when the capture was opened, and at the last checkpoint.
    [[nodiscard]] const InterfacePosition& opened() const noexcept { return opened_; }
    [[nodiscard]] const InterfacePosition& settled() const noexcept { return settled_; }
    [[nodiscard]] std::uint64_t seen_bytes() const noexcept { return seen_bytes_; }

private:
    // Octets of a frame that the interface may not count: bridges and VLAN devices count without
    // the Ethernet header, and a driver may count without the tags that it removes.
    static constexpr std::uint32_t uncounted_max = 14 + 2 * 4;

    [[nodiscard]] std::uint64_t with_headers(std::uint64_t bytes) const;
    [[nodiscard]] std::uint64_t bound_of(std::uint64_t packets,
                                         const InterfacePosition* after) const;

    InterfacePosition opened_;
    InterfacePosition settled_;
    std::uint64_t seen_bytes_ = 0;     // since the capture was opened, on the wire
    std::uint64_t certain_bytes_ = 0;  // of these, what the interface's counters contain at least
    std::uint64_t bounded_bytes_ = 0;  // that losses since then stand for already
    bool merges_ = false;
    CaptureStatistics reported_;
    Drops drops_;
};

// The loss between two positions: what passed while nobody captured. Nothing: nothing passed.
void add_not_running(const std::string& interface, const InterfacePosition& from,
                     const InterfacePosition& until, std::vector<Loss>& losses);

}  // namespace octroi::capture
