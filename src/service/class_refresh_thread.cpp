// SPDX-License-Identifier: GPL-3.0-or-later
#include "service/class_refresh_thread.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <utility>

#include "host/log.hpp"
#include "service/class_refresh.hpp"

namespace octroi {
namespace {

constexpr Duration retry_after_failure = Duration::minutes(5);

}  // namespace

ClassRefreshThread::ClassRefreshThread(Config config, Parts parts)
    : parts_(std::move(parts)), config_(std::move(config)), thread_([this] { run(); }) {}

ClassRefreshThread::~ClassRefreshThread() {
    {
        const std::lock_guard lock(mutex_);
        ends_ = true;
    }
    wakes_.notify_all();
    thread_.join();
}

void ClassRefreshThread::configure(Config config) {
    {
        const std::lock_guard lock(mutex_);
        config_ = std::move(config);
        is_new_ = true;
    }
    wakes_.notify_all();
}

void ClassRefreshThread::run() {
    std::unique_lock lock(mutex_);
    Duration next{0};
    while (!ends_) {
        const auto has_news = [this] { return ends_ || is_new_; };
        if (!has_class_source(config_))
            wakes_.wait(lock, has_news);
        else
            wakes_.wait_for(lock, std::chrono::nanoseconds(next.ns), has_news);
        if (ends_) break;
        is_new_ = false;
        if (!has_class_source(config_)) continue;
        const Config config = config_;
        lock.unlock();
        next = look(config);
        lock.lock();
    }
}

Duration ClassRefreshThread::look(const Config& config) {
    const UtcTime now = parts_.clock.now();
    const auto ledger = parts_.open();
    const ClassRefreshSettings settings{config, parts_.ledger_path,
                                        [this] { return static_cast<bool>(ends_); }};
    const auto outcome = ledger ? refresh_classes(settings, **ledger, now)
                                : Result<ClassRefreshOutcome>(std::unexpected(ledger.error()));
    const std::string problem = outcome ? "" : outcome.error().text;
    if (!problem.empty() && problem != problem_)
        log_warning(fmt::format("class table: {}. The table in force stays", problem));
    problem_ = problem;
    const bool is_failed = !outcome || *outcome == ClassRefreshOutcome::failed;
    const bool is_held = outcome && *outcome == ClassRefreshOutcome::held_back;
    const auto state = read_class_refresh_state(class_refresh_files(parts_.ledger_path).state);
    std::string reason = problem;
    if (reason.empty() && state && *state) reason = (*state)->problem;
    parts_.board.on_class_refresh({.is_loaded = outcome && *outcome == ClassRefreshOutcome::loaded,
                                   .is_failed = is_failed,
                                   .is_held = is_held,
                                   .problem = reason,
                                   .at = now});
    const Duration every = config.class_table.refresh_every;
    return is_failed ? std::min(every, retry_after_failure) : every;
}

}  // namespace octroi
