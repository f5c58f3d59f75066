// SPDX-License-Identifier: GPL-3.0-or-later
#include "meter/collector/live_collector.hpp"

#include <fmt/format.h>

#include <chrono>

namespace octroi::collector {
namespace {

constexpr Duration look_around = Duration::milliseconds(100);
// Fewer datagrams than this at once, and it pays to let some more come: each call into the kernel
// costs as much as several datagrams.
constexpr std::size_t few = 64;
constexpr Duration gather = Duration::milliseconds(1);

std::chrono::nanoseconds chrono(Duration d) { return std::chrono::nanoseconds(d.ns); }

}  // namespace

LiveCollector::LiveCollector(std::unique_ptr<Collector> collector, Duration sync_interval)
    : collector_(std::move(collector)), sync_interval_(sync_interval) {}

LiveCollector::~LiveCollector() = default;

Result<std::unique_ptr<LiveCollector>> LiveCollector::open(const LiveCollectorOptions& options,
                                                           std::vector<Fd> given,
                                                           std::span<const Cursor> known,
                                                           const Clock& clock) {
    TRY_ASSIGN(auto collector, Collector::open(options.collector, known, clock));
    auto live = std::unique_ptr<LiveCollector>(
        new LiveCollector(std::move(collector), options.sync_interval));
    if (!live->collector_->notice().empty()) live->notices_.push_back(live->collector_->notice());
    const std::uint32_t wanted =
        options.listen.empty() ? UdpOptions{}.buffer_octets : options.listen[0].buffer_octets;
    std::vector<std::unique_ptr<DatagramSource>> sources;
    const auto add = [&](std::unique_ptr<UdpSource> source) {
        // The kernel grants twice of what is asked for, its own bookkeeping included.
        if (source->buffer_octets() < wanted)
            live->notices_.push_back(fmt::format(
                "{}: the kernel grants a buffer of {} octets instead of {}: bursts may be lost. "
                "Next: run as root, or sysctl net.core.rmem_max={}",
                source->name(), source->buffer_octets() / 2, wanted, wanted));
        sources.push_back(std::move(source));
    };
    if (given.empty()) {
        for (const UdpOptions& udp : options.listen) {
            TRY_ASSIGN(auto source, UdpSource::open(udp));
            add(std::move(source));
        }
    }
    for (Fd& socket : given) {
        TRY_ASSIGN(auto source, UdpSource::adopt(std::move(socket), wanted));
        add(std::move(source));
    }
    std::vector<std::unique_ptr<StreamListener>> listeners;
    for (const TcpOptions& tcp : options.listen_tcp) {
        TRY_ASSIGN(listeners.emplace_back(), listen_tcp(tcp.address, tcp.port));
    }
    for (const TcpOptions& tls : options.listen_tls) {
        TRY_ASSIGN(listeners.emplace_back(), listen_tls(tls.address, tls.port, options.tls));
    }
    live->intake_ =
        std::make_unique<Intake>(std::move(sources), std::move(listeners),
                                 options.collector.allowed, live->collector_->journal(), clock);
    live->collector_->watch(*live->intake_);
    return live;
}

std::vector<std::string> LiveCollector::listening() const { return intake_->names(); }

void LiveCollector::start() {
    started_ = true;
    filling_ = std::jthread([this](const std::stop_token& stop) { take_in(stop); });
    syncing_ = std::jthread([this](const std::stop_token& stop) { keep_synced(stop); });
}

void LiveCollector::fail_with(const Error& error) {
    const std::scoped_lock lock(mutex_);
    error_ = error;
    arrived_.notify_all();
}

std::optional<Error> LiveCollector::failure() const {
    const std::scoped_lock lock(mutex_);
    return error_;
}

void LiveCollector::take_in(const std::stop_token& stop) {
    while (!stop.stop_requested()) {
        const auto taken = intake_->step();
        if (!taken) return fail_with(taken.error());
        if (*taken == 0) {
            intake_->wait(look_around);
            continue;
        }
        {
            const std::scoped_lock lock(mutex_);
            something_arrived_ = true;
        }
        arrived_.notify_one();
        if (*taken < few) wait_readable({}, gather);
    }
}

void LiveCollector::keep_synced(const std::stop_token& stop) {
    while (!stop.stop_requested()) {
        std::unique_lock lock(mutex_);
        ended_.wait_for(lock, stop, chrono(sync_interval_), [] { return false; });
        lock.unlock();
        const Status synced = collector_->journal().sync();
        if (!synced) return fail_with(synced.error());
    }
}

Result<Pull> LiveCollector::pull(ReadingSink& sink, Duration wait) {
    if (!started_) start();
    TRY_ASSIGN(const Pull pulled, collector_->pull(sink, wait));
    if (pulled != Pull::idle) return pulled;
    if (const auto error = failure()) return std::unexpected(*error);
    std::unique_lock lock(mutex_);
    const bool more =
        arrived_.wait_for(lock, chrono(wait), [&] { return something_arrived_ || error_; });
    something_arrived_ = false;
    return more ? Pull::more : Pull::idle;
}

}  // namespace octroi::collector
