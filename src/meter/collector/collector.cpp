// SPDX-License-Identifier: GPL-3.0-or-later
#include "meter/collector/collector.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/id.hpp"
#include "host/random.hpp"

namespace octroi::collector {
namespace {

// DO NOT CHANGE: these values stand in ledgers and in snapshots.
constexpr std::uint8_t position_version = 1;
constexpr std::uint32_t snapshot_magic = 0x6f637431;  // "oct1"

constexpr std::string_view id_name = "id";
constexpr std::string_view snapshot_prefix = "state-";
// Larger than anything that the limits allow.
constexpr std::size_t snapshot_max = std::size_t{1} << 30U;
constexpr Duration drain_time = Duration::seconds(1);
// Messages between two looks at the clock.
constexpr int messages_at_once = 64;

struct Position {
    journal::JournalPosition at;
    std::string snapshot;
};

std::string encode(const Position& position) {
    ByteWriter out;
    out.u8(position_version);
    out.be64(position.at.segment);
    out.be32(position.at.place);
    out.text(position.snapshot);
    return out.drain();
}

Result<Position> decode(std::string_view octets) {
    ByteCursor in(as_octets(octets));
    Position position;
    std::uint8_t version = 0;
    if (!in.u8(version) || version != position_version || !in.be64(position.at.segment) ||
        !in.be32(position.at.place) || !in.text(position.snapshot) || in.left() != 0)
        return fail(ErrorCode::unsupported,
                    "the ledger's cursor for the collector's journal was written by another "
                    "version of octroi");
    return position;
}

// The journal's own name, so that a ledger's cursor is not taken for another journal's.
Result<std::string> journal_id(const OwnFolder& folder) {
    const std::string path = folder.path_of(std::string(id_name));
    const auto known = read_file(path, 64);
    if (known) return *known;
    if (known.error().code != ErrorCode::not_found) return std::unexpected(known.error());
    std::string made = to_string(random_batch_id());
    TRY(replace_file(path, made));
    return made;
}

// What a snapshot holds.
struct Snapshot {
    std::string exporters;
    std::string maker;
    std::vector<Intake::Drops> drops;
};

Result<Snapshot> read_snapshot(const std::string& path) {
    const auto damaged = [&] { return fail(ErrorCode::corrupt, path + " is damaged"); };
    TRY_ASSIGN(const std::string content, read_file(path, snapshot_max));
    ByteCursor in(as_octets(content));
    Snapshot snapshot;
    std::uint32_t magic = 0;
    std::uint32_t sockets = 0;
    if (!in.be32(magic) || magic != snapshot_magic || !in.text(snapshot.exporters) ||
        !in.text(snapshot.maker) || !in.be32(sockets))
        return damaged();
    for (std::uint32_t i = 0; i < sockets; ++i) {
        Intake::Drops& entry = snapshot.drops.emplace_back();
        std::uint64_t dropped = 0;
        if (!in.text(entry.source) || !in.be64(dropped)) return damaged();
        entry.dropped = static_cast<std::uint32_t>(dropped);
    }
    return snapshot;
}

}  // namespace

Result<exporter::Exporters> exporters_at(const std::string& folder, const Cursor& cursor) {
    TRY_ASSIGN(const Position position, decode(cursor.position));
    TRY_ASSIGN(const Snapshot snapshot, read_snapshot(folder + "/" + position.snapshot));
    return exporter::Exporters::restore(snapshot.exporters);
}

Collector::Collector(CollectorOptions options, OwnFolder folder, const Clock& clock)
    : options_(std::move(options)),
      folder_(std::move(folder)),
      clock_(clock),
      exporters_(settings()),
      maker_(options_.policy, options_.seed),
      since_(clock.now()) {}

exporter::Settings Collector::settings() const {
    return {.limits = options_.limits,
            .seed = options_.seed,
            .wanted = normalize::wanted_fields,
            .agents = options_.allowed};
}

Result<std::unique_ptr<Collector>> Collector::open(const CollectorOptions& options,
                                                   std::span<const Cursor> known,
                                                   const Clock& clock) {
    TRY_ASSIGN(OwnFolder folder, OwnFolder::open(options.folder));
    auto collector = std::unique_ptr<Collector>(new Collector(options, std::move(folder), clock));
    TRY(collector->resume(known));
    return collector;
}

Status Collector::resume(std::span<const Cursor> known) {
    TRY_ASSIGN(const std::string id, journal_id(folder_));
    cursor_.source = std::string(journal_source_prefix) + id;
    Position position;
    for (const Cursor& cursor : known) {
        if (cursor.source != cursor_.source) continue;
        cursor_ = cursor;
        TRY_ASSIGN(position, decode(cursor.position));
    }
    if (!position.snapshot.empty()) {
        const Status loaded = load(position.snapshot);
        if (!loaded) notice_ = loaded.error().text;
    }
    TRY_ASSIGN(journal_, journal::Journal::open(folder_, options_.journal, position.at));
    snapshot_ = position.snapshot;
    checked_ = position.at;
    if (journal_->damaged() > 0)
        notice_ += fmt::format("{}{} files of the journal in {} were damaged and are set aside",
                               notice_.empty() ? "" : ". ", journal_->damaged(), options_.folder);
    return {};
}

Status Collector::load(const std::string& name) {
    const std::string path = folder_.path_of(name);
    TRY_ASSIGN(Snapshot snapshot, read_snapshot(path));
    reported_drops_ = std::move(snapshot.drops);
    // Each part for itself: what one version writes otherwise must not take the rest with it.
    auto exporters = exporter::Exporters::restore(snapshot.exporters, settings());
    if (exporters) exporters_ = *std::move(exporters);
    const exporter::Counters& counted = exporters_.counters();
    reported_left_out_ = {counted.dropped, counted.malformed + counted.refused};
    if (!maker_.restore(snapshot.maker))
        return fail(ErrorCode::corrupt,
                    path +
                        " is damaged: what exporters count since their flows began may count "
                        "twice");
    if (!exporters)
        return fail(ErrorCode::corrupt,
                    path +
                        " is damaged, or of another version: templates and sampling are "
                        "learned anew");
    return {};
}

Result<std::string> Collector::save_snapshot(const journal::JournalPosition& at) {
    ByteWriter out;
    out.be32(snapshot_magic);
    out.text(exporters_.save());
    out.text(maker_.save());
    out.be32(static_cast<std::uint32_t>(reported_drops_.size()));
    for (const Intake::Drops& entry : reported_drops_) {
        out.text(entry.source);
        out.be64(entry.dropped);  // of 32 bits
    }
    std::string name =
        fmt::format("{}{}-{}-{}", snapshot_prefix, at.segment, at.place, cursor_.version + 1);
    TRY(replace_file(folder_.path_of(name), out.octets()));
    return name;
}

void Collector::watch(const Intake& intake) {
    intake_ = &intake;
    // A socket that lives on through restarts counts on; a new one counts from zero.
    const auto now = intake.drops();
    for (Intake::Drops& entry : reported_drops_) {
        const auto same = std::find_if(now.begin(), now.end(),
                                       [&](const auto& d) { return d.source == entry.source; });
        if (same == now.end() || same->dropped < entry.dropped) entry.dropped = 0;
    }
}

bool Collector::is_allowed(const Address& sender) const {
    return options_.allowed.empty() || any_contains(options_.allowed, sender);
}

void Collector::take(const journal::Message& message) {
    ++taken_;
    if (!is_allowed(message.sender)) {
        ++refused_;
        return;
    }
    switch (message.transport) {
        case journal::Transport::datagram:
            static_cast<void>(
                exporters_.decode({message.octets, message.sender, message.received}, maker_));
            break;
        case journal::Transport::stream:
            static_cast<void>(exporters_.decode_message(
                {message.octets, message.sender, message.received, message.port}, maker_));
            break;
        case journal::Transport::stream_end:
            exporters_.end_transport_session(message.sender, message.port, maker_);
            break;
    }
}

Result<Pull> Collector::pull(ReadingSink& sink, Duration wait) {
    maker_.set_sink(&sink);
    const Pull pulled = read(wait);
    maker_.flush();
    return pulled;
}

Pull Collector::read(Duration wait) {
    const Duration until = clock_.uptime() + wait;
    journal::Message message;
    do {
        for (int i = 0; i < messages_at_once; ++i) {
            if (!journal_->next(message)) return i > 0 ? Pull::more : Pull::idle;
            if (!sessions_ended_ && journal_->position().segment >= journal_->first_of_process()) {
                exporters_.end_all_transport_sessions(message.received, maker_);
                sessions_ended_ = true;
            }
            take(message);
            if (maker_.is_full()) return Pull::checkpoint;
        }
        // What is in the ledger gives its room back; before there is none, a commit is wanted.
        if (taken_ > 0 && journal_->held_octets() > journal_->limit_octets() / 2)
            return Pull::checkpoint;
    } while (clock_.uptime() < until);
    return Pull::more;
}

void Collector::add_losses(std::vector<Loss>& losses, UtcTime now) {
    const Interval interval{since_, now};
    if (intake_ != nullptr) {
        const auto drops = intake_->drops();
        for (const Intake::Drops& entry : drops) {
            const auto before =
                std::find_if(reported_drops_.begin(), reported_drops_.end(),
                             [&](const auto& d) { return d.source == entry.source; });
            const std::uint32_t known = before == reported_drops_.end() ? 0 : before->dropped;
            if (const std::uint32_t more = entry.dropped - known; more > 0)
                losses.push_back(
                    {entry.source, LossReason::socket_drop, interval, more, std::nullopt});
        }
        reported_drops_ = drops;
    }
    // What exporters sent and could not be booked, whoever they were.
    const exporter::Counters& counted = exporters_.counters();
    const std::array<std::pair<LossReason, std::uint64_t>, 2> left_out = {
        {{LossReason::no_template, counted.dropped},
         {LossReason::corrupt, counted.malformed + counted.refused}}};
    for (std::size_t i = 0; i < left_out.size(); ++i) {
        const auto& [reason, count] = left_out[i];
        if (count > reported_left_out_[i])
            losses.push_back(
                {cursor_.source, reason, interval, count - reported_left_out_[i], std::nullopt});
        reported_left_out_[i] = count;
    }
}

Result<Checkpoint> Collector::checkpoint(ReadingSink& sink) {
    // What was received until now belongs to this batch, as far as it is decoded soon; the rest
    // stays in the journal.
    TRY_ASSIGN([[maybe_unused]] const Pull drained, pull(sink, drain_time));
    exporters_.expire(clock_.now(), maker_);
    const UtcTime now = std::max(clock_.now(), since_);
    // Kept until the snapshot stands: without it there is no checkpoint, and they are in the next.
    unsettled_.observed += maker_.take_observed();
    for (Loss& loss : maker_.take_losses()) unsettled_.losses.push_back(std::move(loss));
    add_losses(unsettled_.losses, now);
    const journal::JournalPosition at = journal_->position();
    // A quiet minute costs nothing.
    const bool changed = taken_ > 0 || !unsettled_.losses.empty() || snapshot_.empty();
    TRY_ASSIGN(const std::string snapshot,
               changed ? save_snapshot(at) : Result<std::string>(snapshot_));
    Checkpoint made = std::exchange(unsettled_, {});
    made.translations = maker_.take_translations();
    ++cursor_.version;
    cursor_.position = encode({at, snapshot});
    const std::size_t heard = exporters_.status().size();
    cursor_.note = fmt::format("{} exporter{}", heard, heard == 1 ? "" : "s");
    made.cursors.push_back(cursor_);
    snapshot_ = snapshot;
    checked_ = at;
    since_ = now;
    taken_ = 0;
    return made;
}

void Collector::committed() {
    journal_->release(checked_);
    remove_snapshots(snapshot_);
}

void Collector::remove_snapshots(const std::string& but) {
    const auto names = folder_.names();
    if (!names) return;  // they are in nobody's way
    for (const std::string& name : *names)
        if (name.starts_with(snapshot_prefix) && name != but)
            static_cast<void>(folder_.remove(name));
}

std::vector<CounterValue> Collector::counters() const {
    const exporter::Counters& c = exporters_.counters();
    const std::array<std::uint64_t, collector_counters.size()> values = {
        c.datagrams,  c.octets,     refused_ + c.refused_agents,
        c.messages,   c.records,    c.options_records,
        c.templates,  c.unknown,    c.malformed,
        c.over_limit, c.pending,    c.resumed,
        c.dropped,    c.duplicates, c.restarts,
        c.lost};
    std::vector<CounterValue> all;
    for (std::size_t i = 0; i < values.size(); ++i)
        all.push_back({collector_counters[i].name, values[i]});
    const auto readings = maker_.counters();
    all.insert(all.end(), readings.begin(), readings.end());
    return all;
}

}  // namespace octroi::collector
