// SPDX-License-Identifier: GPL-3.0-or-later
#include "service/counter_board.hpp"

#include <utility>

#include "base/saturated_sum.hpp"

namespace octroi {

namespace {

bool is_excluded(const Batch& batch, const Transfer& transfer) {
    return batch.parties[transfer.from].kind == PartyKind::excluded ||
           batch.parties[transfer.to].kind == PartyKind::excluded;
}

}  // namespace

void CounterBoard::begin(const std::vector<MeterName>& meters, Duration uptime) {
    const std::lock_guard lock(mutex_);
    for (const MeterName& meter : meters) {
        Entry& entry = entries_.emplace_back();
        entry.counters.name = meter;
        entry.progress_ns = uptime.ns;
    }
    progress_ns_ = uptime.ns;
    daemon_.has_begun = true;
}

void CounterBoard::end() {
    const std::lock_guard lock(mutex_);
    daemon_.has_ended = true;
}

void CounterBoard::on_progress(Duration uptime) {
    progress_ns_.store(uptime.ns, std::memory_order_relaxed);
}

void CounterBoard::on_committed(std::size_t meter, const Batch& batch, Duration uptime) {
    const std::lock_guard lock(mutex_);
    MeterCounters& counters = entries_[meter].counters;
    ++counters.commits;
    counters.rows += batch.transfers.size();
    add_saturated(counters.observed, batch.observed);
    for (const Transfer& transfer : batch.transfers)
        if (is_excluded(batch, transfer)) add_saturated(counters.excluded, transfer.volume);
    for (const Loss& loss : batch.losses) {
        MeterCounters::Losses& sum = counters.losses[loss.reason];
        ++sum.count;
        sum.packets += loss.packets.value_or(0);
    }
    counters.last_commit = uptime;
    --counters.waiting;
    daemon_.commit_error.clear();
}

void CounterBoard::on_commit_failed(const std::string& why) {
    const std::lock_guard lock(mutex_);
    ++daemon_.commit_failures;
    daemon_.commit_error = why;
}

void CounterBoard::on_config_loaded(UtcTime now) {
    const std::lock_guard lock(mutex_);
    daemon_.config_loaded = now;
}

void CounterBoard::on_reloaded(UtcTime now) {
    const std::lock_guard lock(mutex_);
    daemon_.config_loaded = now;
    ++daemon_.reloads;
}

void CounterBoard::on_reload_refused() {
    const std::lock_guard lock(mutex_);
    ++daemon_.reloads_refused;
}

void CounterBoard::on_meter_failed(std::size_t meter, const std::string& why, Duration uptime) {
    const std::lock_guard lock(mutex_);
    MeterCounters& counters = entries_[meter].counters;
    counters.failure = why.empty() ? "it failed" : why;
    ++counters.failures;
    if (!counters.failed_since) counters.failed_since = uptime;
}

void CounterBoard::on_reopened(std::size_t meter, Duration uptime) {
    const std::lock_guard lock(mutex_);
    Entry& entry = entries_[meter];
    entry.progress_ns.store(uptime.ns, std::memory_order_relaxed);
    MeterCounters& counters = entry.counters;
    counters.is_finished = false;
    counters.failure.clear();
    if (const auto since = std::exchange(counters.failed_since, std::nullopt))
        counters.down = counters.down + (uptime - *since);
}

void CounterBoard::on_meter_progress(std::size_t meter, Duration uptime) {
    entries_[meter].progress_ns.store(uptime.ns, std::memory_order_relaxed);
}

void CounterBoard::publish(std::size_t meter, std::vector<CounterValue> values) {
    const std::lock_guard lock(mutex_);
    entries_[meter].counters.values = std::move(values);
}

void CounterBoard::on_hand_over(std::size_t meter) {
    const std::lock_guard lock(mutex_);
    ++entries_[meter].counters.waiting;
}

void CounterBoard::on_finished(std::size_t meter) {
    const std::lock_guard lock(mutex_);
    entries_[meter].counters.is_finished = true;
}

void CounterBoard::on_class_refresh(const ClassRefreshed& outcome) {
    const std::lock_guard lock(mutex_);
    ClassRefreshCounters& classes = daemon_.classes;
    ++classes.attempts;
    classes.loads += outcome.is_loaded ? 1 : 0;
    classes.failures += outcome.is_failed ? 1 : 0;
    classes.is_held = outcome.is_held;
    classes.problem = outcome.problem;
    if (!outcome.is_failed) classes.last_good = outcome.at;
}

DaemonCounters CounterBoard::snapshot() const {
    const std::lock_guard lock(mutex_);
    DaemonCounters all = daemon_;
    all.last_progress = {progress_ns_.load(std::memory_order_relaxed)};
    for (const Entry& entry : entries_) {
        MeterCounters& copy = all.meters.emplace_back(entry.counters);
        copy.last_progress = {entry.progress_ns.load(std::memory_order_relaxed)};
    }
    return all;
}

}  // namespace octroi
