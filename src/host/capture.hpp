// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Live frames from network interfaces, through libpcap (on Linux a TPACKET_V3 ring). The abstract
// classes are what tests and the simulator replace.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "base/time.hpp"
#include "host/clock.hpp"
#include "host/connections.hpp"
#include "host/interfaces.hpp"
#include "host/packet_log.hpp"

namespace octroi {

struct CaptureOptions {
    std::string interface;
    bool promiscuous = false;
    // Octets captured of each frame. 128 octets contain Ethernet with two VLAN tags, IPv4 with all
    // options or IPv6 with 50 octets of extension headers, and TCP up to its flags. Byte counts do
    // not depend on it: they come from the IP header and the length on the wire.
    std::uint32_t snap_length = 128;
    std::uint32_t ring_octets = 16U << 20U;
    std::string filter;  // syntax: pcap-filter(7); empty: all frames
};

// Which way a frame passes the interface, if the kernel says so.
enum class FrameWay : std::uint8_t {
    unknown,
    in,     // to this machine, or to many
    other,  // came in, to another machine: the interface is promiscuous, or a port of a bridge
    out,
};

// Valid only during the handler call that receives it.
struct RawFrame {
    std::span<const std::byte> octets;  // at most snap_length
    std::uint32_t wire_length = 0;      // octets on the wire, usually without the FCS
    UtcTime time;                       // of the kernel's clock
    FrameWay way = FrameWay::unknown;
    // The frame stands for several on the wire: the kernel has merged them (GRO, LRO), or will
    // split it (TSO, GSO). Octets of transport payload in each but the last; 0: it is one frame.
    std::uint16_t segment_octets = 0;
};

// Cumulative since the source was opened.
struct CaptureStatistics {
    std::uint64_t kernel_drops = 0;     // frames lost because the ring was full
    std::uint64_t interface_drops = 0;  // frames that the driver lost before the capture saw them
};

// One interface. One thread at a time. No call blocks.
class PacketSource {
public:
    using Handler = void (*)(void* context, const RawFrame& frame);

    virtual ~PacketSource() = default;
    // The LINKTYPE_ number of the frames (wire/packet/packet.hpp).
    [[nodiscard]] virtual std::uint16_t link_type() const = 0;
    // Calls the handler for each frame in the ring and returns their number. Stops after `limit`
    // frames, or up to one ring block later, because libpcap finishes the block it has begun. An
    // error means that the interface disappeared or is down: close the source and open it again
    // later.
    [[nodiscard]] virtual Result<std::size_t> read(std::size_t limit, Handler handler,
                                                   void* context) = 0;
    [[nodiscard]] virtual Result<CaptureStatistics> statistics() = 0;
    // Whether RawFrame::segment_octets is stated.
    [[nodiscard]] virtual bool states_segments() const { return false; }
    // For poll(2): readable when there are frames. -1: this source cannot be polled.
    [[nodiscard]] virtual int descriptor() const = 0;
};

// Everything that live capture needs from the machine.
class CaptureHost {
public:
    // The longest time that a frame stays in the ring before read() returns it.
    static constexpr Duration delivery_delay = Duration::milliseconds(20);

    virtual ~CaptureHost() = default;
    // Errors: permission (the text names the missing capability and how to grant it), not_found
    // (no such interface), invalid (the filter), failed (the interface is down).
    [[nodiscard]] virtual Result<std::unique_ptr<PacketSource>> open(
        const CaptureOptions& options) = 0;
    [[nodiscard]] virtual Result<std::vector<Interface>> interfaces() = 0;
    [[nodiscard]] virtual Result<std::string> boot_id() = 0;
    // Blocks until one of the sources has frames, at most for `wait`. May return early.
    virtual void wait(std::span<PacketSource* const> sources, Duration wait) = 0;
    [[nodiscard]] virtual const Clock& clock() const = 0;
    // As open_connections(). Null: this machine tracks no connections.
    [[nodiscard]] virtual Result<std::unique_ptr<ConnectionSource>> connections() {
        return nullptr;
    }
    // As open_packet_log().
    [[nodiscard]] virtual Result<std::unique_ptr<PacketLog>> packet_log(
        const PacketLogOptions& /*options*/) {
        return fail(ErrorCode::unsupported, "this machine has no packet log");
    }
};

// The machine that the process runs on.
class SystemCaptureHost final : public CaptureHost {
public:
    [[nodiscard]] Result<std::unique_ptr<PacketSource>> open(
        const CaptureOptions& options) override;
    [[nodiscard]] Result<std::vector<Interface>> interfaces() override;
    [[nodiscard]] Result<std::string> boot_id() override;
    void wait(std::span<PacketSource* const> sources, Duration wait) override;
    [[nodiscard]] const Clock& clock() const override { return clock_; }
    [[nodiscard]] Result<std::unique_ptr<ConnectionSource>> connections() override {
        return open_connections();
    }
    [[nodiscard]] Result<std::unique_ptr<PacketLog>> packet_log(
        const PacketLogOptions& options) override {
        return open_packet_log(options);
    }

private:
    SystemClock clock_;
};

}  // namespace octroi
