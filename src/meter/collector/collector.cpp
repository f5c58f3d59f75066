// SPDX-License-Identifier: GPL-3.0-or-later
#include "meter/collector/collector.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "meter/collector/snapshot.hpp"
#include "meter/journal/identity.hpp"
#include "meter/journal/saved_position.hpp"

namespace octroi::collector {
namespace {

// How long a checkpoint decodes what has been received so far.
constexpr Duration drain_time = Duration::seconds(1);
// Messages between two readings of the clock: a reading costs as much as decoding a small message.
constexpr int messages_per_clock_reading = 64;

// How much of the journal a batch has read when its commit is due.
std::uint64_t read_octets_max(std::uint64_t limit) {
    constexpr std::uint64_t enough = std::uint64_t{128} << 20U;
    return std::min(limit / 4, enough);
}

}  // namespace

Result<exporter::Exporters> exporters_at(const std::string& folder, const Cursor& cursor) {
    TRY_ASSIGN(const journal::SavedPosition position,
               journal::decode_saved_position(cursor.position));
    TRY_ASSIGN(const Snapshot snapshot, read_snapshot(folder + "/" + position.snapshot));
    return exporter::Exporters::restore(snapshot.exporters);
}

Collector::Collector(const CollectorOptions& options, OwnFolder folder, const Clock& clock)
    : folder_(std::move(folder)),
      clock_(clock),
      snapshots_(folder_),
      decoder_(options.decoder),
      since_(clock.now()) {}

Result<std::unique_ptr<Collector>> Collector::open(const CollectorOptions& options,
                                                   std::span<const Cursor> known,
                                                   const Clock& clock) {
    TRY_ASSIGN(OwnFolder folder, OwnFolder::open(options.folder));
    auto collector = std::unique_ptr<Collector>(new Collector(options, std::move(folder), clock));
    TRY(collector->resume(options, known));
    return collector;
}

// A journal that a cursor of the ledger names is the ledger's, whatever its folder says.
Status Collector::check_ledger(const std::string& ledger_id) const {
    if (ledger_id.empty()) return {};
    const auto owner = journal::find_ledger_of(folder_.path());
    if (owner && *owner != ledger_id && cursor_.version == 0)
        return fail(ErrorCode::conflict,
                    fmt::format("the journal in {} belongs to another ledger (id {}), which may "
                                "still need its messages; next: another `journal` for this meter, "
                                "or remove the folder",
                                folder_.path(), *owner));
    return journal::set_ledger(folder_, ledger_id);
}

Status Collector::resume(const CollectorOptions& options, std::span<const Cursor> known) {
    TRY_ASSIGN(const std::string id, journal::journal_id(folder_));
    cursor_.source = std::string(journal_source_prefix) + id;
    journal::SavedPosition position;
    for (const Cursor& cursor : known) {
        if (cursor.source != cursor_.source) continue;
        cursor_ = cursor;
        TRY_ASSIGN(position, journal::decode_saved_position(cursor.position));
    }
    TRY(check_ledger(options.ledger_id));
    // Without its snapshot the journal is still worth reading: templates come again.
    if (!position.snapshot.empty()) {
        const Status loaded = load(position.snapshot);
        if (!loaded) report_unusable(loaded.error().text);
    }
    journal::Options journal = options.journal;
    journal.id = id;
    TRY_ASSIGN(journal_, journal::Journal::open(folder_, journal, position.at));
    snapshot_ = position.snapshot;
    reached_ = position.at;
    if (journal_->lost() > 0) report_lost(options.folder);
    return {};
}

// It held data sets without a template, missing messages and rates: how much traffic that was,
// nobody knows.
void Collector::report_unusable(const std::string& why) {
    pending_.losses.push_back(
        {cursor_.source, LossReason::corrupt, {since_, since_ + Duration{1}}, {}, {}});
    notice_ = why + ". This is reported as a loss (corrupt)";
}

// Nobody knows how many messages were in them, or whether the ledger has them.
void Collector::report_lost(std::string_view folder) {
    pending_.losses.push_back(
        {cursor_.source, LossReason::corrupt, {since_, since_ + Duration{1}}, {}, {}});
    notice_ += fmt::format(
        "{}{} segments of the journal in {} are missing or damaged (those are "
        "set aside): messages in them that were not in the ledger are lost",
        notice_.empty() ? "" : ". ", journal_->lost(), folder);
}

Status Collector::load(const std::string& snapshot) {
    const std::string path = snapshots_.path_of(snapshot);
    TRY_ASSIGN(Snapshot content, read_snapshot(path));
    socket_losses_.restore(std::move(content.drops));
    return decoder_.restore(content.exporters, content.normalizer, path);
}

Result<std::string> Collector::save(const journal::Position& at) const {
    Snapshot content{decoder_.exporters().save(), decoder_.normalizer().save(),
                     socket_losses_.reported()};
    return snapshots_.write(fmt::format("{}-{}-{}", at.segment, at.slot, cursor_.version + 1),
                            encode(std::move(content)));
}

void Collector::watch(const Intake& intake) {
    intake_ = &intake;
    socket_losses_.on_start(intake.drops());
}

Result<Pull> Collector::pull(ReadingSink& sink, Duration wait) {
    decoder_.normalizer().set_sink(&sink);
    const Pull pulled = read(wait);
    decoder_.normalizer().flush();
    return pulled;
}

Pull Collector::read(Duration wait) {
    const Duration until = clock_.uptime() + wait;
    journal::Message message;
    do {
        for (int i = 0; i < messages_per_clock_reading; ++i) {
            // Also of the drain of a checkpoint: the next message belongs to the next batch.
            if (decoder_.normalizer().is_full()) return Pull::checkpoint;
            if (!journal_->reader().next(message)) return i > 0 ? Pull::more : Pull::idle;
            // Here, between the messages of two processes, the earlier one's connections end. A
            // port number may come again, and must not get the templates of its old connection.
            if (!own_messages_ && journal_->reads_own_messages()) {
                decoder_.end_earlier_sessions(message.received);
                own_messages_ = true;
            }
            decoder_.on_message(message);
            ++messages_;
        }
        // Request a commit long before the journal is full: only a commit frees its segments, and
        // memory that is used again costs less than new memory.
        if (journal_->read_octets_since(reached_) > read_octets_max(journal_->limit_octets()))
            return Pull::checkpoint;
    } while (clock_.uptime() < until);
    return Pull::more;
}

void Collector::collect_losses(UtcTime now) {
    const Interval interval{since_, now};
    for (Loss& loss : decoder_.normalizer().drain_losses())
        pending_.losses.push_back(std::move(loss));
    const std::uint64_t missing = decoder_.normalizer().drain_missing_messages();
    if (drops_) socket_losses_.add_losses(*std::move(drops_), interval, missing, pending_.losses);
    drops_.reset();
    decoder_.add_undecoded(cursor_.source, interval, pending_.losses);
}

bool Collector::read_drops() {
    if (intake_ == nullptr) return false;
    drops_ = intake_->drops();
    return socket_losses_.has_new(*drops_);
}

Result<Checkpoint> Collector::checkpoint(ReadingSink& sink) {
    if (!drops_) read_drops();
    // The messages received until now belong to this batch, as far as they can be decoded within
    // drain_time; the others stay in the journal.
    TRY_ASSIGN([[maybe_unused]] const Pull drained, pull(sink, drain_time));
    decoder_.expire(clock_.now());
    // Gaps that may be those of the dropped datagrams are losses now, so that the two are one loss.
    if (drops_ && socket_losses_.has_new(*drops_)) decoder_.end_gaps();
    const UtcTime now = std::max(clock_.now(), since_);  // the clock may have been set back
    pending_.observed += decoder_.normalizer().drain_observed();
    collect_losses(now);
    const journal::Position at = journal_->reader().position();
    // A minute without messages writes no snapshot.
    const bool has_changed = messages_ > 0 || !pending_.losses.empty() || snapshot_.empty();
    TRY_ASSIGN(const std::string snapshot, has_changed ? save(at) : Result<std::string>(snapshot_));
    Checkpoint made = std::exchange(pending_, {});
    made.translations = decoder_.normalizer().drain_translations();
    ++cursor_.version;
    cursor_.position = encode(journal::SavedPosition{at, snapshot});
    const std::size_t exporters = decoder_.exporters().status().size();
    cursor_.note = fmt::format("{} exporter{}", exporters, exporters == 1 ? "" : "s");
    made.cursors.push_back(cursor_);
    snapshot_ = snapshot;
    reached_ = at;
    since_ = now;
    messages_ = 0;
    return made;
}

void Collector::committed() {
    journal_->release(reached_);
    snapshots_.remove_all_but(snapshot_);
    // A failure only means that the next process reports it once more.
    static_cast<void>(journal_->confirm_lost());
}

}  // namespace octroi::collector
