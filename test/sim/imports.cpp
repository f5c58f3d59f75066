// SPDX-License-Identifier: GPL-3.0-or-later
#include "imports.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace octroi::sim {
namespace {

std::unexpected<Error> wrong(const CaptureFile& file, const std::string& what) {
    return fail(ErrorCode::failed, fmt::format("{} (recording {}, {} octets): {}", file.path,
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
    options.aggregator.flows.flow_limit = random_->chance(50) ? 64 : 4096;
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
        return wrong(file, fmt::format("reported as complete ({}), but {} of its {} frames are not "
                                       "in the ledger",
                                       (*meter)->known_as(), visible - recording.booked, visible));
    }
    // A part without a frame is not a copy of any file.
    if ((*meter)->resumed_at() != (visible == 0 ? 0 : recording.booked))
        return wrong(file,
                     fmt::format("continues after frame {} of {} as '{}', but {} are in the ledger",
                                 (*meter)->resumed_at(), (*meter)->source(), (*meter)->known_as(),
                                 recording.booked));
    Run run;
    run.at = visible == 0 ? 0 : recording.booked;
    run.meter = *std::move(meter);
    run.every = options.checkpoint_packets;
    run.visible = visible;
    run.clean = recording.ends_clean(file.visible);
    TRY(sim_ledger_->refresh());
    run.loop = std::make_unique<MeteringLoop>(MeterName{"files", "capture", MeterRole::bill},
                                              *run.meter, sim_ledger_->tables(), *run.target,
                                              *clock_, Duration::milliseconds(1));
    return run;
}

Result<ExpectedBatch> Imports::next_batch(Run& run, Recording& recording) {
    while (!run.target->batch && !run.ended) {
        TRY_ASSIGN(const bool more, run.loop->step());
        run.ended = !more;
    }
    if (run.ended) TRY(run.loop->finish());
    const std::size_t next =
        run.ended ? run.visible : static_cast<std::size_t>((run.at / run.every + 1) * run.every);
    if (next > run.visible)
        return fail(ErrorCode::failed, "a file meter stops after the end of its file");
    ExpectedBatch batch;
    batch.batch = *run.target->next();
    const NaiveRules rules = sim_ledger_->rules();
    TRY(sim_ledger_->stamp(batch, rules));
    for (std::size_t i = run.at; i < next; ++i)
        add_packet(batch.rows, recording.frames[i].sent, recording.frames[i].service, rules);
    run.at = next;
    batch.on_stored = [this, &recording, next]() -> Status {
        ++batches_;
        recording.booked = std::max(recording.booked, next);
        return {};
    };
    const bool truncated = std::ranges::any_of(
        batch.batch.losses, [](const Loss& l) { return l.reason == LossReason::truncated; });
    if (run.ended && !batch.batch.cursors.empty() && truncated == run.clean)
        return fail(ErrorCode::failed, "the incomplete end of a file is reported wrongly");
    return batch;
}

Result<bool> Imports::import(const CaptureFile& file) {
    Recording& recording = captures_->of(file);
    TRY_ASSIGN(std::optional<Run> run, open(file));
    while (run && !run->ended) {
        TRY_ASSIGN(const ExpectedBatch batch, next_batch(*run, recording));
        TRY_ASSIGN(const FaultyLedger::Committed outcome, sim_ledger_->commit(batch));
        if (outcome == FaultyLedger::Committed::crashed) return true;
        if (outcome == FaultyLedger::Committed::conflict)
            return wrong(file, "a conflict, although no other process reads it");
        if (outcome == FaultyLedger::Committed::disk_full) return false;  // the import ends
        // Killed between two commits, or stopped by the user.
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
    TRY_ASSIGN(const ExpectedBatch one, next_batch(*first, recording));
    TRY_ASSIGN(const ExpectedBatch two, next_batch(*second, recording));
    TRY_ASSIGN(const FaultyLedger::Committed outcome, sim_ledger_->commit(one));
    if (outcome == FaultyLedger::Committed::crashed) return true;
    if (outcome != FaultyLedger::Committed::yes || one.batch.cursors.empty()) return false;
    TRY_ASSIGN(const FaultyLedger::Committed late, sim_ledger_->commit(two));
    if (sim_ledger_->auditor.has(two.batch.id))
        return wrong(file, "two importers have both committed it");
    if (late == FaultyLedger::Committed::conflict) ++conflicts_;
    return late == FaultyLedger::Committed::crashed;
}

Status Imports::import_adds_nothing(const CaptureFile& file) {
    TRY_ASSIGN(std::optional<Run> run, open(file));
    if (!run) return {};
    if (run->at < run->visible) return wrong(file, "is not completely in the ledger");
    while (!run->ended) {
        TRY_ASSIGN(const ExpectedBatch batch, next_batch(*run, captures_->of(file)));
        if (!batch.batch.transfers.empty()) return wrong(file, "was imported a second time");
    }
    return {};
}

}  // namespace octroi::sim
