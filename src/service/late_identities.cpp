// SPDX-License-Identifier: GPL-3.0-or-later
#include "service/late_identities.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <set>
#include <vector>

#include "attribute/session_bindings.hpp"
#include "host/log.hpp"
#include "record/identity.hpp"
#include "service/rebook.hpp"
#include "service/rebook_period.hpp"
#include "view/units.hpp"

namespace octroi {
namespace {

constexpr Duration look_interval = Duration::seconds(10);
// A process that rebooks now does the same.
constexpr const char* rebook_activity = "rebook";

UtcTime next_bucket(UtcTime t) {
    const UtcTime begin = bucket_start(t);
    return begin == t ? t : begin + bucket_length;
}

// Finds the pairs, and what they concern.
class LatePairs {
public:
    explicit LatePairs(Ledger& ledger) : ledger_(ledger) {}

    [[nodiscard]] Status find() {
        TRY_ASSIGN(before_, ledger_.identity_progress());
        TRY_ASSIGN(now_.events, ledger_.newest_identity());
        TRY_ASSIGN(now_.batches, ledger_.last_batch());
        TRY(add_new_events());
        return add_new_batches();
    }

    [[nodiscard]] const IdentityProgress& progress() const { return now_; }
    [[nodiscard]] const std::vector<SessionInput>& late() const { return late_; }
    // Contains the buckets in which a holder changed.
    [[nodiscard]] const Interval& period() const { return period_; }
    // New events that change a holder within a bucket, of which a batch had traffic without knowing
    // them. Counted only where debug messages are logged: it takes a question for each event.
    [[nodiscard]] std::uint64_t within_bucket() const { return within_bucket_; }

private:
    struct Change {
        SessionInput input;
        Interval time;  // in which the event changes the holder
    };

    [[nodiscard]] Status add_new_events() {
        TRY_ASSIGN(const auto events, changes_between(before_.events, now_.events));
        for (const Change& change : events) {
            TRY_ASSIGN(const bool is_late,
                       ledger_.has_traffic_without(change.input.number, whole_buckets(change.time),
                                                   now_.batches));
            if (is_late) add(change);
            if (is_logged(LogLevel::debug)) TRY(count_within_bucket(change));
        }
        return {};
    }

    [[nodiscard]] Status count_within_bucket(const Change& change) {
        const auto is_late_in = [&](UtcTime time) {
            return ledger_.has_traffic_without(
                change.input.number, {bucket_start(time), next_bucket(time)}, now_.batches);
        };
        TRY_ASSIGN(bool is_late, is_late_in(change.time.begin));
        if (!is_late && change.time.end != UtcTime::max()) {
            TRY_ASSIGN(is_late, is_late_in(change.time.end));
        }
        if (is_late) ++within_bucket_;
        return {};
    }

    // Batches that were made without an event that was settled before they came.
    [[nodiscard]] Status add_new_batches() {
        std::vector<IdentityKnowledge> batches;
        TRY(ledger_.each_batch_without(before_.events, before_.batches, now_.batches,
                                       [&](const IdentityKnowledge& batch) -> Status {
                                           batches.push_back(batch);
                                           return {};
                                       }));
        if (batches.empty()) return {};
        const auto least =
            std::ranges::min(batches, {}, &IdentityKnowledge::identities_known).identities_known;
        TRY_ASSIGN(const auto events, changes_between(least, before_.events));
        for (const Change& change : events) {
            const bool is_late = std::ranges::any_of(batches, [&](const IdentityKnowledge& batch) {
                return batch.identities_known < change.input.number &&
                       whole_buckets(change.time).overlaps(batch.buckets);
            });
            if (is_late) add(change);
        }
        return {};
    }

    [[nodiscard]] Result<std::vector<Change>> changes_between(std::uint64_t after,
                                                              std::uint64_t until) {
        std::vector<Change> changes;
        if (after >= until) return changes;
        TRY(ledger_.each_identity(
            {.after = after, .until = until, .since = UtcTime::min(), .held = {}},
            [&](const StoredIdentity& stored) -> Status {
                changes.push_back({{stored.number, stored.source, stored.event}, {}});
                return {};
            }));
        for (Change& change : changes) {
            TRY_ASSIGN(change.time.end, end_of(change.input));
            change.time.begin = change.input.event.at;
        }
        return changes;
    }

    // The next statement of the source. Not `until`: from there on nobody holds it, which may be a
    // change too.
    [[nodiscard]] Result<UtcTime> end_of(const SessionInput& input) {
        UtcTime end = UtcTime::max();
        const IdentityEvent& event = input.event;
        TRY(ledger_.each_identity(
            {.after = 0, .until = now_.events, .since = UtcTime::min(), .held = event.held},
            [&](const StoredIdentity& other) -> Status {
                const bool is_next = other.event.at > event.at ||
                                     (other.event.at == event.at && other.number > input.number);
                if (is_next && other.source == input.source) end = std::min(end, other.event.at);
                return {};
            }));
        return end;
    }

    // A change within a bucket moves nothing.
    static Interval whole_buckets(const Interval& time) {
        return {next_bucket(time.begin),
                time.end == UtcTime::max() ? time.end : bucket_start(time.end)};
    }

    void add(const Change& change) {
        late_.push_back(change.input);
        const UtcTime end =
            change.time.end == UtcTime::max() ? change.time.end : next_bucket(change.time.end);
        period_.begin = std::min(period_.begin, bucket_start(change.time.begin));
        period_.end = std::max(period_.end, end);
    }

