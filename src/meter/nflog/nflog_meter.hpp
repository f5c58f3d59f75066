// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Meters the packets that firewall rules send to a group of the kernel's packet log. One thread.
//
// Octets are those of the IP header: the kernel has compared it with the packet before any rule
// sees it, and copies only the first octets. Packets that the kernel has merged (GRO) are one
// packet here: the headers of the others are missing, and the log does not say how many there were.
//
// Each message has a number, so that lost ones are known exactly: a loss `event-drop`. What the
// rules logged while the meter did not run is a loss `not-running` without a bound.

#include <array>
#include <boost/unordered/unordered_flat_map.hpp>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "host/capture.hpp"
#include "meter/capture/frame_aggregator.hpp"
#include "meter/meter.hpp"
#include "meter/name_table.hpp"
#include "wire/nflog/nflog.hpp"

namespace octroi::nflog {

inline constexpr std::string_view source_prefix = "nflog:";

struct NflogMeterOptions {
    PacketLogOptions log;
    capture::AggregatorOptions aggregator;
    std::uint64_t seed = 0;  // secret, for hash tables; has no influence on results
};

class NflogMeter final : public Meter {
public:
    // known: this meter's cursors with sources that begin with source_prefix. The host must outlive
    // the meter. Errors: those of CaptureHost::packet_log().
    [[nodiscard]] static Result<std::unique_ptr<NflogMeter>> open(const NflogMeterOptions& options,
                                                                  CaptureHost& host,
                                                                  std::span<const Cursor> known);

    // Never returns end. Returns checkpoint once, if the ledger has no cursor.
    [[nodiscard]] Result<Pull> pull(ReadingSink& sink, Duration wait) override;
    [[nodiscard]] Result<Checkpoint> checkpoint(ReadingSink& sink) override;
    [[nodiscard]] const NameTable& names() const override { return names_; }
    [[nodiscard]] std::vector<CounterValue> counters() const override;

private:
    NflogMeter(const NflogMeterOptions& options, CaptureHost& host,
               std::unique_ptr<capture::FrameAggregator> aggregator);
    void continue_from(std::span<const Cursor> known);
    [[nodiscard]] Result<std::size_t> read();

    static void on_message(void* meter, ByteSpan message);
    void count(ByteSpan message);
    void count_gap(const LogMessage& message);
    [[nodiscard]] NameRef interface_of(std::uint32_t if_index);
    void learn_interfaces();
    void process_batch();

    NflogMeterOptions options_;
    CaptureHost* host_;
    std::unique_ptr<PacketLog> log_;
    std::unique_ptr<capture::FrameAggregator> aggregator_;
    NameTable names_;
    boost::unordered_flat_map<std::uint32_t, NameRef> interfaces_;  // by ifIndex
    Cursor cursor_;
    bool lacks_cursor_ = false;  // the ledger has none
    std::optional<std::uint32_t> next_sequence_ = 0;
    std::uint64_t lost_ = 0;      // packets, in all
    std::uint64_t reported_ = 0;  // of these, by losses
    UtcTime settled_;             // the last checkpoint, or when the log was opened
    UtcTime now_;                 // of the read in progress
    std::vector<Loss> losses_;    // since the last checkpoint
    capture::ReadingBuffer out_;
    std::array<capture::Sample, capture::batch_size> batch_;
    std::size_t batched_ = 0;
};

}  // namespace octroi::nflog
