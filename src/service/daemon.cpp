// SPDX-License-Identifier: GPL-3.0-or-later
#include "service/daemon.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <thread>

#include "host/log.hpp"
#include "host/log_limit.hpp"
#include "service/commit_queue.hpp"
#include "service/metering.hpp"

namespace octroi {
namespace {

constexpr Duration pull_wait = Duration::milliseconds(100);
constexpr Duration first_commit = Duration::seconds(1);
constexpr Duration look_around = Duration::milliseconds(250);
constexpr Duration refresh_interval = Duration::seconds(2);
constexpr Duration retry_interval = Duration::seconds(2);

// Trouble that passes: what could not be done is tried again.
bool passes(const Error& error) {
    return error.code == ErrorCode::no_space || error.code == ErrorCode::busy;
}

// One meter's thread.
class Worker {
public:
    Worker(std::size_t number, DaemonMeter& what, const AttributionTables& tables,
           const Clock& clock, Duration commit_interval, CommitQueue& queue)
        : number_(number),
          metering_(what.name, *what.meter, tables, clock),
          clock_(clock),
          interval_(commit_interval),
          queue_(queue) {}

    void run(const std::stop_token& stop) {
        const Status read = read_until(stop);
        // The last batch: all that was read stands in the ledger, also when the meter failed.
        const Status last = hand_over(true);
        if (!read) return queue_.finish(number_, read.error());
        if (!last) return queue_.finish(number_, last.error());
        queue_.finish(number_, std::nullopt);
    }

private:
    Status read_until(const std::stop_token& stop) {
        // The first batch comes early: from then on the ledger knows that the meter runs, and what
        // a crash takes has a bound.
        Duration next_commit = clock_.uptime() + std::min(interval_, first_commit);
        while (!stop.stop_requested()) {
            TRY_ASSIGN(const Pull pull, metering_.pull(pull_wait));
            if (pull == Pull::end) return {};
            if (uncommitted_ && queue_.is_free(number_)) {
                uncommitted_ = false;
                metering_.committed();
            }
            const bool due =
                clock_.uptime() >= next_commit || pull == Pull::checkpoint || metering_.full();
            if (!due || (!queue_.is_free(number_) && !metering_.overfull())) continue;
            TRY(hand_over(false));
            next_commit = clock_.uptime() + interval_;
        }
        return {};
    }
    // Trouble that passes is no reason to end while the meter goes on: the next cut has it all.
    Status hand_over(bool last) {
        auto batch = metering_.make_batch();
        if (!batch && !last && passes(batch.error())) {
            if (trouble_ != batch.error().text)
                log_warning(fmt::format("meter {}: {}. Metering goes on; it is tried again",
                                        metering_.name().name, batch.error().text));
            trouble_ = batch.error().text;
            return {};
        }
        if (!batch) return std::unexpected(batch.error());
        trouble_.clear();
        queue_.put(number_, *std::move(batch));
        uncommitted_ = true;
        if (const auto tables = queue_.new_tables(number_)) metering_.replace(*tables);
        return {};
    }

    std::size_t number_;
    Metering metering_;
    const Clock& clock_;
    Duration interval_;
    CommitQueue& queue_;
    std::string trouble_;       // why the last cut could not be made; empty: it could
    bool uncommitted_ = false;  // the batch of the last cut, as far as is known
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
        if (!outcome && !stopping_ && passes(outcome.error())) {
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
        if (options_.networks) attribution_.learn(options_.networks());
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
