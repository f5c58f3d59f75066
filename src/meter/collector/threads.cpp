// SPDX-License-Identifier: GPL-3.0-or-later
#include "meter/collector/threads.hpp"

#include <chrono>

namespace octroi::collector {
namespace {

// How often the intake thread looks whether it has to stop.
constexpr Duration stop_check_interval = Duration::milliseconds(100);
// After a step with fewer messages than this, a pause lets some more arrive: each system call costs
// as much as several datagrams. After a pause the buffers of the sockets are still nearly empty.
constexpr std::size_t few_messages = 64;
constexpr Duration gather_pause = Duration::milliseconds(1);

std::chrono::nanoseconds chrono(Duration d) { return std::chrono::nanoseconds(d.ns); }

}  // namespace

void IntakeThread::start() {
    thread_ = std::jthread([this](const std::stop_token& stop) { run(stop); });
}

void IntakeThread::run(const std::stop_token& stop) {
    while (!stop.stop_requested()) {
        const auto messages = intake_.step();
        if (messages && *messages == 0) {
            intake_.wait(stop_check_interval);
            continue;
        }
        {
            const std::scoped_lock lock(mutex_);
            has_received_ = true;
            if (!messages) error_ = messages.error();
        }
        received_.notify_one();
        if (!messages) return;
        if (*messages < few_messages) wait_readable({}, gather_pause);
    }
}

Result<bool> IntakeThread::wait_for_messages(Duration wait) {
    std::unique_lock lock(mutex_);
    if (error_) return std::unexpected(*error_);
    const bool received = received_.wait_for(lock, chrono(wait), [&] { return has_received_; });
    has_received_ = false;
    return received;
}

void SpareThread::start() {
    thread_ = std::jthread([this](const std::stop_token& stop) { journal_.prepare(stop); });
}

void SyncThread::start() {
    thread_ = std::jthread([this](const std::stop_token& stop) { run(stop); });
}

void SyncThread::run(const std::stop_token& stop) {
    // At high rates, most messages are in the ledger before they have to be on the disk.
    std::vector<journal::SegmentRing::Written> older;
    while (!stop.stop_requested()) {
        std::unique_lock lock(mutex_);
        stopping_.wait_for(lock, stop, chrono(interval_), [] { return false; });
        lock.unlock();
        const Status synced = journal_.sync(older);
        older = journal_.written();
        if (synced) continue;
        lock.lock();
        error_ = synced.error();
        return;
    }
}

Status SyncThread::status() const {
    const std::scoped_lock lock(mutex_);
    if (error_) return std::unexpected(*error_);
    return {};
}

}  // namespace octroi::collector
