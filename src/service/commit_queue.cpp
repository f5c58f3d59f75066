// SPDX-License-Identifier: GPL-3.0-or-later
#include "service/commit_queue.hpp"

#include <algorithm>
#include <chrono>

#include "base/check.hpp"

namespace octroi {

bool CommitQueue::is_free(std::size_t worker) const {
    const std::lock_guard lock(mutex_);
    return !places_[worker].batch.has_value();
}

bool CommitQueue::put(std::size_t worker, Batch batch) {
    std::unique_lock lock(mutex_);
    Place& place = places_[worker];
    changed_.wait(lock, [&] { return closed_ || !place.batch; });
    if (closed_) return false;
    place.batch = std::move(batch);
    changed_.notify_all();
    return true;
}

std::optional<AttributionTables> CommitQueue::new_tables(std::size_t worker) {
    const std::lock_guard lock(mutex_);
    places_[worker].has_tables.store(false, std::memory_order_relaxed);
    return std::exchange(places_[worker].tables, std::nullopt);
}

std::optional<SessionsPtr> CommitQueue::new_sessions(std::size_t worker) {
    const std::lock_guard lock(mutex_);
    places_[worker].has_sessions.store(false, std::memory_order_relaxed);
    return std::exchange(places_[worker].sessions, std::nullopt);
}

void CommitQueue::finish(std::size_t worker, std::optional<Error> error) {
    const std::lock_guard lock(mutex_);
    places_[worker].finished = true;
    places_[worker].error = std::move(error);
    changed_.notify_all();
}

std::optional<CommitQueue::Waiting> CommitQueue::next(Duration wait) {
    std::unique_lock lock(mutex_);
    const auto has_batch = [](const Place& p) { return p.batch.has_value(); };
    const auto waiting = [&] {
        const auto turn = places_.begin() + static_cast<std::ptrdiff_t>(turn_);
        const auto found = std::find_if(turn, places_.end(), has_batch);
        if (found != places_.end()) return found;
        const auto earlier = std::find_if(places_.begin(), turn, has_batch);
        return earlier != turn ? earlier : places_.end();
    };
    // When all workers have finished nobody would wake up this thread.
    const auto something = [&] {
        return waiting() != places_.end() || std::all_of(places_.begin(), places_.end(),
                                                         [](const Place& p) { return p.finished; });
    };
    changed_.wait_for(lock, std::chrono::nanoseconds(wait.ns), something);
    const auto place = waiting();
    if (place == places_.end()) return std::nullopt;
    // Valid without the lock: put() does not touch a full place, and only done() empties it.
    return Waiting{static_cast<std::size_t>(place - places_.begin()), &*place->batch};
}

void CommitQueue::done(std::size_t worker) {
    const std::lock_guard lock(mutex_);
    CHECK(places_[worker].batch.has_value());
    places_[worker].batch.reset();
    turn_ = (worker + 1) % places_.size();
    changed_.notify_all();
}

void CommitQueue::pause(Duration wait) {
    std::unique_lock lock(mutex_);
    // No condition: any change ends the wait early, and the caller checks again.
    changed_.wait_for(lock, std::chrono::nanoseconds(wait.ns));
}

void CommitQueue::post_tables(const AttributionTables& tables) {
    const std::lock_guard lock(mutex_);
    // Tables that a worker has not fetched yet are out of date.
    for (Place& place : places_) {
        place.tables = tables;
        place.has_tables.store(true, std::memory_order_relaxed);
    }
}

// Also into tables that a worker has not fetched yet: it would go back to older sessions with them.
void CommitQueue::post_sessions(const SessionsPtr& sessions) {
    const std::lock_guard lock(mutex_);
    for (Place& place : places_) {
        if (place.tables) place.tables->sessions = sessions;
        place.sessions = sessions;
        place.has_sessions.store(true, std::memory_order_relaxed);
    }
}

bool CommitQueue::all_finished() const {
    const std::lock_guard lock(mutex_);
    return std::all_of(places_.begin(), places_.end(),
                       [](const Place& p) { return p.finished && !p.batch; });
}

bool CommitQueue::has_ended(std::size_t worker) const {
    const std::lock_guard lock(mutex_);
    return places_[worker].finished && !places_[worker].batch;
}

std::optional<Error> CommitQueue::error(std::size_t worker) const {
    const std::lock_guard lock(mutex_);
    return places_[worker].error;
}

void CommitQueue::reopen(std::size_t worker) {
    const std::lock_guard lock(mutex_);
    Place& place = places_[worker];
    CHECK(place.finished && !place.batch);
    place.finished = false;
    place.error.reset();
    place.tables.reset();
    place.has_tables.store(false, std::memory_order_relaxed);
    place.sessions.reset();
    place.has_sessions.store(false, std::memory_order_relaxed);
}

void CommitQueue::close() {
    const std::lock_guard lock(mutex_);
    closed_ = true;
    changed_.notify_all();
}

}  // namespace octroi
