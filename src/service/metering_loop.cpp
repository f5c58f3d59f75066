// SPDX-License-Identifier: GPL-3.0-or-later
#include "service/metering_loop.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "host/log.hpp"

namespace octroi {
bool is_transient(const Error& error) {
    return error.code == ErrorCode::no_space || error.code == ErrorCode::busy;
}

void log_committed(const Batch& batch) {
    if (!is_logged(LogLevel::debug)) return;
    log_debug(fmt::format("meter {}: batch committed: {} transfers, {} losses, {} bytes",
                          batch.meter.name, batch.transfers.size(), batch.losses.size(),
                          batch.observed.bytes.value()));
}

MeteringLoop::MeteringLoop(MeterName name, Meter& meter, const AttributionTables& tables,
                           BatchTarget& target, const Clock& clock, Duration pull_wait)
    : metering_(std::move(name), meter, tables, clock),
      target_(target),
      clock_(clock),
      pull_wait_(pull_wait),
      last_batch_(clock.uptime()) {}

Status MeteringLoop::run() {
    Status read;
    for (bool more = true; more && read;) {
        const Result<bool> stepped = step();
        more = stepped.value_or(false);
        if (!stepped) read = std::unexpected(stepped.error());
    }
    if (target_has_failed_) return read;
    const Status last = finish();
    return read ? last : read;
}

Result<bool> MeteringLoop::step() {
    TRY_ASSIGN(const Pull pull, metering_.pull(pull_wait_));
    if (pull == Pull::end) return false;
    note_committed();
    if (auto sessions = target_.new_sessions()) metering_.use_sessions(*std::move(sessions));
    // While the last batch is not committed the meter goes on reading, as far as memory permits.
    if (is_due(pull) && (target_.is_ready() || metering_.overfull())) TRY(hand_over(Which::next));
    return target_.go_on();
}

bool MeteringLoop::is_due(Pull pull) const {
    if (pull == Pull::checkpoint) return true;
    const Duration waited = clock_.uptime() - last_batch_;
    if (!problem_.empty() && waited < retry_interval) return false;
    if (metering_.full() || target_.has_new_tables()) return true;
    const auto interval = target_.commit_interval();
    if (!interval) return false;
    return waited >= (metering_.has_identities() ? std::min(*interval, identity_delay) : *interval);
}

void MeteringLoop::note_committed() {
    if (!uncommitted_ || !target_.is_ready()) return;
    uncommitted_ = false;
    metering_.committed();
}

Status MeteringLoop::hand_over(Which which) {
    last_batch_ = clock_.uptime();
    if (which == Which::last) metering_.on_stop();
    auto batch = metering_.make_batch();
    if (!batch && which == Which::next && is_transient(batch.error())) {
        // The next batch will hold everything: the meter need not end.
        if (problem_ != batch.error().text)
            log_warning(fmt::format("meter {}: {}. Metering goes on; the next attempt follows",
                                    metering_.name().name, batch.error().text));
        problem_ = batch.error().text;
        return {};
    }
    if (!batch) return std::unexpected(batch.error());
    problem_.clear();
    const Status put = target_.put(*std::move(batch));
    if (!put) {
        target_has_failed_ = true;
        return put;
    }
    uncommitted_ = true;
    if (const auto tables = target_.new_tables()) metering_.replace(*tables);
    return {};
}

}  // namespace octroi