    Ledger& ledger_;
    IdentityProgress before_;
    IdentityProgress now_;
    std::vector<SessionInput> late_;
    std::uint64_t within_bucket_ = 0;
    Interval period_{UtcTime::max(), UtcTime::min()};
};

// The texts of the identities that the events concern. Of the other events only those are kept that
// name one of these as holder: the ledger may have millions.
Result<std::set<std::string>> concerned(Ledger& ledger, const std::vector<SessionInput>& late) {
    std::set<Identity> changed;
    for (const SessionInput& input : late) changed.insert(input.event.held);
    std::vector<SessionInput> related;
    TRY(ledger.each_identity({}, [&](const StoredIdentity& stored) -> Status {
        if (changed.contains(stored.event.holder))
            related.push_back({stored.number, stored.source, stored.event});
        return {};
    }));
    std::set<std::string> texts;
    for (const Identity& identity : HeldIndex(related).concerned_by(late))
        texts.insert(identity_text(identity));
    return texts;
}

}  // namespace

Result<bool> has_new_pairs(Ledger& ledger) {
    TRY_ASSIGN(const std::uint64_t events, ledger.newest_identity());
    if (events == 0) return false;
    TRY_ASSIGN(const IdentityProgress progress, ledger.identity_progress());
    if (progress.events != events) return true;
    TRY_ASSIGN(const std::uint64_t batches, ledger.last_batch());
    return progress.batches != batches;
}

Result<std::optional<RebookSummary>> rebook_late_identities(
    Ledger& ledger, const Config& config, UtcTime now,
    const std::function<bool()>& stop_requested) {
    LatePairs pairs(ledger);
    TRY(ledger.snapshot([&] { return pairs.find(); }));
    if (pairs.within_bucket() > 0)
        log_debug(fmt::format(
            "late statements of who held an address: {} came after traffic of the five minutes in "
            "which they change the holder. It stays as it is. Next: octroi rebook --dry-run lists "
            "it",
            pairs.within_bucket()));
    std::optional<RebookSummary> summary;
    Interval period = pairs.period();
    TRY_ASSIGN(const UtcTime since, transfers_since(ledger));
    period.begin = std::max(period.begin, since);
    if (!pairs.late().empty() && period.begin < period.end) {
        RebookRequest request{.period = period,
                              .reason = "identities of " + to_rfc3339(now),
                              .now = now,
                              .stop_requested = stop_requested};
        TRY_ASSIGN(request.identities, concerned(ledger, pairs.late()));
        TRY_ASSIGN(summary, rebook(ledger, config, request));
        if (summary->stopped_at) return summary;
    }
    TRY(ledger.put_identity_progress(pairs.progress()));
    return summary;
}

std::string text_of_late_identities(const RebookSummary& summary) {
    std::string text = fmt::format(
        "late statements of who held an address: {} attributed again, in {} corrections",
        bytes_text(summary.moved.bytes.value(), Units::iec), summary.corrections);
    if (summary.unresolved.bytes.value() > 0)
        text += fmt::format(
            "; {} stay, because the holder changed within five minutes or the ledger does not hold "
            "the address. Next: octroi rebook --dry-run lists them",
            bytes_text(summary.unresolved.bytes.value(), Units::iec));
    return text;
}

LateIdentityThread::LateIdentityThread(Open open, Config config, const Clock& clock)
    : open_(std::move(open)),
      config_(std::move(config)),
      clock_(clock),
      thread_([this] { run(); }) {}

LateIdentityThread::~LateIdentityThread() {
    {
        const std::lock_guard lock(mutex_);
        ends_ = true;
    }
    wakes_.notify_all();
    thread_.join();
}

void LateIdentityThread::set_config(const Config& config) {
    const std::lock_guard lock(mutex_);
    config_ = config;
}

bool LateIdentityThread::wait(Duration duration) {
    std::unique_lock lock(mutex_);
    return !wakes_.wait_for(lock, std::chrono::nanoseconds(duration.ns), [&] { return ends_; });
}

void LateIdentityThread::run() {
    while (wait(look_interval)) {
        const Status done = step();
        const std::string problem = done ? "" : done.error().text;
        // Another process that rebooks does it, or the next look.
        const bool is_other = !done && done.error().code == ErrorCode::conflict;
        if (!problem.empty() && problem != problem_ && !is_other)
            log_warning(fmt::format(
                "late statements of who held an address are not taken into account: {}. The next "
                "attempt is in {}",
                problem, to_string(look_interval)));
        problem_ = problem;
    }
}

Status LateIdentityThread::step() {
    {
        TRY_ASSIGN(const auto ledger, open_({.mode = OpenMode::read_only}));
        TRY_ASSIGN(const bool is_new, has_new_pairs(*ledger));
        if (!is_new) return {};
    }
    Config config;
    {
        const std::lock_guard lock(mutex_);
        config = config_;
    }
    TRY_ASSIGN(
        const auto ledger,
        open_({.mode = OpenMode::read_write, .owner = "octroi run", .activity = rebook_activity}));
    TRY_ASSIGN(const auto summary,
               rebook_late_identities(*ledger, config, clock_.now(), [this] { return !wait({}); }));
    if (summary && summary->corrections > 0) log_info(text_of_late_identities(*summary));
    return {};
}

}  // namespace octroi
