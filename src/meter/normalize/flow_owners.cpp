// SPDX-License-Identifier: GPL-3.0-or-later
#include "meter/normalize/flow_owners.hpp"

namespace octroi::normalize {

void FlowOwners::start_generation(UtcTime now) {
    older_ = std::move(recent_);
    recent_ = Flows(0, older_.hash_function());
    generation_start_ = now;
}

// In both directions: our clock may have been set back since.
bool FlowOwners::is_valid(const Owner& owner, UtcTime now) const {
    const Duration age = now - owner.last;
    return age <= window_ && Duration{-age.ns} <= window_;
}

bool FlowOwners::belongs_to_other(const FlowIdentity& flow, const Address& exporter, UtcTime now) {
    // After a restore the table may hold owners of the present window, so no generation ends yet.
    if (generation_start_ == UtcTime::min()) generation_start_ = now;
    if (recent_.size() >= flows_max / 2) {
        ++evicted_;
        start_generation(now);
    } else if (generation_start_ + window_ < now) {
        start_generation(now);
    }
    const auto known = recent_.find(flow);
    if (known == recent_.end()) {
        Owner owner{exporter, now};
        const auto old = older_.find(flow);
        if (old != older_.end() && is_valid(old->second, now))
            owner.exporter = old->second.exporter;
        const bool is_other = owner.exporter != exporter;
        // Only records of the owner extend its ownership.
        if (is_other) owner.last = old->second.last;
        recent_.emplace(flow, owner);
        return is_other;
    }
    Owner& owner = known->second;
    if (owner.exporter != exporter && is_valid(owner, now)) return true;
    owner = {exporter, now};
    return false;
}

void FlowOwners::save(ByteWriter& out) const {
    out.be64(recent_.size() + older_.size());
    for (const Flows* flows : {&older_, &recent_}) {
        for (const auto& [identity, owner] : *flows) {
            normalize::save(out, identity);
            octroi::save(out, owner.exporter);
            out.be64(static_cast<std::uint64_t>(owner.last.ns));
        }
    }
}

bool FlowOwners::restore(ByteCursor& in) {
    std::uint64_t count = 0;
    if (!in.be64(count) || count > 2 * flows_max) return false;
    for (std::uint64_t i = 0; i < count; ++i) {
        FlowIdentity identity;
        Owner owner;
        std::uint64_t last = 0;
        if (!normalize::restore(in, identity) || !octroi::restore(in, owner.exporter) ||
            !in.be64(last))
            return false;
        owner.last.ns = static_cast<std::int64_t>(last);
        // A flow may be in both generations; the recent one comes later and replaces the older.
        older_.insert_or_assign(identity, owner);
    }
    return true;
}

}  // namespace octroi::normalize
