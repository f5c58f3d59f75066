// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// What files and live capture have in common behind the decoder: counts every frame, charges
// fragments, and sends each frame to the flow table or to the frames that are left out.

#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

#include "base/quantity.hpp"
#include "base/result.hpp"
#include "meter/capture/flow_table.hpp"
#include "meter/capture/fragment_table.hpp"
#include "meter/capture/left_out.hpp"
#include "meter/capture/sample.hpp"

namespace octroi::capture {

// N12: what later fragments are charged to.
enum class FragmentPolicy : std::uint8_t {
    resolve,   // the flow of their first fragment, where that was seen
    separate,  // no service: all of them are orphans
};

// Counted at the packet. ip_packets + non_ip + malformed = frames.
// What a lost packet can have carried at most: the total length of IPv4 has 16 bits (RFC 791), and
// so has the payload length of IPv6 (RFC 8200), whose header of 40 octets a loss bound ignores.
inline constexpr std::uint64_t packet_bytes_max = 65'535;

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
    std::uint64_t left_out_bytes = 0;  // of the two above, on the wire
    std::uint64_t fragments = 0;       // first and later
    std::uint64_t orphans = 0;         // later fragments that are charged to no service
    std::uint64_t truncated = 0;       // IP packets whose captured octets end too early to tell all

    // Bytes and packets of all that readings are made of.
    [[nodiscard]] std::uint64_t bytes() const noexcept { return ip_bytes + left_out_bytes; }
};

struct IntakeOptions {
    FlowTableOptions flows;
    FragmentPolicy fragments = FragmentPolicy::resolve;
};

class Intake {
public:
    [[nodiscard]] static Result<std::unique_ptr<Intake>> create(const IntakeOptions& options,
                                                                std::uint64_t seed);

    // At most batch_size samples, which are changed.
    void process(std::span<Sample> samples, ReadingBuffer& out);
    void sweep(UtcTime now, ReadingBuffer& out) { flows_->sweep(now, out); }
    void hand_over(ReadingBuffer& out);
    void hand_over_and_forget(ReadingBuffer& out);

    // What was counted since the last call.
    [[nodiscard]] Volume take_observed();

    [[nodiscard]] const PacketTotals& totals() const noexcept { return totals_; }
    [[nodiscard]] const FlowTable& flows() const noexcept { return *flows_; }
    [[nodiscard]] FragmentTable& fragments() noexcept { return fragments_; }
    [[nodiscard]] const FragmentTable& fragments() const noexcept { return fragments_; }

private:
    Intake(const IntakeOptions& options, std::unique_ptr<FlowTable> flows, std::uint64_t seed);
    void charge_fragment(Sample& sample);

    FragmentPolicy policy_;
    std::unique_ptr<FlowTable> flows_;
    FragmentTable fragments_;
    LeftOutFrames left_out_;
    PacketTotals totals_;
    Volume taken_;
};

}  // namespace octroi::capture
