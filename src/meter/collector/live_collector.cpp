// SPDX-License-Identifier: GPL-3.0-or-later
#include "meter/collector/live_collector.hpp"

namespace octroi::collector {

LiveCollector::LiveCollector(std::unique_ptr<Collector> collector, Listeners listeners,
                             const LiveCollectorOptions& options, const Clock& clock)
    : collector_(std::move(collector)),
      warnings_(std::move(listeners.warnings)),
      intake_(std::move(listeners.datagrams), std::move(listeners.streams),
              options.collector.decoder.allowed, options.collector.decoder.meter,
              collector_->journal().writer(), clock),
      intake_thread_(intake_),
      spare_thread_(collector_->journal()),
      sync_thread_(collector_->journal(), options.sync_interval) {
    if (!collector_->notice().empty()) warnings_.insert(warnings_.begin(), collector_->notice());
    collector_->watch(intake_);
}

Result<std::unique_ptr<LiveCollector>> LiveCollector::open(const LiveCollectorOptions& options,
                                                           std::vector<Fd> inherited,
                                                           std::span<const Cursor> known,
                                                           const Clock& clock) {
    TRY_ASSIGN(auto collector, Collector::open(options.collector, known, clock));
    TRY_ASSIGN(Listeners listeners, open_listeners(options.listen, std::move(inherited)));
    return std::unique_ptr<LiveCollector>(
        new LiveCollector(std::move(collector), std::move(listeners), options, clock));
}

Result<Pull> LiveCollector::pull(ReadingSink& sink, Duration wait) {
    if (!started_) {
        started_ = true;
        intake_thread_.start();
        spare_thread_.start();
        sync_thread_.start();
    }
    TRY_ASSIGN(const Pull pulled, collector_->pull(sink, wait));
    // While there are messages, their readings come first; an error can wait that long.
    if (pulled != Pull::idle) return pulled;
    TRY(sync_thread_.status());
    TRY_ASSIGN(const bool received, intake_thread_.wait_for_messages(wait));
    return received ? Pull::more : Pull::idle;
}

// When datagrams were dropped, the next message of an exporter shows whether they were its own: it
// is waited for, a moment.
Result<Checkpoint> LiveCollector::checkpoint(ReadingSink& sink) {
    constexpr int rounds = 8;
    constexpr Duration round = Duration::milliseconds(25);
    if (collector_->read_drops()) {
        for (int i = 0; i < rounds; ++i) {
            TRY_ASSIGN([[maybe_unused]] const bool received,
                       intake_thread_.wait_for_messages(round));
            TRY_ASSIGN([[maybe_unused]] const Pull pulled, collector_->pull(sink, round));
        }
    }
    return collector_->checkpoint(sink);
}

std::vector<CounterValue> LiveCollector::counters() const {
    std::vector<CounterValue> values = collector_->counters();
    values.push_back({stream_counters[0].name, intake_.refused_connections()});
    values.push_back({stream_counters[1].name, intake_.failed_connections()});
    return values;
}

}  // namespace octroi::collector
