// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Meters live traffic on one or several interfaces, in one thread.
//
// Direction is that of this host, as the kernel states it. Where it does not: `out` where the frame
// comes from the interface's own MAC (on links without MACs, from one of the host's addresses);
// `in` where it goes to that MAC or to many; else unknown (promiscuous mode).
//
// A frame that the kernel has merged, or will split (GRO, TSO), counts as its segments on the wire:
// segments.hpp.
//
// Each packet counts once, also if this machine translates addresses: forwarded_frames.hpp. Frames
// that wait at a checkpoint were captured after the counters in its cursors, and are in the next
// one.
//
// Each checkpoint reports losses: drops of the ring and of the interface, and the traffic while the
// meter was not running or the interface was down (interface_account.hpp).

#include <array>
#include <boost/unordered/unordered_flat_map.hpp>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "host/capture.hpp"
#include "meter/capture/counters.hpp"
#include "meter/capture/forwarded_frames.hpp"
#include "meter/capture/frame_aggregator.hpp"
#include "meter/capture/interface_account.hpp"
#include "meter/capture/nat_tracker.hpp"
#include "meter/meter.hpp"
#include "meter/name_table.hpp"

namespace octroi::capture {

struct LiveMeterOptions {
    std::vector<std::string> interfaces;  // at least one, each once
    bool promiscuous = false;
    std::uint32_t snap_length = CaptureOptions{}.snap_length;
    std::uint32_t ring_octets = CaptureOptions{}.ring_octets;  // per interface
    std::string filter;
    AggregatorOptions aggregator;
    std::uint64_t seed = 0;  // secret, for hash tables; has no influence on results
};

inline constexpr std::string_view interface_source_prefix = "interface:";

class LiveMeter final : public Meter {
public:
    // Opens all interfaces (the driver may give up its privileges then). known: this meter's
    // cursors with sources that begin with interface_source_prefix. The host must outlive the
    // meter. Errors: invalid, over_limit, not_found, unsupported (link type), those of CaptureHost.
    [[nodiscard]] static Result<std::unique_ptr<LiveMeter>> open(const LiveMeterOptions& options,
                                                                 CaptureHost& host,
                                                                 std::span<const Cursor> known);

    // Never returns checkpoint or end: the driver decides when. An interface that fails is no
    // error; it is opened again when it is back.
    [[nodiscard]] Result<Pull> pull(ReadingSink& sink, Duration wait) override;
    // Waits two CaptureHost::delivery_delay for the frames that are still in the rings.
    [[nodiscard]] Result<Checkpoint> checkpoint(ReadingSink& sink) override;
    [[nodiscard]] const NameTable& names() const override { return names_; }
    [[nodiscard]] std::vector<CounterValue> counters() const override;
    // The interfaces of which the kernel does not state the segments of merged frames.
    [[nodiscard]] std::vector<std::string> unsegmented_interfaces() const;
    [[nodiscard]] const PacketTotals& totals() const noexcept { return aggregator_->totals(); }

private:
    struct Port {
        LiveMeter* meter = nullptr;
        std::uint16_t number = 0;              // Reading::interface
        std::unique_ptr<PacketSource> source;  // null: the interface is down or gone
        packet::LinkType link{};
        Mac mac;
        bool bridge_port = false;
        Cursor cursor;
        InterfaceAccount account;
        UtcTime retry_at;
        UtcTime read_until;  // all frames up to this time were read
        boost::unordered_flat_map<std::uint16_t, NameRef> vlans;  // of link_of(), by VLAN id
    };

    LiveMeter(const LiveMeterOptions& options, CaptureHost& host,
              std::unique_ptr<FrameAggregator> aggregator, ForwardedFrames forwarded);
    [[nodiscard]] Status open_port(Port& port, const std::vector<Interface>& present);
    [[nodiscard]] Status open_all(std::span<const Cursor> known);
    void retry_ports();
    [[nodiscard]] std::vector<PacketSource*> open_sources() const;
    [[nodiscard]] std::size_t read_ports();
    void close_port(Port& port);
    void drain_rings();

    static void on_frame(void* port, const RawFrame& frame);
    void count_frame(Port& port, const RawFrame& frame);
    [[nodiscard]] Direction direction(const Port& port, FrameWay way,
                                      const packet::Packet& packet) const;
    [[nodiscard]] bool is_own(const Address& address) const;
    void count_decoded(Port& port, Sample& sample);
    [[nodiscard]] bool may_be_seen_twice() const { return ports_.size() >= 2 || routes_; }
    [[nodiscard]] NameRef link_of(Port& port, std::uint16_t vlan);
    void add_to_batch(const Sample& sample);
    void process_batch();
    void release_waiting(Duration patience);

    [[nodiscard]] const std::string& interface_of(const Port& port) const;
    void settle_port(Port& port, const std::vector<Interface>& before, UtcTime now);
    void learn_addresses(const std::vector<Interface>& present);
    void open_nat();

    LiveMeterOptions options_;
    NameTable names_;  // the interfaces, in the order of the options
    CaptureHost* host_;
    std::string boot_;
    std::unique_ptr<FrameAggregator> aggregator_;
    ForwardedFrames forwarded_;
    NatTracker nat_;
    std::vector<Address> own_addresses_;  // sorted
    bool routes_ = false;                 // this machine may forward packets
    std::vector<std::unique_ptr<Port>> ports_;
    ReadingBuffer out_;
    std::array<Sample, batch_size> batch_;
    std::size_t batched_ = 0;
    Duration reading_at_;                 // uptime of the read in progress
    std::vector<Loss> losses_;            // since the last checkpoint
    bool lacks_cursor_ = false;           // the ledger has none of an interface
    std::uint64_t interface_errors_ = 0;  // interfaces that went away or failed
};

}  // namespace octroi::capture
