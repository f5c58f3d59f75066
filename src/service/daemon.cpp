// SPDX-License-Identifier: GPL-3.0-or-later
#include "service/daemon.hpp"

#include <fmt/format.h>

#include "host/log.hpp"
#include "host/log_limit.hpp"

namespace octroi {
namespace {

// How long a stop, a request or a refresh may wait for the committing thread.
constexpr Duration step_interval = Duration::milliseconds(250);
// How soon a change by another process (accounts, classes) is in force. An unchanged directory
// costs two small queries.
constexpr Duration refresh_interval = Duration::seconds(2);

}  // namespace

Daemon::Daemon(std::vector<DaemonMeter> meters, Store& store, AttributionSource& attribution,
               CounterBoard& board, const Clock& clock, DaemonOptions options)
    : store_(store),
      attribution_(attribution),
      board_(board),
      clock_(clock),
      options_(std::move(options)),
      queue_(meters.size(), options_.commit_interval),
      filtered_(meters.size()),
      supervisor_(std::move(meters), queue_, board, clock) {}

Status Daemon::run() {
    began_ = clock_.uptime();
    supervisor_.start(attribution_.tables());
    const Status outcome = commit_until_finished();
    board_.end();
    // Before the threads are joined: a worker may wait in put() for a commit that will not come.
    queue_.close();
    supervisor_.end();
    LimitedLog::write_last_summaries();
    return outcome;
}

Status Daemon::commit_until_finished() {
    while (!supervisor_.is_over()) {
        board_.on_progress(clock_.uptime());
        if (!stopping_ && (time_is_up() || supervisor_.error())) {
            stopping_ = true;
            retry_at_ = {};  // a last time, at once
            supervisor_.request_stop();
        }
        if (clock_.uptime() < retry_at_)
            queue_.pause(step_interval);
        else
            TRY(commit_next());
        supervisor_.step(attribution_.tables());
        refresh();
        if (options_.between_commits) options_.between_commits();
    }
    if (const auto error = supervisor_.error()) return std::unexpected(*error);
    return {};
}

bool Daemon::time_is_up() const {
    if (options_.run_for && clock_.uptime() - began_ >= *options_.run_for) return true;
    return options_.stop_requested && options_.stop_requested();
}

Status Daemon::commit_next() {
    const auto waiting = queue_.next(step_interval);
    if (waiting) return commit(*waiting);
    // next() does not wait when no worker runs.
    if (queue_.all_finished() && !supervisor_.is_over()) queue_.pause(step_interval);
    return {};
}

Status Daemon::commit(const CommitQueue::Waiting& waiting) {
    const auto outcome = try_commit(waiting);
    if (!outcome) board_.on_commit_failed(outcome.error().text);
    if (!outcome && !stopping_ && is_transient(outcome.error())) {
        if (commit_problem_.empty())
            log_warning(fmt::format("{}. Metering goes on; the commit is tried again every {}",
                                    outcome.error().text, to_string(retry_interval)));
        commit_problem_ = outcome.error().text;
        // The batch stays in its place and keeps its id: it cannot be committed twice.
        retry_at_ = clock_.uptime() + retry_interval;
        return {};
    }
    if (!outcome) return std::unexpected(outcome.error());
    if (!commit_problem_.empty()) log_info("commits succeed again");
    commit_problem_.clear();
    board_.on_committed(waiting.worker, *waiting.batch, clock_.uptime());
    log_committed(*waiting.batch);
    if (options_.committed) options_.committed(*waiting.batch);
    const bool has_identities = !waiting.batch->identities.empty();
    queue_.done(waiting.worker);
    if (has_identities) post_new_sessions();
    return {};
}

Result<CommitOutcome> Daemon::try_commit(const CommitQueue::Waiting& waiting) {
    std::optional<BatchId>& filtered = filtered_[waiting.worker];
    if (filtered != waiting.batch->id) {
        TRY(attribution_.drop_known_identities(*waiting.batch));
        filtered = waiting.batch->id;
    }
    return store_.commit(*waiting.batch);
}

// An error comes again at the next refresh, which logs it.
void Daemon::post_new_sessions() {
    if (attribution_.refresh_sessions().value_or(false))
        queue_.post_sessions(attribution_.tables().sessions);
}

void Daemon::refresh() {
    if (clock_.uptime() - refreshed_ < refresh_interval) return;
    refreshed_ = clock_.uptime();
    LimitedLog::write_due_summaries();
    if (options_.networks) {
        const HostNetworks networks = options_.networks();
        attribution_.add_fallback(networks.local, networks.outside);
    }
    const auto refreshed = attribution_.refresh();
    if (refreshed.is_new)
        post_tables();
    else if (refreshed.has_new_sessions)
        queue_.post_sessions(attribution_.tables().sessions);
    // Each refresh meets the same problem again: it is logged once.
    const std::string problem = refreshed.outcome ? "" : refreshed.outcome.error().text;
    if (!problem.empty() && problem != refresh_problem_)
        log_warning(fmt::format("{}. The accounts and classes in force stay", problem));
    refresh_problem_ = problem;
}

}  // namespace octroi
