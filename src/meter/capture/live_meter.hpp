// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Meters live traffic on one or several interfaces, in one thread.
//
// Direction is seen from this host: `out` where the frame comes from the interface's own MAC (or,
// on links without MACs, from one of the host's addresses), `in` where it goes to it or to many,
// else unknown (promiscuous mode).
//
// A frame that goes out with another's source address may have come in elsewhere, on an interface
// whose ring is read later. It waits until all that came before it was read (two delivery delays),
// and counts then: once, whichever ring is read first. What waits at a checkpoint was seen behind
// the cursors' counters, and is in the next one.
//
// What could not be seen is stated as losses at each checkpoint: drops of the ring and of the
// interface, and what passed while the meter was not running or the interface was down. Their
// bounds are upper bounds: from the interface's own counters less what was seen (only without a
// filter), or 65535 octets for each packet, whichever is less.

#include <array>
#include <memory>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "host/capture.hpp"
#include "meter/capture/counters.hpp"
#include "meter/capture/forwarded.hpp"
#include "meter/capture/intake.hpp"
#include "meter/capture/interface_position.hpp"
#include "meter/capture/waiting_frames.hpp"
#include "meter/meter.hpp"
#include "meter/name_table.hpp"

namespace octroi::capture {

enum class ForwardedPolicy : std::uint8_t {
    once,  // a packet seen on one interface is a duplicate when it goes out on another, or passes
           // it
    each,  // every interface counts for itself
};

struct LiveMeterOptions {
    std::vector<std::string> interfaces;  // at least one, each once
    bool promiscuous = false;
    std::uint32_t snap_length = CaptureOptions{}.snap_length;
    std::uint32_t ring_octets = CaptureOptions{}.ring_octets;  // per interface
    std::string filter;
    ForwardedPolicy forwarded = ForwardedPolicy::once;
    IntakeOptions intake;
    std::uint64_t seed = 0;
};

inline constexpr std::string_view interface_source_prefix = "interface:";

class LiveMeter final : public Meter {
public:
    // Opens all interfaces (the driver may give up its privileges then). known: this meter's
    // cursors whose source begins with interface_source_prefix. The host must outlive the meter.
    [[nodiscard]] static Result<std::unique_ptr<LiveMeter>> open(const LiveMeterOptions& options,
                                                                 CaptureHost& host,
                                                                 std::span<const Cursor> known);

    // Never says checkpoint or end: the driver decides.
    [[nodiscard]] Result<Pull> pull(ReadingSink& sink, Duration wait) override;
    // Waits CaptureHost::delivery_delay for what the ring still holds.
    [[nodiscard]] Result<Checkpoint> checkpoint(ReadingSink& sink) override;
    [[nodiscard]] std::span<const Name> names() const override { return names_.rows(); }
    [[nodiscard]] std::vector<CounterValue> counters() const override;
    [[nodiscard]] const PacketTotals& totals() const noexcept { return intake_->totals(); }

private:
    // An interface and what is accounted for on it. Counters are those of rx and tx together.
    struct Port {
        LiveMeter* meter = nullptr;
        std::uint16_t number = 0;              // Reading::interface
        std::unique_ptr<PacketSource> source;  // none: it is down or gone
        packet::LinkType link{};
        Mac mac;
        Cursor cursor;
        InterfacePosition opened;      // when the source was opened
        InterfacePosition accounted;   // at the last checkpoint
        std::uint64_t wire_bytes = 0;  // seen since it was opened
        std::uint64_t counted = 0;     // of these, what its counters hold at least
        std::uint64_t bounded = 0;     // bytes that losses since then stand for
        CaptureStatistics reported;
        UtcTime retry_at;
        UtcTime read_until;  // all frames of this time and before it were read
        WaitingFrames waiting;
    };

    LiveMeter(const LiveMeterOptions& options, CaptureHost& host, std::unique_ptr<Intake> intake,
              ForwardedFlows forwarded);
    [[nodiscard]] Status open_port(Port& port, const std::vector<Interface>& present);
    [[nodiscard]] Status open_all(std::span<const Cursor> known);
    void retry_ports();
    [[nodiscard]] std::size_t read_ports();
    void lose_port(Port& port);
    void drain();

    static void on_frame(void* port, const RawFrame& frame);
    void take_frame(Port& port, const RawFrame& frame);
    [[nodiscard]] Direction direction(const Port& port, const packet::Packet& packet) const;
    [[nodiscard]] bool must_wait(packet::Packet& packet, Direction direction, UtcTime time);
    void count(const Sample& sample);
    [[nodiscard]] UtcTime all_read_until() const;
    void release_waiting();
    void take_batch();

    [[nodiscard]] std::string source_of(const Port& port) const;
    void add_not_running(const Port& port, const InterfacePosition& from,
                         const InterfacePosition& until);
    void add_drops(Port& port, const CaptureStatistics& stated, const Interface* interface,
                   UtcTime now);
    void settle_port(Port& port, const std::vector<Interface>& before, UtcTime now);
    void learn_addresses(const std::vector<Interface>& present);

    LiveMeterOptions options_;
    NameTable names_;  // the interfaces, in the order of the options
    CaptureHost* host_;
    std::string boot_;
    std::unique_ptr<Intake> intake_;
    ForwardedFlows forwarded_;
    std::set<Address> own_addresses_;
    std::vector<std::unique_ptr<Port>> ports_;
    ReadingBuffer out_;
    std::array<Sample, batch_size> batch_;
    std::size_t batched_ = 0;
    Duration reading_at_;       // uptime of the read in progress
    std::vector<Loss> losses_;  // since the last checkpoint
    OtherCounters other_;
};

}  // namespace octroi::capture
