// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// What the threads of the meters and the committing thread exchange. Each worker has one place for
// a batch: it puts a batch there when the place is free, and the place is free again when the batch
// is committed.

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <vector>

#include "record/batch.hpp"
#include "service/attribution.hpp"

namespace octroi {

class CommitQueue {
public:
    CommitQueue(std::size_t workers, Duration commit_interval)
        : commit_interval_ns_(commit_interval.ns), places_(workers) {}

    // ---- on a worker's thread

    [[nodiscard]] bool is_free(std::size_t worker) const;
    // Waits until the place is free, or the queue is closed (then the batch is dropped: false).
    bool put(std::size_t worker, Batch batch);
    // Whether new_tables() would return some. Cheap: asked after each pull.
    [[nodiscard]] bool has_new_tables(std::size_t worker) const noexcept {
        return places_[worker].has_tables.load(std::memory_order_relaxed);
    }
    // New tables since the last call, if there are.
    [[nodiscard]] std::optional<AttributionTables> new_tables(std::size_t worker);
    // The same for sessions: they may be used within a batch.
    [[nodiscard]] bool has_new_sessions(std::size_t worker) const noexcept {
        return places_[worker].has_sessions.load(std::memory_order_relaxed);
    }
    [[nodiscard]] std::optional<SessionsPtr> new_sessions(std::size_t worker);
    // How long after a batch the next one is due. Cheap: asked after each pull.
    [[nodiscard]] Duration commit_interval() const noexcept {
        return {commit_interval_ns_.load(std::memory_order_relaxed)};
    }
    // The worker ends, well or with an error. Its batch, if there is one, is still committed.
    void finish(std::size_t worker, std::optional<Error> error);

    // ---- on the committing thread

    // A batch that waits, and its worker; nullopt where none comes within `wait`. The workers have
    // their turns in a circle: under slow commits none waits for ever. The place is free after
    // done().
    struct Waiting {
        std::size_t worker = 0;
        Batch* batch = nullptr;  // may be changed before it is committed for the first time
    };
    [[nodiscard]] std::optional<Waiting> next(Duration wait);
    void done(std::size_t worker);
    // Waits while no batch can be committed.
    void pause(Duration wait);
    // Each worker attributes with these tables after its next batch, which is due at once.
    void post_tables(const AttributionTables& tables);
    // Each worker attributes with these sessions from its next pull on.
    void post_sessions(const SessionsPtr& sessions);
    void set_commit_interval(Duration interval) noexcept {
        commit_interval_ns_.store(interval.ns, std::memory_order_relaxed);
    }
    [[nodiscard]] bool all_finished() const;
    // The worker has ended, and its last batch is committed.
    [[nodiscard]] bool has_ended(std::size_t worker) const;
    // What the worker ended with; nullopt: no error, or it has not ended.
    [[nodiscard]] std::optional<Error> error(std::size_t worker) const;
    // A new worker begins in the place of one that has ended. Tables that were posted for the old
    // one are dropped.
    void reopen(std::size_t worker);
    // No batch will be committed any more: put() drops what it gets.
    void close();

private:
    struct Place {
        std::optional<Batch> batch;
        std::optional<AttributionTables> tables;
        std::atomic<bool> has_tables = false;
        std::optional<SessionsPtr> sessions;
        std::atomic<bool> has_sessions = false;
        bool finished = false;
        std::optional<Error> error;  // finished with it
    };

    std::atomic<std::int64_t> commit_interval_ns_;
    mutable std::mutex mutex_;
    std::condition_variable changed_;
    std::vector<Place> places_;
    std::size_t turn_ = 0;  // the worker after the last one that was done
    bool closed_ = false;
};

}  // namespace octroi
