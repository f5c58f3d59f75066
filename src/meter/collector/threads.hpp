// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// The three threads of a live collector beside the driver's. Each ends with its object; those for
// the intake and for syncs also with their first error, which the driver then reads.

#include <condition_variable>
#include <mutex>
#include <optional>
#include <thread>

#include "base/result.hpp"
#include "base/time.hpp"
#include "meter/collector/intake.hpp"
#include "meter/journal/journal.hpp"

namespace octroi::collector {

// Runs an intake.
class IntakeThread {
public:
    // The intake must outlive this object.
    explicit IntakeThread(Intake& intake) : intake_(intake) {}

    void start();
    // Waits until messages were received since the last call, at most for `wait`. False: none were.
    // Errors: what ended the thread.
    [[nodiscard]] Result<bool> wait_for_messages(Duration wait);

private:
    void run(const std::stop_token& stop);

    Intake& intake_;
    std::mutex mutex_;
    std::condition_variable received_;
    bool has_received_ = false;   // since the last wait_for_messages()
    std::optional<Error> error_;  // what ended the thread
    std::jthread thread_;
};

// Makes free segments of a journal before the intake needs them.
class SpareThread {
public:
    // The journal must outlive this object.
    explicit SpareThread(journal::Journal& journal) : journal_(journal) {}

    void start();

private:
    journal::Journal& journal_;
    std::jthread thread_;
};

// Syncs a journal to the disk: each message that is still in it after an interval.
class SyncThread {
public:
    // The journal must outlive this object.
    SyncThread(journal::Journal& journal, Duration interval)
        : journal_(journal), interval_(interval) {}

    void start();
    // What ended the thread.
    [[nodiscard]] Status status() const;

private:
    void run(const std::stop_token& stop);

    journal::Journal& journal_;
    Duration interval_;
    mutable std::mutex mutex_;
    std::condition_variable_any stopping_;  // wakes the thread when it is asked to stop
    std::optional<Error> error_;
    std::jthread thread_;
};

}  // namespace octroi::collector
