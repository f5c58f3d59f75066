// SPDX-License-Identifier: GPL-3.0-or-later
#include "meter/normalize/flow_owners.hpp"

namespace octroi::normalize {

void FlowOwners::turn(UtcTime now) {
    older_ = std::move(recent_);
    recent_ = Flows(0, older_.hash_function());
    turned_ = now;
}

// Our clock may have been set back meanwhile.
bool FlowOwners::is_fresh(const Claim& claim, UtcTime now) const {
    const Duration age = now - claim.last;
    return age <= window_ && Duration{-age.ns} <= window_;
}

bool FlowOwners::is_anothers(const FlowIdentity& flow, const Address& exporter, UtcTime now) {
    if (turned_ == UtcTime::min()) turned_ = now;  // what was restored may be of now
    if (recent_.size() >= flows_max / 2) {
        ++forgotten_;
        turn(now);
    } else if (turned_ + window_ < now) {
        turn(now);
    }
    const auto known = recent_.find(flow);
    if (known == recent_.end()) {
        Claim claim{exporter, now};
        const auto old = older_.find(flow);
        if (old != older_.end() && is_fresh(old->second, now))
            claim.exporter = old->second.exporter;
        const bool anothers = claim.exporter != exporter;
        if (anothers) claim.last = old->second.last;  // only its keeper keeps it
        recent_.emplace(flow, claim);
        return anothers;
    }
    Claim& claim = known->second;
    if (claim.exporter != exporter && is_fresh(claim, now)) return true;
    claim = {exporter, now};
    return false;
}

void FlowOwners::save(ByteWriter& out) const {
    out.be64(recent_.size() + older_.size());
    for (const Flows* flows : {&older_, &recent_}) {
        for (const auto& [identity, claim] : *flows) {
            normalize::save(out, identity);
            octroi::save(out, claim.exporter);
            out.be64(static_cast<std::uint64_t>(claim.last.ns));
        }
    }
}

bool FlowOwners::restore(ByteCursor& in) {
    std::uint64_t count = 0;
    if (!in.be64(count) || count > 2 * flows_max) return false;
    for (std::uint64_t i = 0; i < count; ++i) {
        FlowIdentity identity;
        Claim claim;
        std::uint64_t last = 0;
        if (!normalize::restore(in, identity) || !octroi::restore(in, claim.exporter) ||
            !in.be64(last))
            return false;
        claim.last.ns = static_cast<std::int64_t>(last);
        older_.insert_or_assign(identity, claim);
    }
    return true;
}

}  // namespace octroi::normalize
