// SPDX-License-Identifier: GPL-3.0-or-later
#include "meter/leases/leases_meter.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "host/log_limit.hpp"
#include "host/pause.hpp"

namespace octroi::dhcp {
namespace {

constinit LimitedLog unreadable_leases("lease_file_unreadable");

}  // namespace

LeasesMeter::LeasesMeter(const LeasesMeterOptions& options, std::span<const Cursor> known,
                         const Clock& clock)
    : meter_(options.meter), poll_(options.poll), clock_(clock) {
    for (const std::string& path : options.files)
        files_.emplace_back(path, options.format, options.policy);
    reported_.resize(files_.size());
    at_ = files_.size();
    cursor_.source = leases_source;
    for (const Cursor& cursor : known)
        if (cursor.source == leases_source) cursor_ = cursor;
}

Result<Pull> LeasesMeter::pull(ReadingSink& sink, Duration wait) {
    const Duration now = clock_.uptime();
    if (at_ == files_.size()) {
        if (polled_ && now - *polled_ < poll_) {
            pause_for(std::min(wait, poll_ - (now - *polled_)));
            return Pull::idle;
        }
        polled_ = now;
        at_ = 0;
    }
    while (at_ < files_.size() && clock_.uptime() - now <= wait) {
        if (files_[at_].step(clock_.now(), sink)) return Pull::more;
        report(files_[at_], reported_[at_]);
        ++at_;
    }
    return at_ < files_.size() ? Pull::more : Pull::idle;
}

void LeasesMeter::report(const LeaseFile& file, std::string& reported) const {
    if (file.problem() == reported) return;
    reported = file.problem();
    if (!reported.empty())
        unreadable_leases.warning([&] {
            return fmt::format("meter {}: {}. The file is tried again every {}", meter_, reported,
                               to_string(poll_));
        });
}

Result<Checkpoint> LeasesMeter::checkpoint(ReadingSink& /*sink*/) {
    std::size_t known = 0;
    for (const LeaseFile& file : files_) known += file.known();
    ++cursor_.version;
    cursor_.position = "1";  // of the form of the cursor, which has no position
    cursor_.note = fmt::format("{} leases", known);
    Checkpoint made;
    made.cursors.push_back(cursor_);
    return made;
}

std::vector<CounterValue> LeasesMeter::counters() const {
    std::array<std::uint64_t, lease_counters.size()> values{};
    for (const LeaseFile& file : files_) {
        values[0] += file.problem().empty() ? 0 : 1;
        values[1] += file.known();
        values[2] += file.decoded().records;
        values[3] += file.decoded().bad;
        values[4] += file.counts().events;
        values[5] += file.counts().without_mac;
        values[6] += file.counts().outside;
        values[7] += file.counts().refused;
    }
    std::vector<CounterValue> all;
    for (std::size_t i = 0; i < values.size(); ++i)
        all.push_back({lease_counters.at(i).name, values.at(i)});
    return all;
}

}  // namespace octroi::dhcp
