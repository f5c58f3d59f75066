// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Where the meters' threads and the committing thread meet. Every worker has one place for a batch:
// it puts a batch there when the place is free, and the place is free again when the batch is
// committed.

#include <condition_variable>
#include <mutex>
#include <optional>
#include <vector>

#include "record/batch.hpp"
#include "service/attribution.hpp"

namespace octroi {

class CommitQueue {
public:
    explicit CommitQueue(std::size_t workers) : places_(workers) {}

    // ---- on a worker's thread

    [[nodiscard]] bool is_free(std::size_t worker) const;
    // Waits until the place is free, or the queue is closed (then the batch is dropped: false).
    bool put(std::size_t worker, Batch batch);
    // New tables since the last call, if there are.
    [[nodiscard]] std::optional<AttributionTables> new_tables(std::size_t worker);
    // The worker ends, well or not. Its batch, if there is one, is still committed.
    void finish(std::size_t worker, std::optional<Error> error);

    // ---- on the committing thread

    // A batch that waits, and whose it is; nothing within `wait`. The place stays taken until
    // done().
    struct Waiting {
        std::size_t worker = 0;
        const Batch* batch = nullptr;
    };
    [[nodiscard]] std::optional<Waiting> next(Duration wait);
    void done(std::size_t worker);
    // Lets time go by while what waits cannot be committed.
    void pause(Duration wait);
    void post_tables(const AttributionTables& tables);
    [[nodiscard]] bool all_finished() const;
    // The first error that a worker ended with.
    [[nodiscard]] std::optional<Error> error() const;
    // Nothing will be committed any more.
    void close();

private:
    struct Place {
        std::optional<Batch> batch;
        std::optional<AttributionTables> tables;
        bool finished = false;
    };

    mutable std::mutex mutex_;
    std::condition_variable changed_;
    std::vector<Place> places_;
    std::optional<Error> error_;
    bool closed_ = false;
};

}  // namespace octroi
