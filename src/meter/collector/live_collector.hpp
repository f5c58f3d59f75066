// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// A collector that listens on sockets: a Collector, the sockets that fill its journal, and the
// threads that move and sync messages. The driver's thread decodes.

#include <array>
#include <memory>
#include <string>
#include <vector>

#include "meter/collector/collector.hpp"
#include "meter/collector/intake.hpp"
#include "meter/collector/listeners.hpp"
#include "meter/collector/threads.hpp"

namespace octroi::collector {

// LiveCollector::counters() has these behind those of Collector.
inline constexpr std::array<CounterInfo, 2> stream_counters = {{
    {"collector_connections_refused_total",
     "TCP and TLS connections that were not allowed, too many from one address, or sent something "
     "else than IPFIX."},
    {"collector_connections_failed_total",
     "TCP and TLS connections that ended with an error, in the TLS handshake for example, or that "
     "sent no message in time."},
}};

struct LiveCollectorOptions {
    CollectorOptions collector;
    ListenOptions listen;
    Duration sync_interval = Duration::seconds(5);
};

class LiveCollector final : public Meter {
public:
    // Opens all sockets (the driver may give up its privileges then), and starts no thread. The
    // first pull starts them. inherited: as in open_listeners(). The clock must outlive the meter.
    // Errors: those of Collector::open and open_listeners.
    [[nodiscard]] static Result<std::unique_ptr<LiveCollector>> open(
        const LiveCollectorOptions& options, std::vector<Fd> inherited,
        std::span<const Cursor> known, const Clock& clock);

    // Also the errors of the threads for the intake and for syncs: they end the meter.
    [[nodiscard]] Result<Pull> pull(ReadingSink& sink, Duration wait) override;
    [[nodiscard]] Result<Checkpoint> checkpoint(ReadingSink& sink) override;
    void committed() override { collector_->committed(); }
    [[nodiscard]] const NameTable& names() const override { return collector_->names(); }
    [[nodiscard]] std::vector<CounterValue> counters() const override;

    // For people, one sentence each: small socket buffers, damaged files.
    [[nodiscard]] const std::vector<std::string>& warnings() const noexcept { return warnings_; }
    // "udp [::]:2055"
    [[nodiscard]] std::vector<std::string> listening() const { return intake_.names(); }

private:
    LiveCollector(std::unique_ptr<Collector> collector, Listeners listeners,
                  const LiveCollectorOptions& options, const Clock& clock);

    // In this order: the threads end before what they use.
    std::unique_ptr<Collector> collector_;
    std::vector<std::string> warnings_;
    Intake intake_;
    IntakeThread intake_thread_;
    SpareThread spare_thread_;
    SyncThread sync_thread_;
    bool started_ = false;
};

}  // namespace octroi::collector
