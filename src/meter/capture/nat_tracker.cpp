// SPDX-License-Identifier: GPL-3.0-or-later
#include "meter/capture/nat_tracker.hpp"

namespace octroi::capture {

void NatTracker::open(CaptureHost& host) {
    auto source = host.connections();
    if (!source.has_value() || *source == nullptr) return;
    source_ = *std::move(source);
    table_.begin_listing();
    listing_ = true;
    const Duration now = host.clock().uptime();
    listed_at_ = now;
    // A table of a million connections takes about a second. The rest is read later.
    constexpr int reads_max = 4096;
    for (int i = 0; i < reads_max && listing_ && source_ != nullptr; ++i) read(now);
}

void NatTracker::on_message(void* tracker, ConnectionSource::Kind kind, ByteSpan message) {
    auto& self = *static_cast<NatTracker*>(tracker);
    conntrack::Connection connection;
    if (!conntrack::decode(message, connection)) return;
    if (kind == ConnectionSource::Kind::ended)
        self.table_.end(connection, self.reading_at_);
    else
        self.table_.add(connection);
}

void NatTracker::list(Duration uptime) {
    listed_at_ = uptime;
    table_.begin_listing();
    listing_ = source_->list().has_value();
}

void NatTracker::read(Duration uptime) {
    if (source_ == nullptr) return;
    reading_at_ = uptime;
    const auto complete = source_->read(&on_message, this);
    if (!complete.has_value()) {
        source_.reset();
        return;
    }
    if (listing_ && !source_->is_listing()) {
        table_.end_listing();
        listing_ = false;
    }
    if (!*complete) ++overruns_;
    if (!*complete || (!listing_ && uptime - listed_at_ >= listing_interval)) list(uptime);
    table_.sweep(uptime);
}

}  // namespace octroi::capture
