// SPDX-License-Identifier: GPL-3.0-or-later
#include "service/meter_supervisor.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "host/log.hpp"

namespace octroi {

MeterSupervisor::MeterSupervisor(std::vector<DaemonMeter> meters, CommitQueue& queue,
                                 CounterBoard& board, const Clock& clock)
    : slots_(meters.size()), queue_(queue), board_(board), clock_(clock) {
    for (std::size_t i = 0; i < meters.size(); ++i) slots_[i].meter = std::move(meters[i]);
}

void MeterSupervisor::start(const AttributionTables& tables) {
    std::vector<MeterName> names;
    for (const Slot& slot : slots_) names.push_back(slot.meter.name);
    board_.begin(names, clock_.uptime());
    for (std::size_t i = 0; i < slots_.size(); ++i) {
        if (slots_[i].meter.meter != nullptr) {
            run(i, tables);
            continue;
        }
        const Error why = slots_[i].meter.error.value_or(Error{});
        queue_.finish(i, why);
        note_failure(i, why);
    }
}

void MeterSupervisor::run(std::size_t number, const AttributionTables& tables) {
    Slot& slot = slots_[number];
    slot.since = clock_.uptime();
    slot.failure.clear();
    slot.has_run = true;
    slot.worker = std::make_unique<MeterWorker>(number, slot.meter.name, *slot.meter.meter, tables,
                                                clock_, queue_, board_);
    slot.thread = std::jthread(
        [worker = slot.worker.get()](const std::stop_token& stop) { worker->run(stop); });
}

void MeterSupervisor::step(const AttributionTables& tables) {
    for (std::size_t i = 0; i < slots_.size(); ++i) {
        const Slot& slot = slots_[i];
        if (!is_retried(slot)) continue;
        if (slot.worker == nullptr) {
            if (clock_.uptime() >= slot.retry_at) try_open(i, tables);
        } else if (queue_.has_ended(i)) {
            if (const auto why = queue_.error(i)) close(i, *why);
        }
    }
}

void MeterSupervisor::close(std::size_t number, const Error& why) {
    Slot& slot = slots_[number];
    slot.thread.join();
    slot.worker.reset();
    slot.meter.meter.reset();
    if (clock_.uptime() - slot.since >= longest_open_delay) slot.delay = first_open_delay;
    note_failure(number, why);
}

void MeterSupervisor::try_open(std::size_t number, const AttributionTables& tables) {
    Slot& slot = slots_[number];
    auto opened = slot.meter.open(tables);
    if (!opened) {
        note_failure(number, opened.error());
        return;
    }
    slot.meter.meter = *std::move(opened);
    log_info(fmt::format("meter {}: runs now; it did not run for {} s", slot.meter.name.name,
                         (clock_.uptime() - slot.since).ns / Duration::seconds(1).ns));
    queue_.reopen(number);
    board_.on_reopened(number, clock_.uptime());
    run(number, tables);
}

// The same failure is logged once: an interface may be absent for days.
void MeterSupervisor::note_failure(std::size_t number, const Error& why) {
    Slot& slot = slots_[number];
    const Duration now = clock_.uptime();
    if (slot.failure.empty()) slot.since = now;
    board_.on_meter_failed(number, why.text, now);
    slot.retry_at = now + slot.delay;
    const std::string& name = slot.meter.name.name;
    if (why.text != slot.failure)
        log_error(
            fmt::format("meter {}: {}. The meter does not run; the next attempt is in {}, later "
                        "ones at least every {}",
                        name, why.text, to_string(slot.delay), to_string(longest_open_delay)));
    else
        log_debug(fmt::format("meter {}: does not run yet; the next attempt is in {}", name,
                              to_string(slot.delay)));
    slot.failure = why.text;
    slot.delay = std::min(slot.delay + slot.delay, longest_open_delay);
}

void MeterSupervisor::request_stop() {
    stopping_ = true;
    for (Slot& slot : slots_) slot.thread.request_stop();
}

bool MeterSupervisor::is_over() const {
    for (std::size_t i = 0; i < slots_.size(); ++i) {
        if (!queue_.has_ended(i)) return false;
        if (is_retried(slots_[i]) && queue_.error(i)) return false;
    }
    return true;
}

std::optional<Error> MeterSupervisor::error() const {
    std::optional<Error> first;
    bool has_run = false;
    for (std::size_t i = 0; i < slots_.size(); ++i) {
        const Slot& slot = slots_[i];
        has_run = has_run || slot.has_run;
        const auto why = queue_.error(i);
        // A closed meter is not an error of the run: the others have run.
        if (why && slot.worker != nullptr && !is_retried(slot)) return why;
        if (why && !first) first = why;
    }
    return !has_run && is_over() ? first : std::nullopt;
}

void MeterSupervisor::end() {
    for (Slot& slot : slots_) slot.thread = std::jthread();  // asks it to stop, and joins it
    slots_.clear();                                          // an export logs its last problem here
}

}  // namespace octroi
