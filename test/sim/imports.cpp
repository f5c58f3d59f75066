// SPDX-License-Identifier: GPL-3.0-or-later
#include "imports.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace octroi::sim {
namespace {

std::unexpected<Error> wrong(const CaptureFile& file, const std::string& what) {
    return fail(ErrorCode::failed, fmt::format("{} (recording {}, {} octets of it): {}", file.path,
                                               file.recording, file.visible, what));
}

}  // namespace

Result<std::optional<Imports::Run>> Imports::open(const CaptureFile& file) {
    const Recording& recording = captures_->of(file);
    TRY_ASSIGN(const auto known, sim_ledger_->box.ledger().cursors(capture::file_source_prefix));
    std::vector<Cursor> cursors;
    for (const auto& entry : known) cursors.push_back(entry.cursor);
    capture::FileMeterOptions options;
    const std::vector<std::uint64_t> often{7, 30, 64, 100, 1000};
    options.checkpoint_packets = random_->pick(often);
    options.intake.flows.flow_limit = random_->chance(50) ? 64 : 4096;
    options.seed = random_->next();
    auto meter = capture::FileMeter::open(file.path, options, cursors);
    if (!meter) {
        const bool no_capture = file.visible < recording.header;
        if (no_capture && meter.error().code == ErrorCode::corrupt) return std::nullopt;
        return std::unexpected(meter.error());
    }
    const std::size_t visible = recording.whole_frames(file.visible);
    if ((*meter)->already_complete()) {
        if (visible <= recording.booked) return std::nullopt;
        return wrong(file, fmt::format("taken as complete ({}) though {} of its {} frames are not "
                                       "in the ledger",
                                       (*meter)->known_as(), visible - recording.booked, visible));
    }
    // A part without a frame is nobody's copy.
    if ((*meter)->resumed_at() != (visible == 0 ? 0 : recording.booked))
        return wrong(file,
                     fmt::format("goes on behind frame {} of {} as '{}', but {} are in the ledger",
                                 (*meter)->resumed_at(), (*meter)->source(), (*meter)->known_as(),
                                 recording.booked));
    Run run;
    run.at = visible == 0 ? 0 : recording.booked;
    run.meter = *std::move(meter);
    run.every = options.checkpoint_packets;
    run.visible = visible;
    run.clean = recording.ends_clean(file.visible);
    TRY(sim_ledger_->refresh());
    run.metering = std::make_unique<Metering>(MeterName{"files", "capture", MeterRole::bill},
                                              *run.meter, sim_ledger_->tables(), *clock_);
    return run;
}

Result<Cut> Imports::next_cut(Run& run, Recording& recording) {
    for (Pull pull = Pull::more; pull != Pull::checkpoint && !run.ended;) {
        TRY_ASSIGN(pull, run.metering->pull(Duration::milliseconds(1)));
        run.ended = pull == Pull::end;
    }
    const std::size_t next =
        run.ended ? run.visible : static_cast<std::size_t>((run.at / run.every + 1) * run.every);
    if (next > run.visible)
        return fail(ErrorCode::failed, "a file meter stops behind the end of its file");
    Cut cut;
    TRY_ASSIGN(cut.batch, run.metering->make_batch());
    const NaiveRules rules = sim_ledger_->rules();
    TRY(sim_ledger_->stamp(cut, rules));
    for (std::size_t i = run.at; i < next; ++i)
        book(cut.rows, recording.frames[i].sent, recording.frames[i].service, rules);
    run.at = next;
    cut.on_booked = [this, &recording, next]() -> Status {
        ++batches_;
        recording.booked = std::max(recording.booked, next);
        return {};
    };
    const bool said = std::ranges::any_of(
        cut.batch.losses, [](const Loss& l) { return l.reason == LossReason::truncated; });
    if (run.ended && !cut.batch.cursors.empty() && said == run.clean)
        return fail(ErrorCode::failed, "a file's cut-off end is not told rightly");
    return cut;
}

Result<bool> Imports::import(const CaptureFile& file) {
    Recording& recording = captures_->of(file);
    TRY_ASSIGN(std::optional<Run> run, open(file));
    while (run && !run->ended) {
        TRY_ASSIGN(const Cut cut, next_cut(*run, recording));
        TRY_ASSIGN(const LedgerBox::Committed outcome, sim_ledger_->commit(cut));
        if (outcome == LedgerBox::Committed::cut) return true;
        if (outcome == LedgerBox::Committed::conflict)
            return wrong(file, "a conflict, though nobody else reads it");
        if (outcome == LedgerBox::Committed::no_room) return false;  // the import ends
        // Killed between two commits, or stopped by its user.
        if (random_->one_in(12)) return false;
    }
    return false;
}

Result<bool> Imports::import_twice(const CaptureFile& file) {
    Recording& recording = captures_->of(file);
    TRY_ASSIGN(std::optional<Run> first, open(file));
    if (!first) return false;
    TRY_ASSIGN(std::optional<Run> second, open(file));
    if (!second) return wrong(file, "is open for one and complete for another");
    TRY_ASSIGN(const Cut one, next_cut(*first, recording));
    TRY_ASSIGN(const Cut two, next_cut(*second, recording));
    TRY_ASSIGN(const LedgerBox::Committed outcome, sim_ledger_->commit(one));
    if (outcome == LedgerBox::Committed::cut) return true;
    if (outcome != LedgerBox::Committed::yes || one.batch.cursors.empty()) return false;
    TRY_ASSIGN(const LedgerBox::Committed late, sim_ledger_->commit(two));
    if (sim_ledger_->auditor.has(two.batch.id))
        return wrong(file, "two importers have both booked it");
    if (late == LedgerBox::Committed::conflict) ++conflicts_;
    return late == LedgerBox::Committed::cut;
}

Status Imports::import_adds_nothing(const CaptureFile& file) {
    TRY_ASSIGN(std::optional<Run> run, open(file));
    if (!run) return {};
    if (run->at < run->visible) return wrong(file, "is not whole in the ledger");
    while (!run->ended) {
        TRY_ASSIGN(const Cut cut, next_cut(*run, captures_->of(file)));
        if (!cut.batch.transfers.empty()) return wrong(file, "is imported a second time");
    }
    return {};
}

}  // namespace octroi::sim
