// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Decoded frames become readings, for files and live capture alike. Every frame is counted; later
// fragments get the service of their first one; then each frame goes to the flow table, or to the
// excluded frames. One thread.

#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

#include "base/quantity.hpp"
#include "base/result.hpp"
#include "meter/capture/excluded_frames.hpp"
#include "meter/capture/flow_table.hpp"
#include "meter/capture/fragment_table.hpp"
#include "meter/capture/sample.hpp"

namespace octroi::capture {

// The service of later fragments.
enum class FragmentPolicy : std::uint8_t {
    resolve,   // that of their first fragment, where that was seen
    separate,  // none: all of them are orphans
};

// What a lost packet can have carried at most: the total length of IPv4 has 16 bits (RFC 791), and
// so has the payload length of IPv6 (RFC 8200); a loss bound ignores its header of 40 octets.
inline constexpr std::uint64_t packet_bytes_max = 65'535;

// Counted at the packet. ip_packets + non_ip + malformed = frames.
struct PacketTotals {
    std::uint64_t frames = 0;
    std::uint64_t frame_bytes = 0;  // on the wire
    std::uint64_t ip_packets = 0;
    std::uint64_t ip_bytes = 0;  // layer 3
    std::uint64_t v4_packets = 0;
    std::uint64_t v4_bytes = 0;
    std::uint64_t v6_packets = 0;
    std::uint64_t v6_bytes = 0;
    std::uint64_t non_ip = 0;
    std::uint64_t malformed = 0;
    std::uint64_t excluded_bytes = 0;  // of the two above, on the wire
    std::uint64_t fragments = 0;       // first and later
    std::uint64_t orphans = 0;         // later fragments without a service
    std::uint64_t truncated = 0;       // IP packets captured too short to decode all

    // The bytes of all readings: layer 3 of IP packets, the length of other frames.
    [[nodiscard]] std::uint64_t bytes() const noexcept { return ip_bytes + excluded_bytes; }
};

struct AggregatorOptions {
    FlowTableOptions flows;
    FragmentPolicy fragments = FragmentPolicy::resolve;
};

class FrameAggregator {
public:
    // seed: secret, for hash tables. Errors: those of FlowTable::create.
    [[nodiscard]] static Result<std::unique_ptr<FrameAggregator>> create(
        const AggregatorOptions& options, std::uint64_t seed);

    // Counts at most batch_size samples. Keys of fragments are changed.
    void process(std::span<Sample> samples, ReadingBuffer& out);
    void sweep(UtcTime now, ReadingBuffer& out) { flows_->sweep(now, out); }
    // Hands over the readings of all flows, which stay in the table.
    void hand_over(ReadingBuffer& out);
    // The same, and empties the table.
    void drain(ReadingBuffer& out);

    // The volume since the last call, counted at the packets.
    [[nodiscard]] Volume drain_observed();

    [[nodiscard]] const PacketTotals& totals() const noexcept { return totals_; }
    [[nodiscard]] const FlowTable& flows() const noexcept { return *flows_; }
    [[nodiscard]] FragmentTable& fragments() noexcept { return fragments_; }
    [[nodiscard]] const FragmentTable& fragments() const noexcept { return fragments_; }

private:
    FrameAggregator(const AggregatorOptions& options, std::unique_ptr<FlowTable> flows,
                    std::uint64_t seed);
    void resolve_fragment(Sample& sample);

    FragmentPolicy policy_;
    std::unique_ptr<FlowTable> flows_;
    FragmentTable fragments_;
    ExcludedFrames excluded_;
    PacketTotals totals_;
    Volume drained_;
};

}  // namespace octroi::capture
