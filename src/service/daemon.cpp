// SPDX-License-Identifier: GPL-3.0-or-later
#include "service/daemon.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <thread>

#include "host/log.hpp"
#include "host/log_limit.hpp"
#include "service/commit_queue.hpp"
#include "service/metering_loop.hpp"

namespace octroi {
namespace {

constexpr Duration pull_wait = Duration::milliseconds(100);
constexpr Duration first_commit = Duration::seconds(1);
constexpr Duration look_around = Duration::milliseconds(250);
constexpr Duration refresh_interval = Duration::seconds(2);
constexpr Duration retry_interval = Duration::seconds(2);

// One meter's thread: its loop, and the place of its batches in the queue.
class Worker final : private BatchTarget {
public:
    Worker(std::size_t number, DaemonMeter& what, const AttributionTables& tables,
           const Clock& clock, Duration commit_interval, CommitQueue& queue)
        : number_(number),
          interval_(commit_interval),
          queue_(queue),
          loop_(what.name, *what.meter, tables, *this, clock, pull_wait) {}

    void run(const std::stop_token& stop) {
        stop_ = stop;
        const Status outcome = loop_.run();
        queue_.finish(number_, outcome ? std::nullopt : std::optional(outcome.error()));
    }

private:
    bool go_on() override { return !stop_.stop_requested(); }
    // The first batch comes early: from then on the ledger knows that the meter runs, and the loss
    // of a crash has a bound.
    [[nodiscard]] std::optional<Duration> commit_interval() const override {
        return has_put_ ? interval_ : std::min(interval_, first_commit);
    }
    [[nodiscard]] bool is_ready() const override { return queue_.is_free(number_); }
    Status put(Batch batch) override {
        has_put_ = true;
        queue_.put(number_, std::move(batch));
        return {};
    }
    std::optional<AttributionTables> new_tables() override { return queue_.new_tables(number_); }

    std::size_t number_;
    Duration interval_;
    CommitQueue& queue_;
    std::stop_token stop_;
    bool has_put_ = false;
    MeteringLoop loop_;
};

// The committing side, on the caller's thread.
class Committer {
public:
    Committer(CommitQueue& queue, Store& store, AttributionSource& attribution, const Clock& clock,
              const DaemonOptions& options)
        : queue_(queue),
          store_(store),
          attribution_(attribution),
          clock_(clock),
          options_(options),
          began_(clock.uptime()) {}

    // Until every worker has finished and all is committed.
    Status run(std::vector<std::jthread>& threads) {
        while (!queue_.all_finished()) {
            if (!stopping_ && (time_is_up() || queue_.error())) {
                stopping_ = true;
                retry_at_ = {};  // a last time, at once
                for (auto& thread : threads) thread.request_stop();
            }
            if (clock_.uptime() < retry_at_)
                queue_.pause(look_around);
            else
                TRY(commit_next());
            refresh();
            if (options_.control != nullptr) options_.control->step();
        }
        LimitedLog::write_last_summaries();
        if (const auto error = queue_.error()) return std::unexpected(*error);
        return {};
    }

private:
    [[nodiscard]] bool time_is_up() const {
        if (options_.run_for && clock_.uptime() - began_ >= *options_.run_for) return true;
        return options_.stop_requested && options_.stop_requested();
    }
    Status commit_next() {
        const auto waiting = queue_.next(look_around);
        return waiting ? commit(*waiting) : Status();
    }
    Status commit(const CommitQueue::Waiting& waiting) {
        const auto outcome = store_.commit(*waiting.batch);
        if (!outcome && !stopping_ && is_transient(outcome.error())) {
            if (trouble_.empty())
                log_warning(fmt::format("{}. Metering goes on; booking is tried again every {}",
                                        outcome.error().text, to_string(retry_interval)));
            trouble_ = outcome.error().text;
            retry_at_ = clock_.uptime() + retry_interval;
            return {};
        }
        if (!outcome) return std::unexpected(outcome.error());
        if (!trouble_.empty()) log_info("booking goes on");
        trouble_.clear();
        if (options_.committed) options_.committed(*waiting.batch);
        queue_.done(waiting.worker);
        return {};
    }
    void refresh() {
        if (clock_.uptime() - refreshed_ < refresh_interval) return;
        refreshed_ = clock_.uptime();
        LimitedLog::write_due_summaries();
        if (options_.networks) attribution_.add_fallback(options_.networks());
        const auto changed = attribution_.refresh();
        if (changed && *changed) queue_.post_tables(attribution_.tables());
        const std::string problem = changed ? "" : changed.error().text;
        if (!problem.empty() && problem != refresh_problem_)
            log_warning(fmt::format("{}. Accounts and classes stay as they were", problem));
        refresh_problem_ = problem;
    }

    CommitQueue& queue_;
    Store& store_;
    AttributionSource& attribution_;
    const Clock& clock_;
    const DaemonOptions& options_;
    Duration began_;
    Duration refreshed_;
    Duration retry_at_;
    std::string trouble_;  // why the last commit failed; empty: it did not
    std::string refresh_problem_;
    bool stopping_ = false;
};

}  // namespace

Status run_daemon(std::vector<DaemonMeter> meters, Store& store, AttributionSource& attribution,
                  const Clock& clock, const DaemonOptions& options) {
    CommitQueue queue(meters.size());
    std::vector<std::unique_ptr<Worker>> workers;
    for (std::size_t i = 0; i < meters.size(); ++i)
        workers.push_back(std::make_unique<Worker>(i, meters[i], attribution.tables(), clock,
                                                   options.commit_interval, queue));
    std::vector<std::jthread> threads;
    for (auto& worker : workers)
        threads.emplace_back([&worker](const std::stop_token& stop) { worker->run(stop); });
    const Status outcome = Committer(queue, store, attribution, clock, options).run(threads);
    queue.close();
    return outcome;  // the threads are asked to stop and joined here
}

}  // namespace octroi
