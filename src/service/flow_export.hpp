// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Sends readings as flows: an encoder, and a connection to the collector.

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/token_bucket.hpp"
#include "config/export_target.hpp"
#include "host/clock.hpp"
#include "host/sender.hpp"
#include "meter/name_table.hpp"
#include "record/reading.hpp"
#include "wire/flow/encoder.hpp"

namespace octroi {

struct ExportSettings {
    ExportTarget to;
    ExportFormat format = ExportFormat::ipfix;
    std::uint32_t domain = 0;
    // Messages per second over UDP, so that a file does not overflow the collector's socket buffer.
    // 0: no bound.
    std::uint64_t rate = 0;
    // How long one message may wait for a slow collector (TCP).
    Duration patience;
};

struct ExportCounts {
    flow::EncoderCounters encoded;
    std::uint64_t not_ip = 0;    // readings that are not forwarded IP traffic
    std::uint64_t not_sent = 0;  // messages
};

class FlowExport final : private flow::MessageSink {
public:
    // The clock must outlive it.
    [[nodiscard]] static Result<std::unique_ptr<FlowExport>> open(const ExportSettings& settings,
                                                                  const Clock& clock);

    // names: Meter::names(). exported: the export time, not before the end of any reading.
    void accept(std::span<const Reading> readings, const NameTable& names, UtcTime exported);
    // Sends a message that is not full.
    void flush(UtcTime exported);
    // Sends the last message, and closes the destination.
    [[nodiscard]] Status finish(UtcTime exported);

    [[nodiscard]] ExportCounts counts() const;
    // The last error of a message that could not be sent, once.
    [[nodiscard]] std::optional<Error> pop_error() { return std::exchange(error_, {}); }

private:
    FlowExport(const ExportSettings& settings, std::unique_ptr<flow::Encoder> encoder,
               std::unique_ptr<Sender> sender, const Clock& clock);
    void message(std::string_view octets) override;

    std::unique_ptr<flow::Encoder> encoder_;
    std::unique_ptr<Sender> sender_;
    const Clock& clock_;
    bool has_sessions_;  // with the collector: TCP
    std::optional<TokenBucket> bucket_;
    std::vector<flow::FlowRecord> records_;
    // Interfaces are numbered without gaps, in the order of the meter's names; 0: not an interface.
    // A number keeps to its row: when the row gets another name, the next message states it.
    void number_interfaces(const NameTable& names, UtcTime exported);
    [[nodiscard]] std::uint32_t interface_number(NameRef ref) const noexcept {
        return ref == no_name || ref > interface_numbers_.size() ? 0 : interface_numbers_[ref - 1];
    }
    [[nodiscard]] flow::FlowRecord flow_of(const Reading& reading) const;

    std::vector<std::uint32_t> interface_numbers_;  // by NameRef - 1
    std::vector<std::string> interface_names_;
    std::uint64_t renamed_ = 0;  // NameTable::renamed() of the names above
    std::uint64_t not_ip_ = 0;
    std::uint64_t not_sent_ = 0;
    std::optional<Error> error_;
};

}  // namespace octroi
