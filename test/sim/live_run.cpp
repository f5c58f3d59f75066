// SPDX-License-Identifier: GPL-3.0-or-later
#include "live_run.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace octroi::sim {

Status LiveRun::start() {
    if (is_running()) return {};
    const bool all_there = std::ranges::all_of(
        interfaces_, [&](const std::string& name) { return host_->port(name).present; });
    if (!all_there) return {};
    TRY_ASSIGN(const auto known,
               sim_ledger_->box.ledger().cursors(capture::interface_source_prefix));
    std::vector<Cursor> mine;
    for (const auto& entry : known)
        if (entry.meter == name_) mine.push_back(entry.cursor);
    capture::LiveMeterOptions options;
    options.interfaces = interfaces_;
    options.aggregator.flows.flow_limit = random_->chance(50) ? 64 : 4096;
    options.aggregator.flows.active = Duration::seconds(random_->between(10, 300));
    options.aggregator.flows.inactive = Duration::seconds(random_->between(5, 60));
    options.seed = random_->next();
    TRY_ASSIGN(meter_, capture::LiveMeter::open(options, *host_, mine));
    TRY(sim_ledger_->refresh());
    rules_ = sim_ledger_->rules();
    fragments_.clear();
    target_ = {};
    loop_ = std::make_unique<MeteringLoop>(MeterName{name_, "capture", MeterRole::bill}, *meter_,
                                           sim_ledger_->tables(), target_, host_->clock(),
                                           Duration::milliseconds(random_->between(1, 100)));
    return {};
}

Status LiveRun::pull() {
    if (!is_running()) return {};
    TRY_ASSIGN([[maybe_unused]] const bool more, loop_->step());
    if (auto batch = target_.next()) TRY(on_batch(*std::move(batch)));
    return {};
}

Status LiveRun::make_batch() {
    // New tables are used only directly after a batch was made.
    const bool has_new_tables = random_->chance(80);
    if (has_new_tables) {
        TRY(sim_ledger_->refresh());
        target_.tables = sim_ledger_->tables();
    }
    target_.is_due = true;
    TRY(pull());
    target_.is_due = false;
    if (has_new_tables) rules_ = sim_ledger_->rules();
    if (!waiting_) return fail(ErrorCode::failed, "a batch that was due was not made");
    return {};
}

Status LiveRun::on_batch(Batch batch) {
    ExpectedLiveBatch made;
    made.batch = std::move(batch);
    TRY(sim_ledger_->stamp(made, rules_));
    made.sents = std::exchange(seen_, {});
    for (const Sent& sent : made.sents)
        add_packet(made.rows, sent, fragments_.service_of(sent), rules_);
    for (const std::string& name : interfaces_) {
        const std::string source = std::string(capture::interface_source_prefix) + name;
        const bool settled = std::ranges::any_of(
            made.batch.cursors, [&](const Cursor& c) { return c.source == source; });
        if (!settled) continue;
        LiveHost::Port& port = host_->port(name);
        made.stated[name] = {std::exchange(port.ring_lost, {}), std::exchange(port.lost_before, {}),
                             std::exchange(port.demand, {})};
    }
    made.on_stored = [this] {
        const ExpectedLiveBatch done = *std::exchange(waiting_, std::nullopt);
        target_.is_committed = true;
        return on_batch_stored(done);
    };
    waiting_ = std::move(made);
    target_.is_committed = false;
    return {};
}

Result<bool> LiveRun::commit() {
    if (!is_running()) return false;
    if (!waiting_) TRY(make_batch());
    const ExpectedBatch& expected = *waiting_;
    TRY_ASSIGN(const FaultyLedger::Committed outcome, sim_ledger_->commit(expected));
    if (outcome == FaultyLedger::Committed::conflict)
        return fail(ErrorCode::failed, "a conflict, although only this run drives the live meter");
    return outcome == FaultyLedger::Committed::crashed;
}

Status LiveRun::on_batch_stored(const ExpectedLiveBatch& done) {
    for (const Loss& loss : done.batch.losses) {
        if (loss.reason != LossReason::not_running) continue;
        Covered& covered = covered_[loss.source];
        covered.is_unbounded = covered.is_unbounded || !loss.packets || !loss.bytes_bound;
        covered.bound += {loss.bytes_bound.value_or(0), loss.packets.value_or(0)};
    }
    for (const auto& [name, stated] : done.stated) {
        sim_ledger_->auditor.counted_loss(name_, name, LossReason::kernel_drop, stated.ring);
        sim_ledger_->auditor.counted_loss(name_, name, LossReason::interface_drop, stated.before);
        const Covered covered = std::exchange(covered_[name], {});
        if (!std::exchange(host_->port(name).known, true) || covered.is_unbounded) continue;
        const Amount& missed = stated.demand;
        if (covered.bound.bytes >= missed.bytes && covered.bound.packets >= missed.packets)
            continue;
        return fail(ErrorCode::failed,
                    fmt::format("{} packets, {} octets of frames passed {} while meter {} did not "
                                "see them; losses cover {} packets, {} octets",
                                missed.packets, missed.bytes, name, name_, covered.bound.packets,
                                covered.bound.bytes));
    }
    return {};
}

void LiveRun::kill() {
    if (!is_running()) return;
    loop_.reset();
    meter_.reset();  // closes its sources
    covered_.clear();
    Seen gone = std::exchange(seen_, {});
    if (waiting_) {
        gone.insert(gone.end(), waiting_->sents.begin(), waiting_->sents.end());
        for (const auto& [name, stated] : waiting_->stated) {
            host_->port(name).unexplained += stated.ring;
            host_->port(name).unexplained += stated.demand;
        }
        waiting_.reset();
    }
    for (const Sent& sent : gone) host_->port(sent.interface).unexplained += {sent.frame, 1};
    for (const std::string& name : interfaces_) {
        LiveHost::Port& port = host_->port(name);
        port.unexplained += std::exchange(port.demand, {});
    }
}

}  // namespace octroi::sim
