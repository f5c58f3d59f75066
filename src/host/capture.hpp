// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Live frames from network interfaces, through libpcap (TPACKET_V3 underneath), behind a seam that
// tests and the simulator replace.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "base/time.hpp"
#include "host/clock.hpp"
#include "host/interfaces.hpp"

namespace octroi {

struct CaptureOptions {
    std::string interface;
    bool promiscuous = false;
    // Octets kept of each frame. 128 hold Ethernet with two tags, IPv4 with all options or IPv6
    // with 50 octets of extension headers, and TCP up to its flags; bytes are right in any case.
    std::uint32_t snap_length = 128;
    std::uint32_t ring_octets = 16U << 20U;
    std::string filter;  // pcap-filter(7); empty: all
};

// Valid during the call that hands it over.
struct RawFrame {
    std::span<const std::byte> octets;
    std::uint32_t wire_length = 0;
    UtcTime time;
};

// Cumulative since the source was opened.
struct CaptureStatistics {
    std::uint64_t kernel_drops = 0;     // no room in the ring
    std::uint64_t interface_drops = 0;  // by the interface, before they could be captured
};

// One interface. One thread at a time; read() never blocks.
class PacketSource {
public:
    using Handler = void (*)(void* context, const RawFrame& frame);

    virtual ~PacketSource() = default;
    // LINKTYPE_ number (wire/packet/packet.hpp).
    [[nodiscard]] virtual std::uint16_t link_type() const = 0;
    // Hands over the frames that are there, at most about `limit` (libpcap ends with a block of its
    // ring). An error means that the interface is gone or down: open it again later.
    [[nodiscard]] virtual Result<std::size_t> read(std::size_t limit, Handler handler,
                                                   void* context) = 0;
    [[nodiscard]] virtual Result<CaptureStatistics> statistics() = 0;
    // To wait for frames with poll(2); -1: none.
    [[nodiscard]] virtual int descriptor() const = 0;
};

// What live capture asks of the machine.
class CaptureHost {
public:
    // A frame may stay in the ring for so long before read() can see it.
    static constexpr Duration delivery_delay = Duration::milliseconds(20);

    virtual ~CaptureHost() = default;
    // Errors: permission (says which capability and how to give it), not_found, invalid (filter),
    // failed (interface is down).
    [[nodiscard]] virtual Result<std::unique_ptr<PacketSource>> open(
        const CaptureOptions& options) = 0;
    [[nodiscard]] virtual Result<std::vector<Interface>> interfaces() = 0;
    [[nodiscard]] virtual Result<std::string> boot_id() = 0;
    // Until one of them may have frames, at most for `wait`.
    virtual void wait(std::span<PacketSource* const> sources, Duration wait) = 0;
    [[nodiscard]] virtual const Clock& clock() const = 0;
};

// The machine itself.
class SystemCaptureHost final : public CaptureHost {
public:
    [[nodiscard]] Result<std::unique_ptr<PacketSource>> open(
        const CaptureOptions& options) override;
    [[nodiscard]] Result<std::vector<Interface>> interfaces() override;
    [[nodiscard]] Result<std::string> boot_id() override;
    void wait(std::span<PacketSource* const> sources, Duration wait) override;
    [[nodiscard]] const Clock& clock() const override { return clock_; }

private:
    SystemClock clock_;
};

}  // namespace octroi
