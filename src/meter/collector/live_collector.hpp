// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// A collector that listens: an intake thread fills the journal, a thread of its own syncs it to the
// disk, and the driver's thread decodes.

#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>

#include "host/tls.hpp"
#include "meter/collector/collector.hpp"
#include "meter/collector/intake.hpp"

namespace octroi::collector {

struct TcpOptions {
    Address address;  // empty: all, of both families
    std::uint16_t port = 0;
};

struct LiveCollectorOptions {
    CollectorOptions collector;
    std::vector<UdpOptions> listen;  // not used where sockets were given on
    std::vector<TcpOptions> listen_tcp;
    std::vector<TcpOptions> listen_tls;
    TlsFiles tls;
    Duration sync_interval = Duration::seconds(5);
};

class LiveCollector final : public Meter {
public:
    // Binds all sockets (the driver may give up its privileges then). given: sockets that another
    // process opened and holds (inherited_sockets()); where there are any, `listen` is not used.
    [[nodiscard]] static Result<std::unique_ptr<LiveCollector>> open(
        const LiveCollectorOptions& options, std::vector<Fd> given, std::span<const Cursor> known,
        const Clock& clock);
    ~LiveCollector() override;

    [[nodiscard]] Result<Pull> pull(ReadingSink& sink, Duration wait) override;
    [[nodiscard]] Result<Checkpoint> checkpoint(ReadingSink& sink) override {
        return collector_->checkpoint(sink);
    }
    void committed() override { collector_->committed(); }
    [[nodiscard]] std::span<const Name> names() const override { return collector_->names(); }
    [[nodiscard]] std::vector<CounterValue> counters() const override {
        return collector_->counters();
    }
    // For people, one sentence each: small socket buffers, damaged files.
    [[nodiscard]] const std::vector<std::string>& notices() const noexcept { return notices_; }
    // "udp [::]:2055"
    [[nodiscard]] std::vector<std::string> listening() const;

private:
    LiveCollector(std::unique_ptr<Collector> collector, Duration sync_interval);
    void start();
    void take_in(const std::stop_token& stop);
    void keep_synced(const std::stop_token& stop);
    void fail_with(const Error& error);
    [[nodiscard]] std::optional<Error> failure() const;

    std::unique_ptr<Collector> collector_;
    std::unique_ptr<Intake> intake_;
    Duration sync_interval_;
    std::vector<std::string> notices_;

    mutable std::mutex mutex_;
    std::condition_variable arrived_;
    std::condition_variable_any ended_;  // wakes the syncing thread when it is asked to stop
    bool something_arrived_ = false;
    std::optional<Error> error_;  // what ended a thread
    bool started_ = false;
    std::jthread filling_;
    std::jthread syncing_;
};

}  // namespace octroi::collector
