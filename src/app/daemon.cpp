// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/daemon.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <thread>

#include "app/desk.hpp"
#include "app/metering.hpp"
#include "app/session.hpp"

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
           const Clock& clock, Duration commit_interval, Desk& desk)
        : number_(number),
          metering_(what.name, *what.meter, tables, clock),
          clock_(clock),
          interval_(commit_interval),
          desk_(desk) {}

    void run(const std::stop_token& stop) {
        const Status read = read_until(stop);
        // The last batch: all that was read stands in the ledger, also when the meter failed.
        const Status last = hand_over(true);
        if (!read) return desk_.finish(number_, read.error());
        if (!last) return desk_.finish(number_, last.error());
        desk_.finish(number_, std::nullopt);
    }

private:
    Status read_until(const std::stop_token& stop) {
        // The first batch comes early: from then on the ledger knows that the meter runs, and what
        // a crash takes has a bound.
        Duration next_commit = clock_.uptime() + std::min(interval_, first_commit);
        while (!stop.stop_requested()) {
            TRY_ASSIGN(const Pull pull, metering_.pull(pull_wait));
            if (pull == Pull::end) return {};
            if (uncommitted_ && desk_.is_free(number_)) {
                uncommitted_ = false;
                metering_.committed();
            }
            const bool due =
                clock_.uptime() >= next_commit || pull == Pull::checkpoint || metering_.full();
            if (!due || (!desk_.is_free(number_) && !metering_.overfull())) continue;
            TRY(hand_over(false));
            next_commit = clock_.uptime() + interval_;
        }
        return {};
    }
    // Trouble that passes is no reason to end while the meter goes on: the next cut has it all.
    Status hand_over(bool last) {
        auto batch = metering_.cut();
        if (!batch && !last && passes(batch.error())) {
            if (trouble_ != batch.error().text)
                Session::say(fmt::format("meter {}: {}. Metering goes on; it is tried again",
                                         metering_.name().name, batch.error().text));
            trouble_ = batch.error().text;
            return {};
        }
        if (!batch) return std::unexpected(batch.error());
        trouble_.clear();
        desk_.put(number_, *std::move(batch));
        uncommitted_ = true;
        if (const auto tables = desk_.new_tables(number_)) metering_.replace(*tables);
        return {};
    }

    std::size_t number_;
    Metering metering_;
    const Clock& clock_;
    Duration interval_;
    Desk& desk_;
    std::string trouble_;       // why the last cut could not be made; empty: it could
    bool uncommitted_ = false;  // the batch of the last cut, as far as is known
};

// The committing side, on the caller's thread.
class Committer {
public:
    Committer(Desk& desk, Store& store, AttributionSource& attribution, const Clock& clock,
              const DaemonOptions& options)
        : desk_(desk),
          store_(store),
          attribution_(attribution),
          clock_(clock),
          options_(options),
          began_(clock.uptime()) {}

    // Until every worker has finished and all is committed.
    Status run(std::vector<std::jthread>& threads) {
        while (!desk_.all_finished()) {
            if (!stopping_ && (time_is_up() || desk_.error())) {
                stopping_ = true;
                retry_at_ = {};  // a last time, at once
                for (auto& thread : threads) thread.request_stop();
            }
            if (clock_.uptime() < retry_at_)
                desk_.pause(look_around);
            else
                TRY(commit_next());
            refresh();
        }
        if (const auto error = desk_.error()) return std::unexpected(*error);
        return {};
    }

private:
    [[nodiscard]] bool time_is_up() const {
        if (options_.run_for && clock_.uptime() - began_ >= *options_.run_for) return true;
        return options_.stop_requested && options_.stop_requested();
    }
    Status commit_next() {
        const auto waiting = desk_.next(look_around);
        return waiting ? commit(*waiting) : Status();
    }
    Status commit(const Desk::Waiting& waiting) {
        const auto outcome = store_.commit(*waiting.batch);
        if (!outcome && !stopping_ && passes(outcome.error())) {
            if (trouble_.empty())
                Session::say(fmt::format("{}. Metering goes on; booking is tried again every {}",
                                         outcome.error().text, to_string(retry_interval)));
            trouble_ = outcome.error().text;
            retry_at_ = clock_.uptime() + retry_interval;
            return {};
        }
        if (!outcome) return std::unexpected(outcome.error());
        if (!trouble_.empty()) Session::say("booking goes on");
        trouble_.clear();
        if (options_.committed) options_.committed(*waiting.batch);
        desk_.done(waiting.worker);
        return {};
    }
    void refresh() {
        if (clock_.uptime() - refreshed_ < refresh_interval) return;
        refreshed_ = clock_.uptime();
        if (options_.networks) attribution_.learn(options_.networks());
        const auto changed = attribution_.refresh();
        if (changed && *changed) desk_.post_tables(attribution_.tables());
        const std::string problem = changed ? "" : changed.error().text;
        if (!problem.empty() && problem != refresh_problem_)
            Session::say(fmt::format("{}. Accounts and classes stay as they were", problem));
        refresh_problem_ = problem;
    }

    Desk& desk_;
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
    Desk desk(meters.size());
    std::vector<std::unique_ptr<Worker>> workers;
    for (std::size_t i = 0; i < meters.size(); ++i)
        workers.push_back(std::make_unique<Worker>(i, meters[i], attribution.tables(), clock,
                                                   options.commit_interval, desk));
    std::vector<std::jthread> threads;
    for (auto& worker : workers)
        threads.emplace_back([&worker](const std::stop_token& stop) { worker->run(stop); });
    const Status outcome = Committer(desk, store, attribution, clock, options).run(threads);
    desk.close();
    return outcome;  // the threads are asked to stop and joined here
}

}  // namespace octroi
